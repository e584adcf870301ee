"""The writer thread: shared commits, jobs that fail alone, a loud death, a stop that loses nothing."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import apsw
import pytest
import pytest_asyncio

from agent.model.settings import StoreSettings
from agent.store import inbox
from agent.store.db import Db, open_db
from agent.store.errors import StoreBusy, StoreError, StoreFull
from agent.store.writer import Writer
from tests.unit.store.samples import message


class Bench:
    """A running writer, its commits counted, its publications recorded."""

    def __init__(self, settings: StoreSettings) -> None:
        self.commits = 0
        self.published = 0
        self.refuse_commits = False
        self.publish: Callable[[Db], None] = lambda db: None
        self.settings = settings
        self.writer = Writer(self._open, self._published)
        self.gate = threading.Event()

    def _open(self) -> Db:
        db = open_db(self.settings)
        db.connection.set_commit_hook(self._committed)
        return db

    def _committed(self) -> bool:
        self.commits += 1
        return self.refuse_commits

    def _published(self, db: Db) -> None:
        self.published += 1
        self.publish(db)

    async def hold(self) -> "asyncio.Future[None]":
        """Keeps the writer busy until the gate opens; what is queued meanwhile shares the next transaction."""
        inside = asyncio.Event()
        loop = asyncio.get_running_loop()

        def job(db: Db) -> None:
            loop.call_soon_threadsafe(inside.set)
            self.gate.wait(10)

        held = asyncio.ensure_future(self.writer.run(job))  # noqa: TID251 - the test holds it
        await inside.wait()
        return held


@pytest_asyncio.fixture
async def bench(store: StoreSettings) -> AsyncIterator[Bench]:
    made = Bench(store)
    made.writer.start()
    yield made
    made.gate.set()
    await made.writer.stop()


async def queued() -> None:
    """What was handed to the loop has run up to its first wait, and so lies in the writer's queue: a turn, no time."""
    await asyncio.sleep(0)


def keep(n: int) -> Callable[[Db], int]:
    return lambda db: inbox.accept(db, message(f"smtp:{n}"))


def kept(settings: StoreSettings) -> int:
    db = open_db(settings)
    found = db.connection.execute("SELECT count(*) FROM inbox").get
    db.close()
    assert isinstance(found, int)
    return found


async def test_what_waits_shares_one_commit(bench: Bench) -> None:
    held = await bench.hold()
    waiting = asyncio.gather(*(bench.writer.run(keep(n)) for n in range(50)))
    await queued()
    bench.gate.set()
    await held
    assert sorted(await waiting) == list(range(1, 51))
    assert bench.commits == 2  # the held job's, and one for all the others
    assert bench.published == 2


async def test_a_job_fails_alone(bench: Bench) -> None:
    def broken(db: Db) -> int:
        inbox.accept(db, message("smtp:broken"))
        raise KeyError("mine")

    held = await bench.hold()
    waiting = asyncio.gather(
        bench.writer.run(keep(1)), bench.writer.run(broken), bench.writer.run(keep(2)), return_exceptions=True
    )
    await queued()
    bench.gate.set()
    await held
    first, failure, second = await waiting
    assert isinstance(failure, KeyError)
    assert (first, second) == (1, 2)
    assert kept(bench.settings) == 2


async def test_stop_iteration_reaches_the_caller_too(bench: Bench) -> None:
    empty: tuple[int, ...] = ()
    with pytest.raises(RuntimeError, match="StopIteration"):
        await bench.writer.run(lambda db: next(iter(empty)))


async def test_nobody_hears_before_the_commit(bench: Bench) -> None:
    seen: list[int] = []
    bench.publish = lambda db: seen.append(kept(bench.settings))
    await bench.writer.run(keep(1))
    assert seen == [1]


# hazard A20
async def test_a_cancelled_waiter_does_not_cancel_the_job(bench: Bench) -> None:
    held = await bench.hold()
    waiter = asyncio.ensure_future(bench.writer.run(keep(1)))  # noqa: TID251 - the test holds it
    await queued()
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    bench.gate.set()
    await held
    await bench.writer.run(lambda db: None)
    assert kept(bench.settings) == 1


async def test_stop_finishes_what_is_queued_and_refuses_more(bench: Bench) -> None:
    held = await bench.hold()
    waiting = asyncio.gather(*(bench.writer.run(keep(n)) for n in range(5)))
    await queued()
    bench.gate.set()
    await bench.writer.stop()
    await held
    assert len(await waiting) == 5
    with pytest.raises(StoreError, match="has ended"):
        await bench.writer.run(keep(9))
    assert kept(bench.settings) == 5


# hazard A17
async def test_a_full_disk_is_told_and_survived(bench: Bench) -> None:
    await bench.writer.run(lambda db: db.connection.pragma("max_page_count", db.connection.pragma("page_count") + 2))
    large = message("smtp:large", b"x" * 100_000)
    with pytest.raises(StoreFull):
        await bench.writer.run(lambda db: inbox.accept(db, large))
    await bench.writer.run(lambda db: db.connection.pragma("max_page_count", 1_000_000))
    await bench.writer.run(keep(1))
    assert kept(bench.settings) == 1


# hazard A22, E1
async def test_a_lock_held_too_long_is_told_and_survived(bench: Bench) -> None:
    other = open_db(bench.settings)
    await bench.writer.run(lambda db: db.connection.set_busy_timeout(20))
    other.connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        await bench.writer.run(keep(1))
    other.connection.execute("ROLLBACK")
    other.close()
    assert await bench.writer.run(keep(1)) == 1


async def test_a_commit_that_fails_fails_all_of_its_jobs(bench: Bench) -> None:
    held = await bench.hold()
    bench.refuse_commits = True
    waiting = asyncio.gather(*(bench.writer.run(keep(n)) for n in range(3)), return_exceptions=True)
    await queued()
    bench.gate.set()
    with pytest.raises(apsw.ConstraintError):
        await held
    assert all(isinstance(result, Exception) for result in await waiting)
    assert kept(bench.settings) == 0
    bench.refuse_commits = False
    assert await bench.writer.run(keep(1)) == 1


async def test_jobs_after_a_lost_transaction_are_not_run_outside_one(bench: Bench) -> None:
    def lose(db: Db) -> None:
        inbox.accept(db, message("smtp:lost"))
        db.connection.execute("ROLLBACK")
        raise KeyError

    held = await bench.hold()
    waiting = asyncio.gather(
        bench.writer.run(keep(1)), bench.writer.run(lose), bench.writer.run(keep(2)), return_exceptions=True
    )
    await queued()
    bench.gate.set()
    await held
    assert all(isinstance(result, Exception) for result in await waiting)
    assert kept(bench.settings) == 0


async def test_a_list_that_cannot_be_written_is_tried_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.store.writer._RETRY_SECONDS", 0.01)
    loop, again = asyncio.get_running_loop(), asyncio.Event()

    def publish(db: Db) -> None:
        if bench.published < 3:
            raise StoreBusy("a reader")
        loop.call_soon_threadsafe(again.set)

    bench.publish = publish
    assert await bench.writer.run(keep(1)) == 1
    await asyncio.wait_for(again.wait(), 10)


async def test_a_bug_in_publishing_kills_the_thread_loudly(store: StoreSettings) -> None:
    bench = Bench(store)
    bench.writer.start()

    def publish(db: Db) -> None:
        raise KeyError("a bug")

    bench.publish = publish
    assert await bench.writer.run(keep(1)) == 1  # it is on disk
    with pytest.raises(KeyError):
        await bench.writer.dead
    with pytest.raises(StoreError, match="has ended"):
        await bench.writer.run(keep(2))
    await bench.writer.stop()
    assert kept(store) == 1


async def test_a_death_tells_those_who_wait(store: StoreSettings) -> None:
    bench = Bench(store)
    bench.writer.start()
    held = await bench.hold()

    def publish(db: Db) -> None:
        raise KeyError("a bug")

    bench.publish = publish
    waiting = asyncio.gather(*(bench.writer.run(keep(n)) for n in range(3)), return_exceptions=True)
    await queued()
    bench.gate.set()
    await held
    assert all(isinstance(result, StoreError) for result in await waiting)
    with pytest.raises(KeyError):
        await bench.writer.dead


def test_an_unopenable_store_is_told_at_the_start(store: StoreSettings) -> None:
    def refuse() -> Db:
        raise StoreError("no")

    async def go() -> None:
        Writer(refuse, lambda db: None).start()

    with pytest.raises(StoreError, match="no"):
        asyncio.run(go())


# hazard A18
async def test_what_was_not_committed_is_gone_after_a_crash(store: StoreSettings) -> None:
    db = open_db(store)
    with db.transaction():
        inbox.accept(db, message("smtp:1"))
    db.connection.execute("BEGIN IMMEDIATE")
    inbox.accept(db, message("smtp:2"))
    assert kept(store) == 1
    db.close()
    assert kept(store) == 1


def keep_many(db: Db, numbers: Sequence[int]) -> tuple[int, ...]:
    """Stores them together; a negative number breaks it for all."""
    ids = inbox.accept_many(db, [(message(f"smtp:{number}"), None) for number in numbers])
    if min(numbers) < 0:
        raise KeyError("mine")
    return ids


async def test_items_that_wait_are_done_together(bench: Bench) -> None:
    calls: list[tuple[int, ...]] = []

    def many(db: Db, numbers: Sequence[int]) -> tuple[int, ...]:
        calls.append(tuple(numbers))
        return keep_many(db, numbers)

    held = await bench.hold()
    waiting = asyncio.gather(*(bench.writer.run_together(many, number) for number in range(20)))
    await queued()
    bench.gate.set()
    await held
    assert await waiting == list(range(1, 21))
    assert calls == [tuple(range(20))]
    assert bench.commits == 2
    assert await bench.writer.run_together(many, 3) == 4


async def test_an_item_that_breaks_it_for_all_fails_alone(bench: Bench) -> None:
    held = await bench.hold()
    waiting = asyncio.gather(
        bench.writer.run_together(keep_many, 1),
        bench.writer.run_together(keep_many, -1),
        bench.writer.run(keep(3)),
        bench.writer.run_together(keep_many, 2),
        return_exceptions=True,
    )
    await queued()
    bench.gate.set()
    await held
    first, failure, other, second = await waiting
    assert isinstance(failure, KeyError)
    assert {first, second, other} == {1, 2, 3}
    assert kept(bench.settings) == 3


# hazard A17
async def test_of_items_that_fill_the_disk_together_those_are_kept_that_were_promised(bench: Bench) -> None:
    await bench.writer.run(lambda db: db.connection.pragma("max_page_count", db.connection.pragma("page_count") + 2))
    held = await bench.hold()
    waiting = asyncio.gather(
        *(bench.writer.run_together(keep_many, number) for number in range(500)), return_exceptions=True
    )
    await queued()
    bench.gate.set()
    await held
    results = await waiting
    promised = [result for result in results if isinstance(result, int)]
    assert len(promised) < 500
    assert all(isinstance(result, StoreFull) for result in results if result not in promised)
    assert kept(bench.settings) == len(promised)
