"""A cell runs nothing in a spreadsheet, and what leaves and comes back is the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.lists.cells import address_in, meant, shown


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_what_would_be_a_formula_is_text(begin: str) -> None:
    assert shown(f"{begin}cmd|' /C calc'!A0") == f"'{begin}cmd|' /C calc'!A0"


def test_everything_else_stays_as_it_is() -> None:
    assert shown("anna@b.example") == "anna@b.example"
    assert shown("'quoted'") == "'quoted'"


@given(st.text(alphabet="'=+-@\tab", max_size=6))
def test_what_is_shown_is_meant(text: str) -> None:
    assert meant(shown(text)) == text
    assert not shown(text).startswith(("=", "+", "-", "@", "\t"))


def test_an_address_that_looks_like_a_formula_comes_back() -> None:
    assert str(address_in(shown("+tag@b.example"))) == "+tag@b.example"
