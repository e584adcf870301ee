"""One logged-in connection at work: search, fetch, store, settle, wait; again and again until the line breaks.

Laws: the ledger alone knows what was read, and nothing in the mailbox is touched before its bytes are committed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.intake.imap.connection import Connection, Selected, Timing
from agent.intake.imap.fetch import PAGE, Listed, batches, bodies, search, sizes
from agent.intake.imap.folders import read_list, same, wire
from agent.intake.imap.progress import Progress, pages
from agent.intake.imap.settle import make_target, manner, settle
from agent.intake.imap.trouble import Mistake, NotStored, Worry
from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import After, ImapAccount
from agent.obs.log import event
from agent.process import Sink

log = logging.getLogger("optoutd.imap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a session's mail goes and whom it tells."""

    account: ImapAccount
    sink: Sink
    progress: Progress
    now: Callable[[], datetime]
    tell: Callable[[Mistake], None]  # one alarm; the session goes on
    healthy: Callable[[], None]  # a whole round went well


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
        """SELECT, but only what LIST knows under exactly this name."""
        try:
            pattern = wire(name)
        except ValueError as error:
            raise Mistake(Worry.FOLDER, str(error)) from None
        listed = read_list((await self._connection.demand("LIST", '""', pattern)).responses)
        if not any(same(folder.name, name) and folder.selectable for folder in listed):
            everything = read_list((await self._connection.demand("LIST", '""', '"*"')).responses)
            names = ", ".join(sorted(folder.name for folder in everything if folder.selectable)[:20])
            raise Mistake(Worry.FOLDER, f"there is no folder {name!r}; the mailbox has: {names}")
        return await self._connection.select(name)

    async def _read(self, folder: Selected, above: int = 0) -> int:
        """Take in every mail that the ledger does not know, oldest first; returns the highest UID seen."""
        after = self._manner(folder)
        if not above:
            for page in pages(await self._progress.left_over(folder), PAGE):
                await self._settle(folder, after, page)
        since = await self._progress.since(folder)
        self._connection.news.clear()  # before the search: what is announced from now on may not be in its answer
        found = await search(self._connection, since, above)
        for page in pages(await self._progress.unknown(folder, found), PAGE):
            listed = await sizes(self._connection, page)
            old = [mail for mail in listed if mail.arrived_at is not None and mail.arrived_at < since]
            await self._progress.too_old(folder, [mail.uid for mail in old])
            await self._take(folder, after, [mail for mail in listed if mail not in old])
        return found[-1] if found else above

    def _manner(self, folder: Selected) -> After:
        try:
            return manner(self._connection, self._account, folder)
        except Mistake as mistake:
            self._desk.tell(mistake)
            return After.LEAVE

    async def _take(self, folder: Selected, after: After, mails: Sequence[Listed]) -> None:
        """A mail that vanished meanwhile is neither stored nor noted: if it is there after all, it is found again."""
        for group in batches(mails, self._account.message_bytes):
            raws = await bodies(self._connection, group, self._account.message_bytes)
            await self._store(folder, after, [(mail, raws[mail.uid]) for mail in group if mail.uid in raws])

    async def _store(self, folder: Selected, after: After, mails: Sequence[tuple[Listed, bytes]]) -> None:
        """Hand a whole batch over at once, so that it shares a commit; then, and only then, touch the mailbox."""
        accept, place = self._desk.sink.accept, self._progress.place
        results = await asyncio.gather(
            *(accept(self._message(folder, mail, raw), place(folder, mail.uid)) for mail, raw in mails),
            return_exceptions=True,
        )
        stored = [mail.uid for (mail, _), result in zip(mails, results, strict=True) if isinstance(result, int)]
        if stored:
            event(log, "mail fetched", account=self._account.name, mails=len(stored))
            await self._settle(folder, after, stored)
        failures = [result for result in results if isinstance(result, BaseException)]
        if failures:
            raise NotStored(f"{len(failures)} mails were not stored: {type(failures[0]).__name__}") from failures[0]

    async def _settle(self, folder: Selected, after: After, uids: Sequence[int]) -> None:
        try:
            if after is After.MOVE:
                await make_target(self._connection, self._account.move_to)
            await settle(self._connection, after, self._account.move_to, uids)
        except Mistake as mistake:  # it stays unsettled and is tried again in the next round
            self._desk.tell(mistake)
            return
        await self._progress.settled(folder, uids)

    def _message(self, folder: Selected, mail: Listed, raw: bytes) -> RawMessage:
        """`received_at` is when the provider took it in, so that a backlog is known to be old; never the future."""
        now = self._desk.now()
        return RawMessage(
            source=Source(door=Door.IMAP, reference=self._reference(folder, mail), account=self._account.name),
            envelope_from=None,
            envelope_to=(),
            peer="",
            raw=raw,
            received_at=min(mail.arrived_at or now, now),
            role=self._account.role,
        )

    def _reference(self, folder: Selected, mail: Listed) -> str:
        """Gmail shows one mail under each of its labels: its own number is the same in all of them."""
        junk = bool(self._account.junk_folder) and same(folder.name, self._account.junk_folder)
        kind = "imap-junk" if junk else "imap"
        if mail.gmail_id:
            return f"{kind}:{self._account.name}/x-gm-msgid/{mail.gmail_id}"
        return f"{kind}:{self._account.name}/{folder.name}/{folder.uidvalidity}/{mail.uid}"
