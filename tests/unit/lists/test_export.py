"""The export is one table that spreadsheets open right; one canonical form compares addresses in every list."""

import csv
import io
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.lists.cells import address_in
from agent.lists.export import HEADING, export
from agent.lists.scrub import scrub
from agent.model.address import ERASED_DOMAIN, AddressKey, parse_key
from agent.model.signal import Strength
from agent.model.state import Standing, State
from agent.store.reads import Suppressed

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def person(key: AddressKey, *, state: State = State.OPT_OUT, reason: str = "asked", days: int = 0) -> Suppressed:
    standing = Standing(
        state=state, scope="all", reason=reason, rule="15 role:unsubscribe", strength=Strength.E2,
        since=NOW - timedelta(days=days), until=None, by="policy",
    )  # fmt: skip
    return Suppressed(key=key, standing=standing)


def key(text: str) -> AddressKey:
    found = parse_key(text)
    assert found
    return found


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_a_table_with_mark_and_heading() -> None:
    target = io.BytesIO()
    assert export([person(key("Anna@B.example"), reason='too many, "really"\nmany')], target) == 1
    assert target.getvalue().startswith(b"\xef\xbb\xbfaddress,")
    heading, row = rows(target.getvalue())
    assert tuple(heading) == HEADING
    assert row[:5] == ["anna@b.example", "all", "opt_out", 'too many, "really"\nmany', "2026-05-01T12:00:00Z"]


def test_words_of_a_stranger_are_no_formula() -> None:
    target = io.BytesIO()
    export([person(key("@dead.example"), reason='=HYPERLINK("http://evil.test")')], target)
    row = rows(target.getvalue())[1]
    assert row[0] == "'@dead.example"
    assert row[3].startswith("'=")


@pytest.mark.parametrize(
    ("since", "state", "left"),
    [
        (None, None, ["a@b.example", "c@b.example"]),
        (NOW - timedelta(days=3), None, ["a@b.example"]),
        (None, State.HARD, ["c@b.example"]),
    ],
)
def test_by_day_and_by_state(since: datetime | None, state: State | None, left: list[str]) -> None:
    target = io.BytesIO()
    people = [person(key("a@b.example")), person(key("c@b.example"), state=State.HARD, days=9)]
    export(people, target, since=since, state=state)
    assert [row[0] for row in rows(target.getvalue())[1:]] == left


def test_the_hash_of_an_erased_person_is_nobodys_address() -> None:
    assert export([person(AddressKey(local="0f", domain=ERASED_DOMAIN))], io.BytesIO()) == 0


def test_rows_are_written_as_they_come() -> None:
    target = io.BytesIO()

    def people() -> Iterator[Suppressed]:
        yield person(key("a@b.example"))
        assert b"a@b.example" in target.getvalue()

    export(people(), target)


LOCAL = st.text(alphabet="abzÄéßИя.+-=_'", min_size=1, max_size=8)
DOMAIN = st.sampled_from(["b.example", "münchen.example", "пример.test", "Sub.B.Example", "xn--mnchen-3ya.example"])
SPELLED = st.sampled_from([str, str.upper, str.lower, "<{}>".format, " {} ".format, "{}.".format])


# hazard E12
@given(local=LOCAL, domain=DOMAIN, mine=SPELLED, theirs=SPELLED)
def test_however_it_is_spelled_every_list_compares_the_same_form(
    tmp_path_factory: pytest.TempPathFactory, local: str, domain: str, mine: object, theirs: object
) -> None:
    assert callable(mine)
    assert callable(theirs)
    first, second = address_in(mine(f"{local}@{domain}")), address_in(theirs(f"{local}@{domain}"))
    if first is None or second is None or first != second:
        return  # nobody's address, or a letter whose upper case is another one
    assert parse_key(theirs(f"{local}@{domain}")) == first or local.startswith("'")  # what `check` and `suppress` read
    target = io.BytesIO()
    export([person(first)], target)
    exported = address_in(rows(target.getvalue())[1][0])
    assert exported == first

    def listed(keys: Collection[str]) -> frozenset[str]:
        return frozenset({str(exported)}.intersection(keys))

    path = tmp_path_factory.mktemp("list") / "list.csv"
    path.write_text(f"email,name\n{theirs(f'{local}@{domain}')},A\n", "utf-8")
    kept = io.BytesIO()
    summary = scrub(path, kept, None, listed, lambda _: None)
    assert (summary.suppressed, summary.kept) == (1, 0)
