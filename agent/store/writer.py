"""The one thread that writes: jobs queued while a commit runs share the next one, and nobody hears before COMMIT."""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

from agent.store.db import Db
from agent.store.errors import StoreError, translated

T = TypeVar("T")
_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


class _Ticket(Generic[T]):
    """A job, and the future of whoever waits for it."""

    def __init__(self, job: Callable[[Db], T], waiter: "asyncio.Future[T]") -> None:
        self.job = job
        self.waiter = waiter
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
        with self._lock:
            if self._closed:
                raise StoreError("the database writer has ended")
            waiter: asyncio.Future[T] = self._loop.create_future()
            self._tickets.put(_Ticket(job, waiter))  # type: ignore[arg-type] # the queue holds tickets of every kind
        return await waiter

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
            for ticket in group:
                ticket.run(self._db)
                if not self._db.connection.in_transaction:  # SQLite itself gave the whole group up
                    raise ticket.error or StoreError("the transaction was lost")
        try:
            if caught.error is None:
                self._publish()
            else:
                for ticket in group:
                    ticket.error = caught.error
        finally:
            self._tell(group)

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
