"""Address fields: one sender or none, and no reading that another program would read differently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.mail.addresses import MAX_MAILBOXES, addresses_of, single_sender, split_mailboxes
from agent.model.address import parse_address
from tests.unit.mail.build import read


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("ana@buyer.example", "ana@buyer.example"),
        ("Ana <ana@buyer.example>", "ana@buyer.example"),
        ('"Buyer, Ana" <ana@buyer.example>', "ana@buyer.example"),
        ('"boss@bank.example" <ana@buyer.example>', "ana@buyer.example"),
        ("ana@buyer.example <ana@buyer.example>", "ana@buyer.example"),
        ("ana@buyer.example (Ana (of Buyer), Ltd)", "ana@buyer.example"),
        ("安娜 <ana@buyer.example>", "ana@buyer.example"),
        ("<ANA@Buyer.Example>", "ana@buyer.example"),
        ("ana@bücher.example", "ana@xn--bcher-kva.example"),
    ],
)
def test_one_sender(value: str, address: str) -> None:
    assert str(single_sender((value,))) == address


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Ana",
        "a@x.example, b@y.example",
        "friends: a@x.example, b@y.example;",
        "undisclosed-recipients:;",
        "boss@bank.example <ana@buyer.example>",
        "a@x.example <b@y.example> <c@z.example>",
        "<a@x.example",
        '"open <a@x.example>',
        "a@x.example>",
        "a@b@c.example <",
        "(a@x.example",
        "a b@x.example",
        "a@x.example\u202e",
        "a\0@x.example",
        "=?utf-8?Q?a=40x.example?=",
    ],
)
def test_no_sender(value: str) -> None:
    """hazard C6, hazard C7, hazard C9"""
    assert single_sender((value,)) is None


def test_several_from_fields_are_no_sender() -> None:
    """hazard C6"""
    assert single_sender(("a@x.example", "a@x.example")) is None
    assert read(b"From: a@x.example\nFrom: b@x.example\n\nhi").sender is None


def test_dots_plus_and_dash_stay() -> None:
    """hazard C8"""
    assert str(single_sender(("A.na+News-x@buyer.example",))) == "a.na+news-x@buyer.example"


def test_recipients_are_collected_once() -> None:
    found = addresses_of(("b@x.example, A <a@x.example>", "a@X.example", "nobody", "group: c@x.example;"))
    assert [str(key) for key in found] == ["b@x.example", "a@x.example"]


def test_recipients_are_bounded() -> None:
    assert len(addresses_of((", ".join(f"a{n}@x.example" for n in range(500)),))) == MAX_MAILBOXES


@given(st.text(alphabet='ab@.<>(),:;"\\ é', max_size=60))
def test_splitting_never_fails(value: str) -> None:
    assert split_mailboxes(value) is None or isinstance(split_mailboxes(value), tuple)
    assert addresses_of((value,)) is not None


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('"Max Mustermann@Sales"@Buyer.example', '"max mustermann@sales"@buyer.example'),
        ('"a\\"b\\\\c"@buyer.example', '"a\\"b\\\\c"@buyer.example'),
        ('"plain"@buyer.example', "plain@buyer.example"),
        ("first.last+tag@buyer.example", "first.last+tag@buyer.example"),
    ],
)
def test_a_key_is_written_so_that_it_reads_the_same(text: str, written: str) -> None:
    key = parse_address(text)
    assert key is not None
    assert str(key) == written
    assert parse_address(str(key)) == key
