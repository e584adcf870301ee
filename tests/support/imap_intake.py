"""The IMAP door under test: a real store behind it, a sink that can be waited for, waits that cost no time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.intake.imap import Alarm, Timing, run
from agent.model.mail import RawMessage, Role
from agent.model.settings import ImapAccount, StoreSettings, TlsMode
from agent.store import inbox
from agent.store.db import Db, open_db
from agent.store.ledger import MailboxPlace
from agent.store.writer import Writer

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
SECONDS = 20  # nothing here takes long; a test that waits for ever shall fail instead
QUICK = Timing(connect=5.0, command=5.0, fetch=5.0, idle=540.0)


def account(port: int, **changes: object) -> ImapAccount:
    """A plain account on loopback."""
    fields: dict[str, object] = {
        "name": "sales", "host": "127.0.0.1", "user": "sales@shop.example", "port": port, "tls": TlsMode.NONE,
        "role": Role.REPLY, "since": SINCE,
    }  # fmt: skip
    return ImapAccount(**{**fields, **changes})  # type: ignore[arg-type]  # every test names its own few


class Inbox:
    """A sink on a real store, which remembers what it was given."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.messages: list[RawMessage] = []
        self.keep = True  # a benchmark of memory does not
        self.most_at_once = 0
        self._running = 0
        self._changed = asyncio.Condition()
        self._settled = 0
        self._commit = asyncio.Event()

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one mail."""
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        try:
            number = await self.writer.run(lambda db: inbox.accept(db, message, place))
            if self.keep:
                self.messages.append(message)
        finally:
            self._running -= 1
            async with self._changed:
                self._changed.notify_all()
        return number

    async def accept_many(self, mails: Sequence[tuple[RawMessage, MailboxPlace]]) -> tuple[int, ...]:
        """Store each by itself: a test may look at every one."""
        return tuple(await asyncio.gather(*(self.accept(message, place) for message, place in mails)))

    async def holds(self, count: int) -> None:
        """Wait until so many mails were stored."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.messages) >= count)

    @property
    def references(self) -> list[str]:
        """The source references, sorted."""
        return sorted(message.source.reference for message in self.messages)

    async def states(self) -> dict[int, str]:
        """What the ledger says of each UID."""
        return await self.writer.run(_states)

    def committed(self, settled: int) -> None:
        """How many mails the ledger calls settled after a commit."""
        self._settled = settled
        self._commit.set()

    async def settled(self, count: int) -> None:
        """Wait until so many mails are flagged, moved or left for good, and whoever handed them over knows."""
        while self._settled < count:
            self._commit.clear()
            await self._commit.wait()
        async with self._changed:
            await self._changed.wait_for(lambda: not self._running)


def _settled(db: Db) -> int:
    row = db.connection.execute("SELECT count(*) FROM ledger WHERE state = 'settled'").fetchone()
    return int(str(row[0])) if row else 0


def _states(db: Db) -> dict[int, str]:
    rows = db.connection.execute("SELECT uid, state FROM ledger ORDER BY uid")
    return {int(str(uid)): str(state) for uid, state in rows}


@asynccontextmanager
async def store(directory: Path) -> AsyncIterator[Inbox]:
    """A store of its own with an open writer."""
    settings = StoreSettings(directory=str(directory / "store"), public_directory=str(directory / "public"))
    loop = asyncio.get_running_loop()

    def after_commit(db: Db) -> None:
        loop.call_soon_threadsafe(given.committed, _settled(db))

    writer = Writer(lambda: open_db(settings), after_commit)
    given = Inbox(writer)
    writer.start()
    try:
        yield given
    finally:
        await writer.stop()


@dataclass(slots=True)
class Waits:
    """Stands for sleep: notes every wait and returns at once, but stays asleep after the last allowed one."""

    allowed: int = 1000
    seconds: list[float] = field(default_factory=list)
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) >= self.allowed:
            self._reached.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)  # as the one it stands for: others may run

    async def used_up(self) -> None:
        """Wait until the last allowed one began."""
        await self._reached.wait()


@dataclass(slots=True)
class Reading:
    """What a running door did so far."""

    waits: Waits
    alarms: list[Alarm] = field(default_factory=list)


@asynccontextmanager
async def reading(
    account: ImapAccount,
    inbox: Inbox,
    *,
    password: str = "pw",
    waits: Waits | None = None,
    timing: Timing = QUICK,
    now: Callable[[], datetime] = lambda: NOW,
) -> AsyncIterator[Reading]:
    """The door, open; cancelled at the end."""
    state = Reading(waits=waits or Waits())
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        door = group.create_task(
            run(
                account,
                password,
                inbox,
                inbox.writer,
                now=now,
                alarm=state.alarms.append,
                sleep=state.waits,
                chance=lambda: 0.5,
                timing=timing,
            )
        )
        try:
            yield state
        finally:
            door.cancel()


def mail(number: int, subject: str = "unsubscribe", size: int = 0) -> bytes:
    """A small mail."""
    return (
        f"From: buyer{number}@example.com\r\nTo: sales@shop.example\r\nSubject: {subject} {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\nStop {number}\r\n"
    ).encode() + b"x" * size
