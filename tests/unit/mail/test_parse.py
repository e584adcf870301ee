"""Whole mails: any bytes give a value, headers alone give what they can, and the content key is stable."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.mail.content_key import content_key
from agent.mail.front import read_front
from agent.mail.parse import parse
from agent.mail.quotes import NO_MARKERS
from agent.model.mail import Headers, ParsedMail, Role
from tests.unit.mail.build import DSN_FIELDS, LIMITS, MARKERS, RETURNED, U, html, plain, raw_message, read, report

HEAD = b"From: a@x.example\nSubject: hi\n"
SAMPLES = (
    plain("Please remove me.\n\nOn Mon, 2 Mar 2026 at 09:00, Us <n@exporter.example> wrote:\n> STOP\n"),
    html("<p>Thanks</p><blockquote>STOP</blockquote>"),
    report("message/delivery-status", DSN_FIELDS, RETURNED),
    report("message/feedback-report", "Feedback-Type: abuse\n", RETURNED, "text/rfc822-headers"),
    plain("退订", "Subject: =?gb2312?B?zcu2qQ==?=", charset="gb18030"),
)
HOSTILE = {
    "nested multiparts": HEAD
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000)),
    "nested mails": HEAD + b"Content-Type: message/rfc822\n\n" * 1000,
    "100,000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 100_000,
    "1 MB To": HEAD + b"To: " + b"a@x.example, " * 80_000 + b"\n\nhi",
    "16,000 parameters": HEAD + b"Content-Type: text/plain" + b"; a=b" * 12_000 + b"\n\nhi",
    "100,000 headers": HEAD + b"X: y\n" * 100_000 + b"\nhi",
    "comments": b"From: " + b"(" * 20_000 + b"\n\nhi",
    "brackets": b"Message-ID: " + b"<" * 20_000 + b"\nFrom: " + b"<" * 20_000 + b"\n\nhi",
    "quotes": b"From: " + b'"\\' * 20_000 + b"\n\nhi",
    "NUL in the charset": HEAD + b'Content-Type: text/plain; charset="x-no\0pe"\n\n\xff',
    "no text encoding": HEAD + b"Content-Type: text/plain; charset=rot13\n\nhi",
    "5 MB of base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QUJD!" * 1_000_000,
    "bad base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"=" * 100_000,
    "bad quoted-printable": HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=\n=" * 100_000,
    "encoded words": b"Subject: " + b"=?a?b?" * 9_000 + b"\n\n",
    "blank run": HEAD + b"\n" + b" " * 1_000_000 + b"\n",
    "uuencode": HEAD + b"\nbegin 644 a.exe\nM" + b"x" * 10_000 + b"\nend\n",
    "tnef": HEAD + b"Content-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\neJ8+Ig==\n",
    "encrypted": HEAD + b"Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nMIIB\n",
    "only NUL": b"\0" * 10_000,
    "only colons": b":" * 100_000,
    "nothing": b"",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_mail_is_a_value(raw: bytes) -> None:
    """hazard C1, hazard C3, hazard C5, hazard C7, hazard C9, hazard C11, hazard C13, hazard C15"""
    mail = read(raw)
    assert isinstance(mail, ParsedMail)
    assert len(mail.text) <= LIMITS.text_chars
    assert len(mail.own_text) <= LIMITS.text_chars


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        ("nested multiparts", "parts-too-deep"),
        ("100,000 parts", "too-many-parts"),
        ("1 MB To", "header-block-too-large"),
        ("100,000 headers", "too-many-header-lines"),
        ("blank run", "blank-run"),
        ("nothing", "no-headers"),
    ],
)
def test_defects_have_names(name: str, defect: str) -> None:
    assert defect in read(HOSTILE[name]).defects


def test_a_mail_over_the_limits_is_readable_by_its_headers() -> None:
    mail = read(HOSTILE["100,000 headers"])
    assert (str(mail.sender), mail.subject, mail.text) == ("a@x.example", "hi", "")


def test_a_large_mail_is_read_at_its_beginning() -> None:
    mail = read(HEAD + b"\nplease stop\n" + b"x" * LIMITS.message_bytes)
    assert mail.defects == ("message-too-large",)
    assert mail.text.startswith("please stop")


@given(st.binary(max_size=400))
def test_any_bytes_are_a_value(raw: bytes) -> None:
    assert isinstance(parse(raw_message(raw), LIMITS), ParsedMail)


def mutations(raw: bytes) -> st.SearchStrategy[bytes]:
    cut = st.tuples(st.integers(0, len(raw)), st.integers(0, 40), st.binary(max_size=12))
    return st.lists(cut, max_size=6).map(lambda cuts: _mutated(raw, cuts))


def _mutated(raw: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, put in cuts:
        raw = raw[:at] + put + raw[at + length :]
    return raw


@settings(max_examples=200)
@given(st.sampled_from(SAMPLES).flatmap(mutations))
def test_mutated_mails_are_values(raw: bytes) -> None:
    mail = parse(raw_message(raw), LIMITS, MARKERS)
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for _, value in mail.headers.fields for c in value)


def endings() -> Iterator[bytes]:
    yield from (b"\n", b"\r\n", b"\r")


@pytest.mark.parametrize("end", list(endings()))
@pytest.mark.parametrize("raw", SAMPLES)
def test_the_three_line_endings_read_alike(raw: bytes, end: bytes) -> None:
    expected, found = read(raw), read(raw.replace(b"\n", end))
    assert found.headers == expected.headers
    assert (found.text, found.own_text) == (expected.text, expected.own_text)
    assert (found.dsn, found.arf, found.original) == (expected.dsn, expected.arf, expected.original)
    assert found.content_key == expected.content_key


def test_the_front_says_what_the_headers_say() -> None:
    raw = plain("Bitte abmelden.", f"Cc: {U}@u.exporter.example", "Auto-Submitted: auto-replied")
    message = raw_message(raw, envelope_from="ana@buyer.example", envelope_to=(f"{U}@u.exporter.example",))
    front, whole = read_front(message, LIMITS), parse(message, LIMITS, MARKERS)
    for name in (
        "headers",
        "subject",
        "sender",
        "to",
        "return_path",
        "tokens",
        "automatic",
        "content_type",
        "content_key",
    ):
        assert getattr(front, name) == getattr(whole, name), name
    assert (front.text, whole.own_text) == ("", "Bitte abmelden.")


def test_recipients_come_from_envelope_and_headers() -> None:
    mail = read(plain("x", "Cc: b@x.example", "Delivered-To: c@x.example"), envelope_to=("d@x.example",))
    assert [str(key) for key in mail.to] == ["d@x.example", "sales@exporter.example", "b@x.example", "c@x.example"]


def test_attachments_are_no_text() -> None:
    raw = (
        HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Disposition: attachment\n\n"
        b"STOP\n--b\nContent-Type: text/plain\n\nlist footer\n--b--\n"
    )
    mail = read(raw)
    assert mail.text == "hello\n\nlist footer"
    assert mail.own_text == "hello"


def test_the_content_key() -> None:
    headers = Headers(fields=(("Received", "a"), ("From", "a@x.example"), ("Date", "now"), ("Subject", "s")))
    moved = Headers(fields=(("Received", "b"), ("X-New", "1"), *headers.fields[1:]))
    key = content_key(Role.REPLY, headers, b"body\n")
    assert key == content_key(Role.REPLY, moved, b"body\r\n\r\n")
    assert len(key) == 64
    other = Headers(fields=(*headers.fields[:-1], ("Subject", "t")))
    changed = (
        content_key(Role.UNSUBSCRIBE, headers, b"body\n"),
        content_key(None, headers, b"body\n"),
        content_key(Role.REPLY, other, b"body\n"),
        content_key(Role.REPLY, headers, b"other\n"),
    )
    assert key not in changed
    assert len(set(changed)) == 4


def test_markers_have_a_default() -> None:
    raw = plain("Thanks\n\n> STOP\n")
    assert parse(raw_message(raw), LIMITS) == parse(raw_message(raw), LIMITS, NO_MARKERS)
