"""The page of evidence: whatever a value holds, it stays a value."""

import string

from hypothesis import given
from hypothesis import strategies as st

from agent.render.page import Part, page

BARE = page("T", "L", (Part(title="P", rows=(("n", "v"),)),))


@given(st.text(alphabet=string.printable + "{}<>&\"'é", min_size=1))
def test_no_value_brings_markup_or_a_placeholder(text: str) -> None:
    made = page(text, text, (Part(title=text, rows=((text, text),)),))
    assert made.count("<") == BARE.count("<")


def test_an_empty_value_takes_no_row() -> None:
    assert "gone" not in page("T", "L", (Part(title="P", rows=(("gone", ""),)),))


def test_values_are_escaped_once() -> None:
    assert "<h2>a &amp; &lt;b&gt;</h2>" in page("T", "L", (Part(title="a & <b>", rows=()),))
