"""The token id of a letter."""

import re

from hypothesis import given
from hypothesis import strategies as st

from agent.model.letter_id import letter_token_id


def test_known_value() -> None:
    """The first 64 bits of the empty text's SHA-256, e3b0c44298fc1c14, in base32 (RFC 4648 section 6)."""
    assert letter_token_id("") == "4oymiquy7qobi"


@given(st.text())
def test_shape(key: str) -> None:
    assert re.fullmatch(r"[a-z2-7]{13}", letter_token_id(key))
