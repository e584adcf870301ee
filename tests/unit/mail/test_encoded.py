"""Encoded words and base64, broken as they come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.encoded import decode_base64, decode_words


def test_encoded_controls_are_taken_out() -> None:
    """hazard C4, hazard G8: an encoded CR LF must never come back as a line end."""
    value = decode_words("=?utf-8?Q?Hi=0D=0ABcc:_x=40y.example=00=C2=85?=")
    assert value == "Hi Bcc: x@y.example"


@pytest.mark.parametrize(
    ("data", "decoded"),
    [(b"aGk=", b"hi"), (b"aGk", b"hi"), (b"a*G-k=", b"hi"), (b"aGkaa", b"hi\x1a"), (b"=", b""), (b"a", b"")],
)
def test_base64_is_mended(data: bytes, decoded: bytes) -> None:
    """hazard C13"""
    assert decode_base64(data) == decoded


@given(st.text(alphabet="=?utf-8QBqb_ \t\r\n\0é€" + "gb2312", max_size=120))
def test_decoding_words_never_fails_and_never_breaks_a_line(value: str) -> None:
    decoded = decode_words(value)
    assert "=?" not in value or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in decoded)
