"""Single keys are changed, everything else stays: comments, order, keys nobody knows; or nothing is changed at all."""

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from agent.config import example
from agent.setup.edit import Change, EditError, difference, edited

HAND_MADE = """\
# our configuration
[identity]
company = "Old Ltd"  # since 1990
domains = ["a.example"]

[future]
key = [1,
  2]

[[imap]]
name = "one"
password = "geheim"

[[imap]]
name = "two"
"""


def change(section: str, key: str, value: str | int | tuple[str, ...] | None) -> Change:
    return Change(section=section, key=key, value=value)


def test_only_what_is_named_changes() -> None:
    new = edited(HAND_MADE, [
        change("identity", "company", "New Ltd"), change("imap", "host", "h.example"), change("imap", "password", None),
        change("relay", "port", 465), change("identity", "domains", ("a.example",)),
    ])  # fmt: skip
    assert new == (
        HAND_MADE.replace('"Old Ltd"  # since', '"New Ltd"  # since').replace(
            'password = "geheim"', 'host = "h.example"'
        )
        + "\n[relay]\nport = 465\n"
    )


def test_the_same_again_changes_nothing() -> None:
    wanted = [
        change("identity", "company", "New Ltd"),
        change("imap", "port", 993),
        change("relay", "host", "r.example"),
    ]
    once = edited(HAND_MADE, wanted)
    assert edited(once, wanted) == once


def test_a_default_that_stands_commented_is_set_in_its_place() -> None:
    new = edited(example(), [change("relay", "host", "smtp.shop.example"), change("digest", "to", "me@shop.example")])
    assert 'host = "smtp.shop.example"  # empty: letters are written but wait' in new.splitlines()
    assert len(new.splitlines()) == len(example().splitlines())


@pytest.mark.parametrize(
    "text",
    ['identity.company = "x"\n', '[identity]\ncompany = """\nx"""\n', 'identity = { company = "x" }\n', "imap = 3\n"],
    ids=["dotted", "several lines", "inline", "no section"],
)
def test_what_cannot_be_changed_line_by_line_is_left_alone(text: str) -> None:
    with pytest.raises(EditError):
        edited(text, [change("identity", "company", "New Ltd"), change("imap", "host", "h.example")])


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40))
def test_whatever_is_typed_is_what_is_read(typed: str) -> None:
    new = edited(HAND_MADE, [change("identity", "company", typed), change("identity", "contact", typed)])
    identity = tomli.loads(new)["identity"]
    assert (identity["company"], identity["contact"]) == (typed, typed)
    assert tomli.loads(new)["future"] == {"key": [1, 2]}


def test_the_difference_shows_no_password() -> None:
    # hazard J3
    shown = "\n".join(difference(HAND_MADE, edited(HAND_MADE, [change("imap", "name", "three")])))
    assert '-name = "one"' in shown
    assert '+name = "three"' in shown
    assert "geheim" not in shown
