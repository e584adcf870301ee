"""The header block: bounded, tolerant of folding and 8-bit, decoded without letting controls through."""

import subprocess
import sys

import pytest

from agent.mail.headers import read_block, read_headers
from agent.model.settings import Limits

LIMITS = Limits()


def test_fields_keep_their_order_and_spelling() -> None:
    headers = read_headers(b"X-b: 1\r\nx-A: 2\r\nX-B: 3\r\n\r\nbody", LIMITS)
    assert headers.fields == (("X-b", "1"), ("x-A", "2"), ("X-B", "3"))
    assert headers.all("x-b") == ("1", "3")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_block_and_body_are_exact_slices(end: bytes) -> None:
    raw = end.join((b"A: 1", b" folded", b"B:2", b"", b"body", b""))
    block = read_block(raw, LIMITS)
    assert block.raw == end.join((b"A: 1", b" folded", b"B:2", b""))
    assert raw[block.body_at :] == b"body" + end
    assert block.headers.fields == (("A", "1 folded"), ("B", "2"))


def test_odd_folding_is_read() -> None:
    """hazard C5: an empty folded line, a vertical tab, a blank before the colon."""
    headers = read_headers(b"Subject: a\n \n\tb\x0bc\nX-Y : 1\n\n", LIMITS)
    assert headers.fields == (("Subject", "a  b c"), ("X-Y", "1"))


def test_blanks_and_tabs_around_values_go() -> None:
    headers = read_headers(b"A:\t one \t two \t\nB \t: three  \nC:\n\n", LIMITS)
    assert headers.fields == (("A", "one   two"), ("B", "three"), ("C", ""))


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("cp1252"), "Grüße"),
        (b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?iso-8859-1?q?a_b?= =?iso-8859-1?q?c?=", "a bc"),
        (b"=?utf-8?B?4oKs?= and =?utf-8?B?4oKs?=", "€ and €"),
        (b"=?gb2312?B?zcu2qQ==?=", "退订"),
        (b"=?GB2312?B?ks0=?=", "捦"),  # GBK letters under the name of the smaller set
        (b"=?windows-1251?B?7vLv6PHg8vzx/w==?=", "отписаться"),
        (b"=?utf-8?B?6YA=?= =?utf-8?B?gOiuog==?=", "退订"),  # a letter split between two words
        (b"=?utf-8*en?Q?hi?=", "hi"),
        (b"=?x-none?Q?a=FFb?=", "aÿb"),
        (b"=?utf-8?Q?no end", "=?utf-8?Q?no end"),
    ],
)
def test_values_are_decoded(raw: bytes, value: str) -> None:
    assert read_headers(b"Subject: " + raw + b"\n\n", LIMITS).first("Subject") == value


def test_raw_eight_bit_takes_the_charset_of_the_body() -> None:
    raw = b"Subject: " + "退订".encode("gb18030") + b"\nContent-Type: text/plain; charset=gb2312\n\n"
    assert read_headers(raw, LIMITS).first("Subject") == "退订"


def test_a_bare_carriage_return_opens_no_field() -> None:
    headers = read_headers(b"X: y\rFrom: victim@bank.example\r\nTo: a@b.example\r\n\r\n", LIMITS)
    assert headers.all("From") == ()


def test_the_wire_value_stays_undecoded() -> None:
    """hazard C7: an encoded comma is no comma."""
    block = read_block(b"From: =?utf-8?Q?a=40x.example=2C?= <b@y.example>\n\n", LIMITS)
    assert block.headers.first("From") == "a@x.example, <b@y.example>"
    assert block.wire.first("From") == "=?utf-8?Q?a=40x.example=2C?= <b@y.example>"


def test_too_large_a_block_is_read_as_far_as_allowed() -> None:
    block = read_block(b"From: a@b.example\nX: " + b"y" * 80_000 + b"\n\nbody", LIMITS)
    assert block.defects == ("header-block-too-large",)
    assert block.headers.first("From") == "a@b.example"


def test_too_many_lines_are_read_as_far_as_allowed() -> None:
    block = read_block(b"X: y\n" * 600 + b"\nbody", LIMITS)
    assert block.defects == ("too-many-header-lines",)
    assert len(block.headers.fields) == LIMITS.header_lines


def test_a_missing_empty_line_ends_the_block() -> None:
    block = read_block(b"A: 1\n  more\nhello there\nB: 2\n\n", LIMITS)
    assert block.defects == ("header-separator-missing",)
    assert block.body_at == len(b"A: 1\n  more\n")


def test_a_tab_makes_no_envelope_line() -> None:
    block = read_block(b"A: 1\nFrom\tb@c.example\nB: 2\n\nbody", LIMITS)
    assert block.headers.fields == (("A", "1"),)
    assert (block.defects, block.body_at) == (("header-separator-missing",), len(b"A: 1\n"))


def test_text_alone_has_no_headers() -> None:
    block = read_block(b"hello\nthere\n", LIMITS)
    assert block.headers.fields == ()
    assert block.body_at == 0
    assert "no-headers" in block.defects


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"From x Mon Mar 2 2026\n", b">From x\r\n", b"\r\n\n"])
def test_what_may_stand_before_the_fields(start: bytes) -> None:
    """hazard C10: the mbox line of an imported file."""
    assert read_headers(start + b"A: 1\n\n", LIMITS).fields == (("A", "1"),)


def test_the_daemon_loads_no_heavy_library() -> None:
    code = "import sys, agent.mail.front; print([m for m in ('selectolax', 'cchardet', 'tomli') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
