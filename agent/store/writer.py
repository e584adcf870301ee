"""The one thread that writes: jobs queued while a commit runs share the next one, and nobody hears before COMMIT."""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

from agent.store.db import Db
from agent.store.errors import StoreError, translated

T = TypeVar("T")
Item = TypeVar("Item")
_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Share:
    """One item for a job that takes many at once; who queues the two knows their types."""

    many: Callable[[Db, Sequence[Any]], Sequence[Any]]
    item: object


class _Ticket(Generic[T]):
    """A job, and the future of whoever waits for it."""

    def __init__(self, job: Callable[[Db], T], waiter: "asyncio.Future[T]", share: _Share | None) -> None:
        self.job = job
        self.waiter = waiter
        self.share = share
        self.result: tuple[T] | None = None
        self.error: BaseException | None = None

    def run(self, db: Db) -> None:
        """Does the job in its own savepoint; what it raises is kept for the waiter alone."""
        with _Caught() as caught, translated(str(db.path)), db.savepoint():
            self.result = (self.job(db),)
        self.error = caught.error
        if isinstance(caught.error, StopIteration):  # no future can carry it
            self.error = RuntimeError("a job for the database writer raised StopIteration")

    def settle(self) -> None:
        """Tells the waiter, on its own loop; a cancelled waiter is nobody's problem."""
        if self.waiter.done():
            return
        if self.error is not None:
            self.waiter.set_exception(self.error)
        elif self.result is not None:
            self.waiter.set_result(self.result[0])


class _Caught:
    """Keeps what was raised instead of passing it on: in a thread nobody else would hear it."""

    error: BaseException | None = None

    def __enter__(self) -> "_Caught":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> bool:
        self.error = error
        return True


class Writer:
    """Runs jobs on one connection in one thread. `dead` ends when the thread does: with None after `stop`, else with
    what killed it, and then the daemon must go down too.
    """

    dead: "asyncio.Future[None]"

    def __init__(self, open: Callable[[], Db], after_commit: Callable[[Db], None]) -> None:  # noqa: A002 - says it best
        self._open = open
        self._after_commit = after_commit
        self._tickets: queue.SimpleQueue[_Ticket[object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # between the last look into the queue and the refusal of more
        self._closed = True
        self._unpublished = False

    def start(self) -> None:
        """Opens the database here, so that StoreError reaches the caller, and starts the thread."""
        self._loop = asyncio.get_running_loop()
        self.dead = self._loop.create_future()
        self._db = self._open()
        self._closed = False
        self._thread = threading.Thread(target=self._live, name="optoutd-writer", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        """Finishes what is queued, refuses more, closes the database."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._tickets.put(None)
        await asyncio.wait((self.dead,))
        self._thread.join()

    async def run(self, job: Callable[[Db], T]) -> T:
        """The job's result, once it is on disk; cancelling the wait does not cancel the job."""
        return await self._queue(job, None)

    async def run_together(self, many: Callable[[Db, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """Like `run`, for a job that takes many at once: the items that wait are handed to it together."""
        return await self._queue(lambda db: many(db, (item,))[0], _Share(many, item))

    def _queue(self, job: Callable[[Db], T], share: _Share | None) -> "asyncio.Future[T]":
        with self._lock:
            if self._closed:
                raise StoreError("the database writer has ended")
            waiter: asyncio.Future[T] = self._loop.create_future()
            ticket = _Ticket(job, waiter, share)
            self._tickets.put(ticket)  # type: ignore[arg-type] # the queue holds tickets of every kind
        return waiter

    def _live(self) -> None:
        with _Caught() as caught:
            while self._turn():
                pass
        with self._lock:
            self._closed = True
        lost = [ticket for ticket in self._drain() if ticket is not None]
        for ticket in lost:
            ticket.error = StoreError("the database writer died")
        with _Caught() as closing:
            self._db.close()
        self._tell(lost)
        self._call(_end, self.dead, caught.error or closing.error)

    def _turn(self) -> bool:
        """One group: all that waits, one transaction, one publication; False when it is time to stop."""
        try:
            first = self._tickets.get(timeout=_RETRY_SECONDS if self._unpublished else None)
        except queue.Empty:
            self._publish()
            return True
        waiting = [first, *self._drain()]
        group = [ticket for ticket in waiting if ticket is not None]
        if group:
            self._commit(group)
        return None not in waiting

    def _drain(self) -> "list[_Ticket[object] | None]":
        return [self._tickets.get_nowait() for _ in range(self._tickets.qsize())]

    def _commit(self, group: "list[_Ticket[object]]") -> None:
        with _Caught() as caught, self._db.transaction():
            for tickets in _in_turn(group):
                if len(tickets) > 1 and self._done_together(tickets):
                    continue
                for ticket in tickets:
                    ticket.run(self._db)
                    self._check(ticket.error)
        try:
            if caught.error is None:
                self._publish()
            else:
                for ticket in group:
                    ticket.error = caught.error
        finally:
            self._tell(group)

    def _done_together(self, tickets: "Sequence[_Ticket[object]]") -> bool:
        """Whether one job did them all; where one of them breaks it, each is done by itself, and that one fails."""
        shares = [ticket.share for ticket in tickets if ticket.share]
        with _Caught() as caught, translated(str(self._db.path)), self._db.savepoint():
            results = shares[0].many(self._db, [share.item for share in shares])
            for ticket, result in zip(tickets, results, strict=True):
                ticket.result = (result,)
        self._check(caught.error)
        return caught.error is None

    def _check(self, error: BaseException | None) -> None:
        if not self._db.connection.in_transaction:  # SQLite itself gave the whole group up
            raise error or StoreError("the transaction was lost")

    def _publish(self) -> None:
        """The truth is on disk by now; a list that cannot be written yet is tried again, not fatal."""
        self._unpublished = False
        try:
            self._after_commit(self._db)
        except StoreError as error:
            self._unpublished = True
            _log.error("the suppression list could not be written, trying again: %s", error)

    def _tell(self, group: "list[_Ticket[object]]") -> None:
        self._call(_settle, group)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        # The loop may be closed already; then nobody waits.
        with _Caught() as caught:
            self._loop.call_soon_threadsafe(function, *arguments)
        if caught.error is not None:
            _log.warning("nobody heard the database writer: %s", caught.error)


def _in_turn(group: "list[_Ticket[object]]") -> "Iterable[list[_Ticket[object]]]":
    """The items for one job stand together, where the first of them stood."""
    turns: dict[object, list[_Ticket[object]]] = {}
    for ticket in group:
        turns.setdefault(ticket.share.many if ticket.share else ticket, []).append(ticket)
    return turns.values()


def _settle(group: "list[_Ticket[object]]") -> None:
    for ticket in group:
        ticket.settle()


def _end(dead: "asyncio.Future[None]", error: BaseException | None) -> None:
    if dead.done():
        return
    if error is None:
        dead.set_result(None)
    else:
        dead.set_exception(error)
