"""Status codes in text, and the numbers that are none."""

import pytest

from agent.mail.status import find_reply_code, find_status, find_statuses


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 User unknown", "5.1.1"),
        ("550-5.1.1 The account", "5.1.1"),
        ("#5.7.1 smtp;", "5.7.1"),
        ("(5.2.2)", "5.2.2"),
        ("Status: 5.0.0 then 550 5.1.1 gone", "5.1.1"),
        ("5.0.0", "5.0.0"),
        ("4.4.7 expired", "4.4.7"),
        ("5.7.606 Access denied", "5.7.606"),
        ("5.01.001", "5.1.1"),
        ("mx 5.1.1.9 and 192.5.1.1", ""),
        ("version 15.1.1", ""),
        ("1.5.1.1", ""),
        ("5.1.1-3", ""),
        ("3.1.1", ""),
    ],
)
def test_enhanced_codes(text: str, status: str) -> None:
    assert find_status(text) == status


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("550 User unknown", "550"),
        ("550-5.1.1 x", "550"),
        ("smtp; 452 try later", "452"),
        ("said: 554 no", "554"),
        ("error (421)", "421"),
        ("192.0.2.550", ""),
        ("port 5500", ""),
        ("id 550e8400", ""),
        ("580 x", ""),
        ("#550", ""),
    ],
)
def test_reply_codes(text: str, code: str) -> None:
    assert find_reply_code(text) == code


def test_all_of_them() -> None:
    assert find_statuses("5.1.1 5.2.2") == ("5.1.1", "5.2.2")
