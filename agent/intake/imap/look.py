"""One look into a mailbox, for a person who asks whether it can be read: nothing in it is touched."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.intake.imap.connection import Connection, Selected, Timing, connect
from agent.intake.imap.fetch import heads, search, sizes
from agent.intake.imap.login import log_in
from agent.intake.imap.session import open_folder
from agent.intake.imap.settle import manner
from agent.intake.imap.trouble import Mistake
from agent.mail.headers import read_headers
from agent.model.address import parse_address
from agent.model.settings import ImapAccount, Limits
from agent.trust.results import written_by

NEWEST = 10  # mails whose headers are read
OLDEST = 50  # mails not read here whose age is asked for
ENOUGH = 3  # mails that agree, before that means anything
RECENT = timedelta(days=30)
TIMING = Timing(connect=10.0, command=15.0, fetch=30.0)

Known = Callable[[Selected, Sequence[int]], Collection[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Who wrote the topmost Authentication-Results of a mail (empty: nobody), and the domain the mail is from."""

    by: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the look found. `unread` counts the mails from `since` on that are not known here."""

    newest: tuple[Judged, ...]
    newest_at: datetime | None
    unread: int
    unread_since: datetime | None
    doubts: tuple[str, ...]  # mail is read, but not all that is configured can be done

    @property
    def judge(self) -> str:
        """The one id that all of the newest mails carry, from several senders; else nothing."""
        ids, senders = {one.by for one in self.newest}, {one.sender for one in self.newest}
        return next(iter(ids)) if len(ids) == 1 and len(self.newest) >= ENOUGH and len(senders) > 1 else ""


async def look(
    account: ImapAccount,
    password: str,
    now: datetime,
    *,
    since: datetime | None = None,
    known: Known = lambda _folder, uids: uids,
    timing: Timing = TIMING,
) -> Seen:
    """Log in, open the folder, look and leave; ImapTrouble or OSError when that cannot be done."""
    connection = await connect(account, timing)
    try:
        await log_in(connection, account, password)
        doubts = await _junk_doubts(connection, account)
        folder = await open_folder(connection, account.folder)
        doubts += _manner_doubts(connection, account, folder)
        recent = await search(connection, now - RECENT, 0)
        listed = await sizes(connection, recent[-NEWEST:]) if recent else ()
        unread = await _unread(connection, folder, since, known)
        ages = await sizes(connection, unread[:OLDEST]) if unread else ()
        waiting = [mail.arrived_at for mail in ages if mail.arrived_at and since and mail.arrived_at >= since]
        return Seen(
            newest=await _judged(connection, recent[-NEWEST:]),
            newest_at=max((mail.arrived_at for mail in listed if mail.arrived_at), default=None),
            unread=len(unread) - (len(ages) - len(waiting)),
            unread_since=min(waiting, default=None),
            doubts=doubts,
        )
    finally:
        await connection.close()


async def _junk_doubts(connection: Connection, account: ImapAccount) -> tuple[str, ...]:
    if account.junk_folder:
        try:
            await open_folder(connection, account.junk_folder)
        except Mistake as mistake:
            return (mistake.text,)
    return ()


def _manner_doubts(connection: Connection, account: ImapAccount, folder: Selected) -> tuple[str, ...]:
    try:
        manner(connection, account, folder)
    except Mistake as mistake:
        return (mistake.text,)
    return ()


async def _unread(connection: Connection, folder: Selected, since: datetime | None, known: Known) -> tuple[int, ...]:
    if since is None:
        return ()
    found = await search(connection, since, 0)
    here = set(known(folder, found))
    return tuple(uid for uid in found if uid not in here)


async def _judged(connection: Connection, uids: Sequence[int]) -> tuple[Judged, ...]:
    if not uids:
        return ()
    found = await heads(connection, uids, "Authentication-Results", "From")
    return tuple(_judge(found[uid]) for uid in sorted(found))


def _judge(head: bytes) -> Judged:
    fields = read_headers(head, Limits()).by_name
    values, senders = fields.get("authentication-results", []), fields.get("from", [])
    text = senders[0].rpartition("<")[2].rstrip("> ") if senders else ""
    sender = parse_address(text)
    return Judged(by=written_by(values[0]) if values else "", sender=sender.domain if sender else "")
