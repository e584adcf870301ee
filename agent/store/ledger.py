"""What became of each mail of a mailbox, by its place there; a mail is settled there only after it is stored here."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from agent.store.db import Db, as_json
from agent.store.times import from_sql, to_sql

TOO_OLD = "older than since"


class MailboxPlace(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One mail in one IMAP folder (RFC 3501 section 2.3.1.1: uid is unique together with uidvalidity); a struct, since
    a backlog makes very many.
    """

    account: str
    folder: str
    uidvalidity: int
    uid: int
    settled: bool = False  # nothing is to be done there once the mail is stored here


def store_many(db: Db, places: Iterable[tuple[MailboxPlace, int]]) -> None:
    """Their mails are stored here, under these ids of the inbox."""
    folders: dict[tuple[str, str, int, bool], list[tuple[int, int]]] = {}
    for place, inbox_id in places:
        folder = (place.account, place.folder, place.uidvalidity, place.settled)
        folders.setdefault(folder, []).append((place.uid, inbox_id))
    for (account, name, uidvalidity, settled), mails in folders.items():
        db.sql.ledger_store_many(
            account=account,
            folder=name,
            uidvalidity=uidvalidity,
            state="settled" if settled else "stored",
            mails=as_json(mails),
        )


def known_uids(db: Db, account: str, folder: str, uidvalidity: int, uids: Collection[int]) -> frozenset[int]:
    """Those that need not be fetched: stored, settled or skipped."""
    rows = db.sql.ledger_known(account=account, folder=folder, uidvalidity=uidvalidity, uids=as_json(tuple(uids)))
    return frozenset(row[0] for row in rows)


def unsettled(db: Db, account: str, folder: str, uidvalidity: int) -> tuple[int, ...]:
    """Stored here, but not yet flagged or moved there."""
    rows = db.sql.ledger_unsettled(account=account, folder=folder, uidvalidity=uidvalidity)
    return tuple(row[0] for row in rows)


def settle(db: Db, account: str, folder: str, uidvalidity: int, uids: Sequence[int]) -> None:
    """They were flagged or moved, or shall be left."""
    db.sql.ledger_settle(account=account, folder=folder, uidvalidity=uidvalidity, uids=as_json(uids))


def skip(db: Db, place: MailboxPlace, why: str) -> None:
    """It is not fetched, or cannot be settled any more: vanished, too old."""
    db.sql.ledger_skip(
        account=place.account, folder=place.folder, uidvalidity=place.uidvalidity, uid=place.uid, why=why
    )


def reconsider(db: Db, account: str, folder: str) -> None:
    """Mail that was too old once may not be so any more: `since` was set to an earlier day."""
    db.sql.ledger_reconsider(account=account, folder=folder, why=TOO_OLD)


def first_start(db: Db, account: str, folder: str, now: datetime) -> datetime:
    """When this folder was first looked at; remembered from the first call on."""
    return from_sql(db.sql.first_start(account=account, folder=folder, now=to_sql(now)))
