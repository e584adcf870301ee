"""Once a week the whole record is looked at, by another process; what is found is kept, and a wrong list is mended."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.model.settings import StoreSettings
from agent.store import checked
from agent.store.checked import Checked
from agent.store.db import Db, open_db
from agent.store.public import open_public, publish
from agent.store.writer import Writer
from agent.upkeep.weekly import FIRST_SECONDS, LOOK_SECONDS, Found, LookFailed, Upkeep, look, run
from tests.unit.store.samples import address, standing
from tests.unit.store.test_public import save

START = datetime(2026, 5, 1, 8, tzinfo=UTC)


class World:
    """A store, and a clock that every sleep sets on; `found` is what the next looks find."""

    def __init__(self, folder: Path) -> None:
        self.store = StoreSettings(directory=str(folder / "store"), public_directory=str(folder / "public"))
        self.db: Db = open_db(self.store)
        self.writer = Writer(lambda: open_db(self.store), lambda _: None)
        self.now = START
        self.found: Found | LookFailed = Found()
        self.looks: list[datetime] = []
        self.mended = 0

    async def until(self, end: timedelta) -> list[timedelta]:
        """When it was looked, counted from the start."""

        async def sleep(seconds: float) -> None:
            self.now += timedelta(seconds=seconds)
            if self.now > START + end:
                raise asyncio.CancelledError

        async def looking(_: StoreSettings) -> Found:
            self.looks.append(self.now)
            if isinstance(self.found, LookFailed):
                raise self.found
            return self.found

        upkeep = Upkeep(
            writer=self.writer, store=self.store, now=lambda: self.now, look=looking, mend=self.mend, sleep=sleep
        )
        with pytest.raises(asyncio.CancelledError):
            await run(upkeep)
        return [at - START for at in self.looks]

    def mend(self) -> None:
        self.mended += 1


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    made.writer.start()
    yield made
    await made.writer.stop()
    made.db.close()


FIRST, HOUR = timedelta(seconds=FIRST_SECONDS), timedelta(seconds=LOOK_SECONDS)


# hazard E5
async def test_soon_after_the_first_start_and_then_every_week(world: World) -> None:
    week = timedelta(days=7)
    assert await world.until(timedelta(days=15)) == [FIRST, FIRST + week, FIRST + 2 * week]
    assert checked.last(world.db) == Checked(at=START + FIRST + 2 * week, faults=0)
    assert world.mended == 0


async def test_a_restart_begins_no_new_week(world: World) -> None:
    with world.db.transaction():
        checked.remember(world.db, Checked(at=START - timedelta(days=3), faults=0))
    assert await world.until(timedelta(days=3)) == []


# hazard E8
async def test_a_time_that_lies_ahead_is_not_waited_for(world: World) -> None:
    with world.db.transaction():
        checked.remember(world.db, Checked(at=START + timedelta(days=4000), faults=0))
    assert await world.until(timedelta(days=1)) == [FIRST]


# hazard E5
async def test_faults_are_kept_and_looked_at_again_the_next_day(world: World) -> None:
    world.found = Found(record=("event 7 was changed", "event 9 was changed"))
    assert await world.until(timedelta(days=2)) == [FIRST, FIRST + timedelta(days=1)]
    last = checked.last(world.db)
    assert last
    assert last.faults == 2
    assert world.mended == 0


async def test_a_list_that_was_wrong_is_mended(world: World) -> None:
    world.found = Found(listing=("3 addresses are not as decided",))
    await world.until(timedelta(hours=1))
    assert world.mended == 1


async def test_what_could_not_be_looked_at_is_tried_again_in_an_hour(world: World) -> None:
    world.found = LookFailed("killed")
    assert await world.until(timedelta(hours=2)) == [FIRST, FIRST + HOUR]
    assert checked.last(world.db) is None


# hazard E5
async def test_the_process_that_looks_finds_it_all(world: World) -> None:
    public = open_public(world.store)
    save(world.db, address("ann@x.example"), standing())
    publish(world.db, public, START)
    assert await look(world.store) == Found()
    save(world.db, address("bob@x.example"), standing())  # decided, and about to be published: no fault
    assert await look(world.store) == Found()
    world.db.connection.execute("DROP TRIGGER event_is_never_changed; UPDATE event SET reason = 'never' WHERE id = 1")
    found = await look(world.store)
    assert found.record[0].startswith("event 1")
    assert found.listing == ()
    public.close()


async def test_a_list_with_a_row_too_few_is_found(world: World) -> None:
    public = open_public(world.store)
    save(world.db, address("ann@x.example"), standing())
    publish(world.db, public, START)
    public.file.connection.execute("DELETE FROM suppressed")
    found = await look(world.store)
    assert "1 addresses are not as decided" in found.listing[0]
    public.close()


async def test_a_store_that_is_not_there_is_no_finding(world: World, tmp_path: Path) -> None:
    with pytest.raises(LookFailed, match=r"optoutd\.db"):
        await look(StoreSettings(directory=str(tmp_path / "nowhere"), public_directory=str(tmp_path / "nowhere")))
