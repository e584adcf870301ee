"""Waits between tries, and what the operator is told when a password is refused."""

import pytest

from agent.intake.imap.backoff import Backoff
from agent.intake.imap.hints import ANYWHERE, login_hint, providers
from agent.intake.imap.trouble import ImapTrouble, LoginRefused, Mistake, Worry, said


def test_a_broken_line_is_tried_soon_then_every_five_minutes() -> None:
    backoff = Backoff()
    waits = [backoff.seconds(ImapTrouble("gone"), 1.0) for _ in range(2000)]
    assert waits[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert waits[-1] == 300
    backoff.healthy()
    assert backoff.seconds(OSError(), 0.0) == 0.5  # jitter takes up to half


def test_a_refused_password_is_tried_hardly_ever() -> None:
    # hazard B8
    backoff = Backoff()
    waits = [backoff.seconds(LoginRefused("no"), 0.0) for _ in range(5)]
    assert waits == [60, 300, 1800, 3600, 3600]
    tries = [sum(waits[:n]) for n in range(5)]
    assert sum(when < 3600 for when in tries) == 4


def test_a_broken_line_between_does_not_shorten_it() -> None:
    # hazard B8
    backoff = Backoff()
    troubles = [LoginRefused("no"), ImapTrouble("gone"), LoginRefused("no")]
    assert [backoff.seconds(trouble, 1.0) for trouble in troubles] == [60, 1, 300]


def test_a_missing_folder_is_tried_every_five_minutes() -> None:
    # hazard B11
    backoff = Backoff()
    assert [backoff.seconds(Mistake(Worry.FOLDER, "none"), 0.5) for _ in range(3)] == [60, 300, 300]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("imap.gmail.com", "app password"),
        ("outlook.office365.com", "OAuth"),
        ("imap.qq.com", "授权码"),
        ("imap.exmail.qq.com", "客户端专用密码"),
        ("imap.163.com.", "授权码"),
        ("imap.qiye.163.com", "授权密码"),
        ("IMAP.YANDEX.RU", "пароли приложений"),
        ("imap.mail.ru", "внешних приложений"),
        ("imap.mail.yahoo.com", "Yahoo"),
        ("imap.mail.me.com", "app-specific"),
        ("imap.zoho.eu", "Zoho"),
        ("mail.shop.example", ANYWHERE),
        ("notgmail.com", ANYWHERE),
    ],
)
def test_each_provider_has_its_own_hint(host: str, words: str) -> None:
    assert words in login_hint(host)


def test_no_ending_is_claimed_twice() -> None:
    endings = [end for entry in providers() for end in entry.hosts]
    assert len(endings) == len(set(endings))


def test_server_words_carry_no_address_and_no_control_characters() -> None:
    assert said(b"Invalid login for bob@shop.example\x1b[31m" + b"x" * 500).startswith("Invalid login for ***")
    assert said("a\r\nb") == "a  b"
