"""What became of each mail of a mailbox, by its place there; a mail is settled there only after it is stored here."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from agent.store.db import Db, drain
from agent.store.times import from_sql, to_sql

TOO_OLD = "older than since"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPlace:
    """One mail in one IMAP folder (RFC 3501 section 2.3.1.1: uid is unique together with uidvalidity)."""

    account: str
    folder: str
    uidvalidity: int
    uid: int


def store_many(db: Db, places: Iterable[tuple[MailboxPlace, int]]) -> None:
    """Their mails are stored here, under these ids of the inbox."""
    drain(db.sql.many("ledger_store", ({**_row(place), "inbox_id": inbox_id} for place, inbox_id in places)))


def _row(place: MailboxPlace) -> dict[str, object]:
    return {
        "account": place.account, "folder": place.folder, "uidvalidity": place.uidvalidity, "uid": place.uid
    }  # fmt: skip


def known_uids(db: Db, account: str, folder: str, uidvalidity: int, uids: Collection[int]) -> frozenset[int]:
    """Those that need not be fetched: stored, settled or skipped."""
    rows = db.sql.ledger_known(account=account, folder=folder, uidvalidity=uidvalidity, uids=json.dumps(list(uids)))
    return frozenset(row[0] for row in rows)


def unsettled(db: Db, account: str, folder: str, uidvalidity: int) -> tuple[int, ...]:
    """Stored here, but not yet flagged or moved there."""
    rows = db.sql.ledger_unsettled(account=account, folder=folder, uidvalidity=uidvalidity)
    return tuple(row[0] for row in rows)


def settle(db: Db, places: Iterable[MailboxPlace]) -> None:
    """They were flagged or moved, or shall be left."""
    drain(db.sql.many("ledger_settle", map(_row, places)))


def skip(db: Db, place: MailboxPlace, why: str) -> None:
    """It is not fetched, or cannot be settled any more: vanished, too old."""
    db.sql.ledger_skip(**_row(place), why=why)


def reconsider(db: Db, account: str, folder: str) -> None:
    """Mail that was too old once may not be so any more: `since` was set to an earlier day."""
    db.sql.ledger_reconsider(account=account, folder=folder, why=TOO_OLD)


def first_start(db: Db, account: str, folder: str, now: datetime) -> datetime:
    """When this folder was first looked at; remembered from the first call on."""
    return from_sql(db.sql.first_start(account=account, folder=folder, now=to_sql(now)))
