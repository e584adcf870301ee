"""The book of keys: asked once, kept for its time, bounded, and never waited for long."""

import asyncio

import pytest

from agent.model.dkim import KeyAnswer, KeyState
from agent.resolve import keys
from agent.resolve.dns import Found
from agent.resolve.keys import KeyBook

NAME = "s1._domainkey.buyer.example"
KEY = Found(state=KeyState.FOUND, txt=b"v=DKIM1; p=x", ttl=300)


class Server:
    """A DNS that answers what it is told, and counts."""

    def __init__(self, found: Found | None = KEY) -> None:
        self.found = found
        self.asked: list[str] = []
        self.now = 0.0
        self.gate = asyncio.Event()
        self.gate.set()

    async def ask(self, name: str) -> Found | None:
        self.asked.append(name)
        await self.gate.wait()
        return self.found

    def book(self, patience: float = 5) -> KeyBook:
        return KeyBook(self.ask, lambda: self.now, patience=patience)


def answer(state: KeyState = KeyState.FOUND, name: str = NAME) -> KeyAnswer:
    return KeyAnswer(name=name, state=state, txt=KEY.txt if state is KeyState.FOUND else b"")


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        (KEY, 300),
        (Found(state=KeyState.FOUND, txt=KEY.txt, ttl=0), keys.LEAST_SECONDS),
        (Found(state=KeyState.FOUND, txt=KEY.txt, ttl=9_999_999), keys.MOST_SECONDS),
        (Found(state=KeyState.NONE), keys.NONE_SECONDS),
        (Found(state=KeyState.TEMPERROR), keys.TEMPERROR_SECONDS),
    ],
)
async def test_an_answer_is_kept_for_its_time(found: Found, kept: int) -> None:
    server = Server(found)
    async with server.book() as book:
        for server.now in (0.0, kept - 1.0):
            assert await book.look_up((NAME,)) == (answer(found.state),)
        assert server.asked == [NAME]
        server.now = kept + 1.0
        await book.look_up((NAME,))
    assert server.asked == [NAME, NAME]


async def test_one_question_for_many_mails() -> None:
    server = Server()
    async with server.book() as book:
        assert await asyncio.gather(*(book.look_up((NAME,)) for _ in range(50))) == [(answer(),)] * 50
    assert server.asked == [NAME]


async def test_a_slow_answer_keeps_nobody_waiting_and_is_there_the_next_time() -> None:
    server = Server()
    server.gate.clear()
    async with server.book(patience=0) as book:
        assert await book.look_up((NAME,)) == (answer(KeyState.TEMPERROR),)
        server.gate.set()
        await asyncio.wait(tuple(book._under_way.values()))
        assert await book.look_up((NAME,)) == (answer(),)
    assert server.asked == [NAME]


async def test_what_is_under_way_and_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MAX_KEPT", 10)
    server = Server()
    server.gate.clear()
    names = tuple(f"s{n}._domainkey.x.example" for n in range(200))
    async with server.book(patience=0) as book:
        found = await book.look_up(names)
        assert {one.state for one in found} == {KeyState.TEMPERROR}
        assert len(book._under_way) == keys.MAX_UNDER_WAY
        server.gate.set()
        await asyncio.wait(tuple(book._under_way.values()))
        assert len(book._kept) == 10
    assert len(server.asked) == keys.MAX_UNDER_WAY


async def test_leaving_ends_what_is_under_way() -> None:
    server = Server()
    server.gate.clear()
    async with server.book(patience=0) as book:
        await book.look_up((NAME,))
    assert not book._under_way


async def test_what_ended_the_daemon_is_not_wrapped() -> None:
    with pytest.raises(KeyError):
        async with Server().book():
            raise KeyError


async def test_a_machine_without_dns_answers_nothing() -> None:
    async with Server(None).book() as book:
        assert await book.look_up((NAME,)) == ()
