"""What lies where, for `doctor` and `status`: reads what is there, and makes, migrates and mends nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import apsw

from agent.model.mail import Door
from agent.model.settings import StoreSettings
from agent.store import checked, waiting
from agent.store.checked import Checked
from agent.store.db import FILE_NAME, Db, check_sqlite, connect
from agent.store.errors import StoreError, translated
from agent.store.migrate import load_steps
from agent.store.public import FILE_NAME as PUBLIC_NAME
from agent.store.public import Public
from agent.store.times import from_sql, optional_from_sql, to_sql

BUSY_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Things that wait: how many, and the time that counts (of the oldest, or the first that runs out)."""

    count: int
    first: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSeen:
    """What came by one door."""

    door: Door
    account: str
    mails: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Our own letters by their status, and why the oldest one still waits."""

    by_status: Mapping[str, int]
    oldest: datetime | None
    oldest_why: str
    sent_today: int

    @property
    def waiting(self) -> int:
        """Not yet taken by the relay."""
        return sum(self.by_status.get(status, 0) for status in ("waiting", "claimed", "handed_over"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The store at one moment; `kinds` are the mails that were understood since `today`."""

    doors: tuple[DoorSeen, ...]
    unread: Queue
    quarantined: int
    observed: int
    reviews: Queue
    tickets: Queue
    letters: Letters
    kinds: Mapping[str, int]
    breakers: tuple[str, ...]
    checked: Checked | None


def open_as_it_is(settings: StoreSettings) -> Db | None:
    """optoutd.db, or None when it was never made; StoreError when it cannot be used, or not by this version."""
    check_sqlite(apsw.sqlite_lib_version())
    path = Path(settings.directory) / FILE_NAME
    if not _there(path):
        return None
    db = Db(connect(path, min(settings.busy_seconds, BUSY_SECONDS)), path)
    try:
        with translated(str(path)):
            schema, newest = int(db.connection.pragma("user_version")), load_steps()[-1].number
        if schema != newest:
            raise StoreError(f"{path} has schema {schema}, and this version works with {newest}")
    except StoreError:
        db.close()
        raise
    return db


def open_public_as_it_is(settings: StoreSettings) -> Public | None:
    """suppression.db, or None when there is none."""
    path = Path(settings.public_directory) / PUBLIC_NAME
    if not _there(path):
        return None
    return Public(file=Db(connect(path, min(settings.busy_seconds, BUSY_SECONDS)), path))


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def overview(db: Db, today: datetime, now: datetime) -> Overview:
    """All of it, of one moment."""
    with db.snapshot():
        inbox = dict(db.sql.read_inbox_counts())
        return Overview(
            doors=tuple(
                DoorSeen(door=Door(row[0]), account=row[1], mails=row[2], last_at=from_sql(row[3]))
                for row in db.sql.look_doors()
            ),
            unread=_queue(db.sql.look_unread()),
            quarantined=inbox.get("quarantined", 0),
            observed=inbox.get("observed", 0),
            reviews=_queue(db.sql.look_reviews()),
            tickets=_queue(db.sql.look_tickets()),
            letters=_letters(db, today),
            kinds=dict(db.sql.look_kinds(since=to_sql(today))),
            breakers=waiting.open_breakers(db, now),
            checked=checked.last(db),
        )


def _letters(db: Db, today: datetime) -> Letters:
    oldest = db.sql.look_letter_oldest()
    return Letters(
        by_status=dict(db.sql.look_letters()),
        oldest=from_sql(oldest[0]) if oldest else None,
        oldest_why=oldest[1] if oldest else "",
        sent_today=db.sql.look_letters_today(since=to_sql(today)),
    )


def _queue(row: tuple[int, int | None]) -> Queue:
    return Queue(count=row[0], first=optional_from_sql(row[1]))


def suppressed(public: Public) -> Mapping[str, int]:
    """How many addresses and domains the list holds, by state."""
    return dict(public.file.sql.look_suppressed())


def first_start(db: Db, account: str, folder: str) -> datetime | None:
    """When this folder was first looked at; None when it never was."""
    return optional_from_sql(db.sql.look_first_start(account=account, folder=folder))


def own_people(db: Db) -> int:
    """How many of our own addresses were spared a state."""
    return int(db.sql.look_own())


def erased_people(db: Db) -> bool:
    """Whether anybody lives on here as a hash alone, which no map can find."""
    return bool(db.sql.erased_any())


def keys_known(db: Db) -> bool:
    """Whether token keys were ever used with this store."""
    return bool(db.sql.look_keys())
