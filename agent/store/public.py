"""suppression.db, the list other programs read: derived from optoutd.db, never the truth, mended from it at will."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.model.address import ERASED_DOMAIN
from agent.model.settings import StoreSettings
from agent.model.state import AddressState
from agent.store import address_state
from agent.store.address_state import key_from_sql
from agent.store.db import Db, Query, connect
from agent.store.errors import StoreDamaged, translated
from agent.store.files import create_file, make_directory, mend_mode, refuse_wider, sync_directory
from agent.store.times import to_public

FILE_NAME = "suppression.db"
_SCHEMA = 1
# Publishing waits inside the writer thread; readers never block it, and another publisher is quick.
_BUSY_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """The open list."""

    file: Db

    def close(self) -> None:
        """Ends the connection."""
        self.file.close()


def open_public(settings: StoreSettings) -> Public:
    """Opens suppression.db, made when missing; readers need to write its shm file, hence group rights on both.

    A new file holds no table before its first publication: a reader fails, and is not told that nobody is listed.
    """
    directory = Path(settings.public_directory)
    if not make_directory(directory, 0o2770):
        refuse_wider(directory, 0o2770, "is the suppression list's")
    path = directory / FILE_NAME
    create_file(path, 0o660)
    mend_mode(path, 0o660)  # SQLite makes what it opens: a reader that came first leaves a file closed to the group
    try:
        file = Db(connect(path, min(settings.busy_seconds, _BUSY_SECONDS)), path)
    except StoreDamaged as error:
        raise StoreDamaged(f"{error}; make it anew from optoutd.db: optoutd rebuild") from error
    sync_directory(directory)
    return Public(file=file)


def _has_schema(public: Public) -> bool:
    return bool(public.file.connection.pragma("user_version") == _SCHEMA)


@contextmanager
def _filling(public: Public, db: Db) -> Iterator[None]:
    """One transaction that brings the list to what is committed; a new list gets its table and its rows in one."""
    with public.file.transaction(), db.snapshot():
        if not _has_schema(public):
            public.file.sql.public_schema()
            public.file.connection.pragma("user_version", _SCHEMA)
        yield


@contextmanager
def _comparing(public: Public) -> Iterator[None]:
    """Several reads of one moment beside a temporary table: nobody who publishes has to wait for it."""
    with translated(str(public.file.path)):
        if not _has_schema(public):
            raise StoreDamaged(f"{public.file.path} holds no list; make it anew: optoutd rebuild")
        public.file.connection.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            public.file.connection.execute("ROLLBACK")


def publish(db: Db, public: Public, now: datetime) -> int:
    """Brings the list up to what is committed: changed addresses, and what has expired; how many addresses.

    Any number of processes may call it at once; not inside a transaction on `db`, which may still be rolled back.
    """
    if db.connection.in_transaction:
        raise RuntimeError("only what is committed is published")
    with translated(str(public.file.path)):
        if _has_schema(public) and _published(public) == _current(db) and not _expired(public, now):
            return 0
    with _filling(public, db):
        current, published = _current(db), _published(public)
        if published is None or published[0] != current[0] or published[1] > current[1]:
            changed = _repair(db, public, now)  # a new list, or another truth: a restored backup
        else:
            changed = _catch_up(db, public, published[1], now)
        _set_published(public, current)
    return changed


def expire(db: Db, public: Public, now: datetime) -> int:
    """Takes out what has run out; a weaker standing beneath it shows again."""
    with _filling(public, db):
        return _refresh(db, public, set(_expired(public, now)), now)


def repair(db: Db, public: Public, now: datetime) -> int:
    """Compares every row with the truth and mends the list; how many rows were wrong, missing or too many."""
    with _filling(public, db):
        mended = _repair(db, public, now)
        _set_published(public, _current(db))
    return mended


def differences(db: Db, public: Public, now: datetime) -> int:
    """How many rows are wrong, missing or too many; nothing is mended."""
    with _comparing(public), db.snapshot():
        return _compare(db, public, now)


def lasting_differences(db: Db, public: Public, now: datetime) -> frozenset[str]:
    """The addresses that are wrong, but for those committed or run out a moment ago, which will be published yet."""
    with _comparing(public):
        published, expired = _published(public), _expired(public, now)  # first: the truth may know more, never less
        with db.snapshot():
            if not _compare(db, public, now):
                return frozenset()
            wrong = {str(row[0]) for row in public.file.sql.wanted_wrong()}
            if published is not None and published[0] == _current(db)[0]:
                wrong -= {row[0] for row in db.sql.address_changed(after=published[1])} | set(expired)
            return frozenset(wrong)


def rebuild(db: Db, public: Public, now: datetime) -> int:
    """Writes the whole list anew in one transaction, so that no reader ever sees it empty; how many rows."""
    rows = 0
    with _filling(public, db):
        public.file.sql.public_clear()
        for state in address_state.all_states(db):
            rows += _add_rows(public.file.sql.public_add, state, now)
        _set_published(public, _current(db))
    return rows


def _current(db: Db) -> tuple[str, int]:
    return db.sql.store_id(), db.sql.current_version()


def _published(public: Public) -> tuple[str, int] | None:
    row: tuple[str, int] | None = public.file.sql.public_published()
    return row


def _set_published(public: Public, current: tuple[str, int]) -> None:
    public.file.sql.public_forget_published()
    public.file.sql.public_set_published(store_id=current[0], version=current[1])


def _expired(public: Public, now: datetime) -> tuple[str, ...]:
    return tuple(row[0] for row in public.file.sql.public_expired(now=to_public(now)))


def _catch_up(db: Db, public: Public, version: int, now: datetime) -> int:
    keys = {row[0] for row in db.sql.address_changed(after=version)} | set(_expired(public, now))
    return _refresh(db, public, keys, now)


def _refresh(db: Db, public: Public, keys: set[str], now: datetime) -> int:
    for key in keys:
        public.file.sql.public_remove(address=key)
        _add_rows(public.file.sql.public_add, address_state.load(db, key_from_sql(key)), now)
    return len(keys)


def _repair(db: Db, public: Public, now: datetime) -> int:
    sql = public.file.sql
    mended = _compare(db, public, now)
    sql.wanted_remove_others()
    sql.wanted_add_missing()
    sql.wanted_end()
    return mended


def _compare(db: Db, public: Public, now: datetime) -> int:
    """Lays what should be there beside what is; how many rows differ."""
    sql = public.file.sql
    sql.wanted_begin()
    for state in address_state.all_states(db):
        _add_rows(sql.wanted_add, state, now)
    found: int = sql.wanted_differences()
    return found


def _add_rows(add: Query, state: AddressState, now: datetime) -> int:
    effective = () if state.key.domain == ERASED_DOMAIN else state.effective(now)  # a hash matches nobody's mail
    for standing in effective:
        add(
            address=str(state.key),
            scope=standing.scope,
            state=standing.state.value,
            reason=standing.reason,
            since=to_public(standing.since),
            until=to_public(standing.until) if standing.until else None,
        )
    return len(effective)
