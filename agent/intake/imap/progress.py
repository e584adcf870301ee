"""What was read of which folder, as the ledger of the store remembers it; flags in the mailbox count for nothing."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from agent.intake.imap.connection import Selected
from agent.model.settings import ImapAccount
from agent.store import ledger
from agent.store.db import Db
from agent.store.ledger import MailboxPlace
from agent.store.writer import Writer

PAGE = 2000  # UIDs looked up in one job of the writer, so that other doors get their turn
CLOCK_SLACK = timedelta(minutes=10)  # the server's clock stamps the mail, ours the first start


def pages(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """The same, in pieces."""
    for start in range(0, len(uids), size):
        yield uids[start : start + size]


class Progress:
    """The ledger of one account."""

    def __init__(self, writer: Writer, account: ImapAccount, now: Callable[[], datetime]) -> None:
        self._writer = writer
        self._account = account
        self._now = now
        self._reconsidered: set[str] = set()

    def place(self, folder: Selected, uid: int, *, settled: bool = False) -> MailboxPlace:
        """Where a mail lies."""
        return MailboxPlace(
            account=self._account.name, folder=folder.name, uidvalidity=folder.uidvalidity, uid=uid, settled=settled
        )

    async def since(self, folder: Selected) -> datetime:
        """Older mail is none of our business: the setting, else when this folder was first looked at."""
        chosen = self._account.since
        name, now = self._account.name, self._now()
        first_look = folder.name not in self._reconsidered
        self._reconsidered.add(folder.name)

        def job(db: Db) -> datetime:
            if first_look:
                ledger.reconsider(db, name, folder.name)
            return ledger.first_start(db, name, folder.name, now)

        first_start = await self._writer.run(job)
        if chosen is None:
            return first_start - CLOCK_SLACK
        return chosen if chosen.tzinfo else chosen.replace(tzinfo=UTC)

    async def unknown(self, folder: Selected, uids: Sequence[int]) -> tuple[int, ...]:
        """Those that were neither stored nor skipped, in order."""
        fresh: list[int] = []
        for page in pages(uids, PAGE):
            known = await self._known(folder, page)
            fresh.extend(uid for uid in page if uid not in known)
        return tuple(fresh)

    async def _known(self, folder: Selected, page: Sequence[int]) -> frozenset[int]:
        name = self._account.name
        return await self._writer.run(lambda db: ledger.known_uids(db, name, folder.name, folder.uidvalidity, page))

    async def left_over(self, folder: Selected) -> tuple[int, ...]:
        """Stored here, but not yet flagged or moved there: we were stopped in between, or the server refused."""
        name = self._account.name
        return await self._writer.run(lambda db: ledger.unsettled(db, name, folder.name, folder.uidvalidity))

    async def settled(self, folder: Selected, uids: Sequence[int]) -> None:
        """Nothing is left to do for these."""
        name = self._account.name
        if uids:
            await self._writer.run(lambda db: ledger.settle(db, name, folder.name, folder.uidvalidity, uids))

    async def too_old(self, folder: Selected, uids: Sequence[int]) -> None:
        """These are never fetched."""
        places = [self.place(folder, uid) for uid in uids]

        def job(db: Db) -> None:
            for place in places:
                ledger.skip(db, place, ledger.TOO_OLD)

        if places:
            await self._writer.run(job)
