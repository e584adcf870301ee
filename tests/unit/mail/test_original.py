"""The returned mail: its headers and their exact bytes, from its own part or pasted into the text."""

import pytest

from tests.unit.mail.build import RETURNED, plain, read, report

HEAD = RETURNED.partition("\n\n")[0]


def test_the_header_block_keeps_its_bytes() -> None:
    returned = "DKIM-Signature:v=1;  d=exporter.example\r\n\tb=abc\r\nFrom:  us\r\nSubject:x"
    raw = report("message/delivery-status", "Reporting-MTA: x\n", "@").replace(b"\n", b"\r\n")
    mail = read(raw.replace(b"@\r\n--edge", returned.encode() + b"\r\n\r\nbody\r\n--edge"))
    assert mail.original_raw == returned.encode() + b"\r\n"


@pytest.mark.parametrize(
    "line",
    [
        "------ This is a copy of the message, including all the headers. ------",
        "--- Below this line is a copy of the message.",
        "   ----- Original message follows -----",
        "--- The header of the original message is following. ---",
        "----- Original message header follows -----",
        "-----Ursprung-----\nUndelivered message follows:",
        "Message header follows:",
        "   ----- Unsent message follows -----",
    ],
)
def test_an_original_pasted_below(line: str) -> None:
    mail = read(plain(f"This address failed.\n\n{line}\n\n{RETURNED}"))
    assert mail.original is not None
    assert mail.original.first("Message-ID") == "<1@exporter.example>"
    assert mail.original_raw == HEAD.encode() + b"\n"


def test_what_is_announced_below_the_last_trace_field_is_no_original() -> None:
    mail = read(plain(f"{RETURNED}\n\nThis is a copy of your message:\n\nFrom: us@exporter.example\nTo: a@b.example\n"))
    assert mail.original is None


def test_a_reply_with_its_quote_has_no_original() -> None:
    quoted = (
        "Thanks\n\n-----Original Message-----\nFrom: us@exporter.example\nSent: Monday\nTo: Ana\nSubject: Offer\n\nHi"
    )
    assert read(plain(quoted)).original is None


def test_an_encoded_original() -> None:
    body = "TWVzc2FnZS1JRDogPDFAZXhwb3J0ZXIuZXhhbXBsZT4KCmhp"
    mail = read(report("message/delivery-status", "X: y\n", body, "message/rfc822\nContent-Transfer-Encoding: base64"))
    assert mail.original_raw == b"Message-ID: <1@exporter.example>\n"


def test_a_removed_original_is_none() -> None:
    mail = read(report("message/delivery-status", "X: y\n", "Message removed"))
    assert mail.original is None
    assert mail.original_raw == b""
