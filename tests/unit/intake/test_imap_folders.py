"""Folder names: what is sent is what was meant, and a server's list is read in every form it may take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intake.imap.folders import Folder, decode, encode, quote, read_list, same, wire


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("INBOX", "INBOX"),
        ("My Folder", "My Folder"),
        ("Tom & Jerry", "Tom &- Jerry"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),  # RFC 3501 section 5.1.3
        ("Входящие", "&BBIERQQ+BDQETwRJBDgENQ-"),
        ("😀", "&2D3eAA-"),
    ],
)
def test_modified_utf7(name: str, encoded: str) -> None:
    # hazard B12
    assert encode(name) == encoded
    assert decode(encoded) == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_name_comes_back(name: str) -> None:
    # hazard B12
    assert decode(encode(name)) == name
    assert encode(name).isascii()


@pytest.mark.parametrize("broken", ["&", "&!!!-", "&A-", "&2D0-", "a&BBI"])
def test_what_is_no_utf7_stays(broken: str) -> None:
    assert decode(broken) == broken


def test_quotes_and_backslashes_are_escaped() -> None:
    # hazard B12
    assert quote(r'a "b" \c') == r'"a \"b\" \\c"'
    assert wire('Täst "x"') == r'"T&AOQ-st \"x\""'


@pytest.mark.parametrize("name", ["a\r\nb", "a\nb", "a\rb", "a\0b"])
def test_no_name_ends_the_line(name: str) -> None:
    # hazard B12: the encoding would hide the line break, so it is refused before
    with pytest.raises(ValueError, match="cannot be sent"):
        wire(name)


def test_list_in_every_form() -> None:
    responses: tuple[tuple[bytes, ...], ...] = (
        (rb'LIST (\HasNoChildren) "/" "My \"Folder\""',),
        (b"list () NIL INBOX",),
        (rb'LIST (\Noselect \HasChildren) "\\" Archive',),
        (b'LIST () "." {5}', b"a b&-", b""),
        (b"4 EXISTS",),
        (b"LIST nonsense",),
    )
    assert read_list(responses) == (
        Folder(name='My "Folder"', selectable=True),
        Folder(name="INBOX", selectable=True),
        Folder(name="Archive", selectable=False),
        Folder(name="a b&", selectable=True),
    )


def test_only_inbox_is_blind_to_case() -> None:
    assert same("inbox", "INBOX")
    assert not same("Junk", "junk")
