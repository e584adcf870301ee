"""Reading UID SEARCH and UID FETCH answers, and cutting a backlog into bounded pieces."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intake.imap.connection import Answer, Connection
from agent.intake.imap.fetch import BATCH_BYTES, BATCH_MAILS, Listed, batches, bodies, search, sizes, uid_set
from agent.intake.imap.folders import Response

SINCE = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)


class Scripted(Connection):
    """Says the same to everything."""

    def __init__(self, *responses: Response, capabilities: frozenset[str] = frozenset()) -> None:
        self.capabilities = capabilities
        self.responses = responses
        self.asked: list[str] = []

    async def ask(self, name: str, *args: str, uid: bool = False, seconds: float | None = None) -> Answer:
        self.asked.append(" ".join((name, *args)))
        return Answer(ok=True, text="", responses=self.responses)

    async def fetch(self, uids: str, items: str) -> Answer:
        return await self.ask("FETCH", uids, items)


def listed(uid: int, size: int = 5000) -> Listed:
    return Listed(uid=uid, size=size, arrived_at=None)


def test_uid_set_joins_runs() -> None:
    assert uid_set([1, 2, 3, 7, 9, 10]) == "1:3,7,9:10"
    assert uid_set([]) == ""


@given(st.sets(st.integers(1, 500)))
def test_uid_set_names_each_once(uids: set[int]) -> None:
    named: list[int] = []
    for part in filter(None, uid_set(sorted(uids)).split(",")):
        first, _, last = part.partition(":")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(uids)


async def test_search_asks_one_day_more_and_sorts() -> None:
    connection = Scripted((b"SEARCH 9 2 44",), (b"SEARCH 7",), (b"3 EXISTS",), (b"SEARCH x 99999999999",))
    assert await search(connection, SINCE, 0) == (2, 7, 9, 44)
    assert await search(connection, SINCE, 8) == (9, 44)
    assert connection.asked == ["SEARCH SINCE 31-Oct-2026", "SEARCH UID 9:* SINCE 31-Oct-2026"]


async def test_sizes_are_read_in_any_order_and_only_of_what_was_asked() -> None:
    connection = Scripted(
        (b'2 FETCH (INTERNALDATE " 3-Nov-2026 01:02:03 +0130" RFC822.SIZE 7 UID 6)',),
        (b'1 FETCH (UID 5 RFC822.SIZE 11 INTERNALDATE "31-Feb-2026 01:02:03 +0000")',),
        (b"3 FETCH (UID 77 RFC822.SIZE 1)",),
        (b"4 FETCH (FLAGS (\\Seen))",),
        (b"3 EXPUNGE",),
    )
    assert await sizes(connection, [5, 6]) == (
        Listed(uid=5, size=11, arrived_at=None),
        Listed(uid=6, size=7, arrived_at=datetime(2026, 11, 2, 23, 32, 3, tzinfo=UTC)),
    )


async def test_gmail_numbers_are_asked_where_they_exist() -> None:
    # hazard B14
    gmail = frozenset({"X-GM-EXT-1"})
    connection = Scripted((b"1 FETCH (X-GM-MSGID 1278455344230334865 UID 5 RFC822.SIZE 1)",), capabilities=gmail)
    assert [mail.gmail_id for mail in await sizes(connection, [5])] == ["1278455344230334865"]
    assert "X-GM-MSGID" in connection.asked[0]


async def test_bodies_are_literals_or_quoted_and_vanished_ones_are_left_out() -> None:
    # hazard B3
    connection = Scripted(
        (b"1 FETCH (BODY[] {19}", b"Subject: (UID 9 x)\n", b" UID 5)"),
        (b"2 FETCH (UID 6 BODY[] NIL)",),
        (rb'3 FETCH (UID 7 BODY[] "a \"b\"")',),
        (b'4 FETCH (UID 8 BODY[] "")',),
        (b"5 FETCH (UID 9 FLAGS (\\Seen))",),
    )
    found = await bodies(connection, [listed(uid) for uid in (5, 6, 7, 8, 9)], 10_000)
    assert found == {5: b"Subject: (UID 9 x)\n", 7: b'a "b"', 8: b""}
    assert connection.asked == ["FETCH 5:9 BODY.PEEK[]"]


async def test_large_mail_is_asked_for_by_its_head() -> None:
    # hazard B4
    connection = Scripted((b"1 FETCH (UID 5 BODY[]<0> {3}", b"abc", b")"))
    assert await bodies(connection, [listed(5, 20_000)], 10_000) == {5: b"abc"}
    assert connection.asked == ["FETCH 5 BODY.PEEK[]<0.262144>"]


@given(st.lists(st.integers(0, 3_000_000)), st.integers(1, 2_000_000))
def test_batches_are_bounded_and_complete(octets: list[int], whole: int) -> None:
    # hazard B5
    mails = [listed(uid, size) for uid, size in enumerate(octets, 1)]
    groups = list(batches(mails, whole))
    assert [mail for group in groups for mail in group] == mails
    for group in groups:
        assert len(group) <= BATCH_MAILS
        assert len(group) == 1 or (
            sum(mail.size for mail in group) <= BATCH_BYTES and all(mail.size <= whole for mail in group)
        )


@pytest.mark.parametrize(
    "text", [b"", b"1 FETCH (UID 5", b"1 FETCH (UID RFC822.SIZE)", b"1 FETCH (UID 99999999999999)"]
)
async def test_half_an_answer_names_nothing(text: bytes) -> None:
    assert await sizes(Scripted((text,)), [5]) == ()
    assert await bodies(Scripted((text,)), [listed(5)], 10) == {}
