"""A real store in a folder of its own, a clock that is set by hand, and letters to put into the outbox."""

import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.model.address import AddressKey, parse_address
from agent.model.letter_id import letter_token_id
from agent.model.plan import LetterKind, SendLetter
from agent.model.settings import LogLevel, StoreSettings
from agent.obs.log import OURS, setup
from agent.store import outbox
from agent.store.db import Db, open_db
from agent.store.writer import Writer

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Stands still until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **much: float) -> None:
        self.now += timedelta(**much)


@dataclass(frozen=True)
class Row:
    """What the outbox holds of one effect."""

    status: str
    attempts: int
    detail: str


@dataclass
class Outbox:
    """The outbox as a test sees it."""

    writer: Writer
    clock: Clock

    async def add(self, *letters: SendLetter) -> None:
        def job(db: Db) -> None:
            for letter in letters:
                outbox.add(db, letter, self.clock())

        await self.writer.run(job)

    async def rows(self) -> list[Row]:
        def job(db: Db) -> list[Row]:
            found = db.connection.execute("SELECT status, attempts, detail FROM outbox ORDER BY id")
            return [Row(str(status), int(str(attempts)), str(detail)) for status, attempts, detail in found]

        return await self.writer.run(job)

    async def statuses(self) -> list[str]:
        return [row.status for row in await self.rows()]


def key(text: str) -> AddressKey:
    found = parse_address(text)
    assert found is not None
    return found


def letter(to: str = "Anna@example.com", kind: LetterKind = LetterKind.OPT_OUT, name: str = "") -> SendLetter:
    dedupe = f"{kind.value}:{to}:{name}"
    return SendLetter(dedupe_key=dedupe, to=key(to), kind=kind, language="en", token_id=letter_token_id(dedupe))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Db]:
    places = StoreSettings(directory=str(tmp_path / "own"), public_directory=str(tmp_path / "public"))
    return lambda: open_db(places)


@pytest.fixture
async def box(opened: Callable[[], Db], clock: Clock) -> AsyncIterator[Outbox]:
    writer = Writer(opened, lambda _: None)
    writer.start()
    yield Outbox(writer, clock)
    await writer.stop()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged at level info."""
    stream = io.StringIO()
    root, raising = logging.getLogger(), logging.raiseExceptions
    touched = [root, *(logging.getLogger(name) for name in OURS)]
    handlers, levels = root.handlers[:], [logger.level for logger in touched]
    setup(LogLevel.INFO, stream)
    yield stream
    root.handlers[:] = handlers
    for logger, level in zip(touched, levels, strict=True):
        logger.setLevel(level)
    logging.raiseExceptions = raising
