"""One logged-in connection at work: search, fetch, store, settle, wait; again and again until the line breaks.

Laws: the ledger alone knows what was read, and nothing in the mailbox is touched before its bytes are committed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from agent.intake.imap.connection import Connection, Selected, Timing
from agent.intake.imap.fetch import PAGE, Listed, batches, bodies, search, sizes
from agent.intake.imap.folders import read_list, same, wire
from agent.intake.imap.progress import Progress, pages
from agent.intake.imap.settle import make_target, manner, settle
from agent.intake.imap.trouble import Mistake, NotStored, Worry
from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import After, ImapAccount
from agent.obs.log import event
from agent.process import MailboxSink
from agent.store.errors import StoreError
from agent.store.ledger import MailboxPlace

log = logging.getLogger("optoutd.imap")

T = TypeVar("T")
Mail = tuple[RawMessage, MailboxPlace]
Results = Sequence[int | BaseException]
Ends = tuple[Results | BaseException, BaseException | None]
Handed = tuple[Sequence[Mail], "asyncio.Future[Ends]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a session's mail goes and whom it tells."""

    account: ImapAccount
    sink: MailboxSink
    progress: Progress
    now: Callable[[], datetime]
    tell: Callable[[Mistake], None]  # one alarm; the session goes on
    healthy: Callable[[], None]  # a whole round went well
    hands_off: bool = False  # nothing in the mailbox is touched; what would have been waits in the ledger


async def open_folder(connection: Connection, name: str) -> Selected:
    """SELECT, but only what LIST knows under exactly this name."""
    try:
        pattern = wire(name)
    except ValueError as error:
        raise Mistake(Worry.FOLDER, str(error)) from None
    listed = read_list((await connection.demand("LIST", '""', pattern)).responses)
    if not any(same(folder.name, name) and folder.selectable for folder in listed):
        everything = read_list((await connection.demand("LIST", '""', '"*"')).responses)
        names = ", ".join(sorted(folder.name for folder in everything if folder.selectable)[:20])
        raise Mistake(Worry.FOLDER, f"there is no folder {name!r}; the mailbox has: {names}")
    return await connection.select(name)


class Session:
    """Reads the folders of one account over one connection."""

    def __init__(self, connection: Connection, desk: Desk, timing: Timing) -> None:
        self._connection = connection
        self._desk = desk
        self._account = desk.account
        self._progress = desk.progress
        self._timing = timing

    async def serve(self) -> None:
        """Rounds for ever: the junk folder, then the folder itself, which is then watched until the next round."""
        while True:
            if self._account.junk_folder:
                await self._look_into_junk()
            folder = await self._open(self._account.folder)
            highest = await self._read(folder)
            self._desk.healthy()
            await self._watch(folder, highest)

    async def _look_into_junk(self) -> None:
        try:
            folder = await self._open(self._account.junk_folder)
        except Mistake as mistake:  # the main folder goes on without it
            self._desk.tell(mistake)
            return
        await self._read(folder)

    async def _watch(self, folder: Selected, highest: int) -> None:
        """Read what the server announces, until it is time to look at everything again."""
        clock = asyncio.get_running_loop().time
        end = clock() + min(self._account.poll_seconds, self._timing.idle)
        while (left := end - clock()) > 0:
            if self._connection.news.is_set():
                highest = await self._read(folder, above=highest)
            elif self._connection.has("IDLE"):
                await self._connection.idle(left)
            else:
                await self._connection.rest(left)

    async def _open(self, name: str) -> Selected:
        return await open_folder(self._connection, name)

    async def _read(self, folder: Selected, above: int = 0) -> int:
        """Take in every mail that the ledger does not know, oldest first; returns the highest UID seen."""
        after = self._manner(folder)
        if not above:
            for page in pages(await self._progress.left_over(folder), PAGE):
                if await self._settle(after, page):
                    await self._progress.settled(folder, page)
        since = await self._progress.since(folder)
        self._connection.news.clear()  # before the search: what is announced from now on may not be in its answer
        found = await search(self._connection, since, above)
        fresh = await self._progress.unknown(folder, found)
        async with aclosing(self._fetched(folder, after, fresh, since)) as batches_of_mail:
            await self._take(folder, after, batches_of_mail)
        return found[-1] if found else above

    def _manner(self, folder: Selected) -> After:
        try:
            return manner(self._connection, self._account, folder)
        except Mistake as mistake:
            self._desk.tell(mistake)
            return After.LEAVE

    async def _fetched(
        self, folder: Selected, after: After, uids: Sequence[int], since: datetime
    ) -> AsyncGenerator[Sequence[Mail], None]:
        """The mails, batch by batch. One that vanished meanwhile is neither given nor noted: if it is there after all,
        it is found again.
        """
        whole = self._account.message_bytes
        for page in pages(uids, PAGE):
            listed = await sizes(self._connection, page)
            old = {mail.uid for mail in listed if mail.arrived_at is not None and mail.arrived_at < since}
            await self._progress.too_old(folder, sorted(old))
            for group in batches([mail for mail in listed if mail.uid not in old], whole):
                yield self._mails(folder, after, group, await bodies(self._connection, group, whole))

    async def _take(self, folder: Selected, after: After, batches_of_mail: AsyncIterator[Sequence[Mail]]) -> None:
        """Store batch after batch. While one is being committed the next waits behind it and a third is on its way, so
        that neither the server nor the disk waits for us; what the ledger is told of one goes into a later commit.
        """
        handed: deque[Handed] = deque()
        settled: Sequence[int] = ()
        try:
            async with aclosing(one_ahead(batches_of_mail)) as coming:
                async for batch in coming:
                    handed.append((batch, self._store(folder, batch, settled)))
                    settled = await self._finish(folder, after, handed.popleft()) if len(handed) > 1 else ()
            while handed:
                settled = [*settled, *await self._finish(folder, after, handed.popleft())]
        finally:
            for _, storing in handed:
                await storing
            await self._store(folder, (), settled)

    def _store(self, folder: Selected, batch: Sequence[Mail], settled: Sequence[int]) -> "asyncio.Future[Ends]":
        """Begin to hand a whole batch over, in one commit with what the ledger is told of an earlier one."""
        return asyncio.gather(self._hand_over(batch), self._progress.settled(folder, settled), return_exceptions=True)

    async def _hand_over(self, batch: Sequence[Mail]) -> Results:
        """All at once; where one of them breaks it, each by itself, so that it alone is left behind."""
        sink = self._desk.sink
        (together,) = await asyncio.gather(sink.accept_many(batch), return_exceptions=True) if batch else ((),)
        if not isinstance(together, BaseException):
            return together
        if isinstance(together, StoreError):
            return (together,) * len(batch)
        return await asyncio.gather(*(sink.accept(*mail) for mail in batch), return_exceptions=True)

    async def _finish(self, folder: Selected, after: After, handed_over: Handed) -> Sequence[int]:
        """Once the bytes are on disk, and only then, touch the mailbox. Returns what the ledger may call settled."""
        batch, storing = handed_over
        handed, noted = await storing
        results = () if isinstance(handed, BaseException) else handed
        stored = [place.uid for (_, place), result in zip(batch, results, strict=False) if isinstance(result, int)]
        if stored:
            event(log, "mail fetched", account=self._account.name, mails=len(stored))
        settled = stored if stored and not self._stays(after) and await self._settle(after, stored) else ()
        failures = [result for result in (*results, handed, noted) if isinstance(result, BaseException)]
        if failures:
            await self._progress.settled(folder, settled)
            raise NotStored(f"{len(failures)} mails were not stored: {type(failures[0]).__name__}") from failures[0]
        return settled

    def _stays(self, after: After) -> bool:
        """Whether nothing is to be done in the mailbox: then the ledger need not be told twice."""
        return after is After.LEAVE and not self._desk.hands_off

    async def _settle(self, after: After, uids: Sequence[int]) -> bool:
        """Flag or move in the mailbox; False when it was refused: it stays unsettled until the next round."""
        if self._desk.hands_off:
            return False
        try:
            if after is After.MOVE:
                await make_target(self._connection, self._account.move_to)
            await settle(self._connection, after, self._account.move_to, uids)
        except Mistake as mistake:
            self._desk.tell(mistake)
            return False
        return True

    def _mails(
        self, folder: Selected, after: After, group: Sequence[Listed], raws: Mapping[int, bytes]
    ) -> Sequence[Mail]:
        """Those of a group that are there, as they are handed over. `received_at` is when the provider took a mail in,
        so that a backlog is known to be old; never the future.
        """
        now, account, settled = self._desk.now(), self._account, self._stays(after)
        kind, here = self._names(folder)
        return [
            (
                RawMessage(
                    # Gmail shows one mail under each of its labels: its own number is the same in all of them.
                    source=Source(
                        door=Door.IMAP,
                        reference=f"{kind}/x-gm-msgid/{mail.gmail_id}" if mail.gmail_id else f"{here}/{mail.uid}",
                        account=account.name,
                    ),
                    envelope_from=None,
                    envelope_to=(),
                    peer="",
                    raw=raws[mail.uid],
                    received_at=min(mail.arrived_at or now, now),
                    role=account.role,
                ),
                self._progress.place(folder, mail.uid, settled=settled),
            )
            for mail in group
            if mail.uid in raws
        ]

    def _names(self, folder: Selected) -> tuple[str, str]:
        """How the references of this account, and of this folder, begin."""
        junk = bool(self._account.junk_folder) and same(folder.name, self._account.junk_folder)
        kind = f"{'imap-junk' if junk else 'imap'}:{self._account.name}"
        return kind, f"{kind}/{folder.name}/{folder.uidvalidity}"


async def one_ahead(source: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """The same, but the next one is being got while the caller works with this one."""
    coming = _get(source)
    try:
        while True:
            (got,) = await coming
            if isinstance(got, StopAsyncIteration):
                return
            if isinstance(got, BaseException):
                raise got
            coming = _get(source)
            yield got
    finally:
        coming.cancel()
        await asyncio.wait((coming,))


def _get(source: AsyncIterator[T]) -> "asyncio.Future[tuple[T | BaseException]]":
    return asyncio.gather(anext(source), return_exceptions=True)
