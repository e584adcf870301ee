"""Opening optoutd.db: the owner's alone, WAL, every commit synced, and every write begun with BEGIN IMMEDIATE."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import aiosql
import apsw
import msgspec
from aiosql.queries import Queries
from aiosql.types import SQLOperationType

from agent.model.settings import StoreSettings
from agent.store import chain
from agent.store.errors import StoreError, translated
from agent.store.files import create_file, make_directory, refuse_wider, sync_directory
from agent.store.migrate import load_steps, migrate

FILE_NAME = "optoutd.db"
# Older ones can corrupt a WAL database when two connections checkpoint at once (the WAL-reset bug).
OLDEST_SQLITE = (3, 51, 3)
_CHAINED = 5  # the schema from which on events are bound to each other
_WAL_LIMIT_BYTES = 67_108_864
_TRY_AGAIN_SECONDS = 0.01

Query = Callable[..., Any]  # what aiosql makes of a query has no static type


class Sql:
    """The queries of agent/data/sql, bound to one connection."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Query:
        """Asked once for each query: what is bound is an attribute from then on."""
        query = self._bind(getattr(_queries(), name))
        setattr(self, name, query)
        return query

    def _bind(self, query: Query) -> Query:
        """The kinds a mail asks dozens of, without the layers of aiosql around one statement."""
        execute, sql = self._connection.execute, query.sql  # type: ignore[attr-defined] # put there by aiosql
        match query.operation:  # type: ignore[attr-defined] # likewise
            case SQLOperationType.SELECT_VALUE:
                return lambda **values: None if (row := execute(sql, values).fetchone()) is None else row[0]
            case SQLOperationType.SELECT_ONE:
                return lambda **values: execute(sql, values).fetchone()
            case SQLOperationType.INSERT_UPDATE_DELETE:
                return lambda **values: execute(sql, values).close()
            case _:
                return partial(query, self._connection)


def as_json(value: object) -> str:
    """What a query takes apart with json_each or reads as JSON text: many rows in one statement."""
    return msgspec.json.encode(value).decode()


class Db:
    """One open database file."""

    def __init__(self, connection: apsw.Connection, path: Path) -> None:
        self.connection = connection
        self.path = path
        self.sql = Sql(connection)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE ... COMMIT; anything raised inside rolls all of it back."""
        with translated(str(self.path)):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.connection.execute("COMMIT")
            finally:
                # SQLite ends the transaction by itself after some errors (disk full, I/O).
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can fail alone."""
        self.connection.execute("SAVEPOINT part")
        kept = False
        try:
            yield
            kept = True
        finally:
            if self.connection.in_transaction:
                self.connection.execute("RELEASE part" if kept else "ROLLBACK TO part; RELEASE part")

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """A part of a transaction of which nothing is kept, however it ends."""
        self.connection.execute("SAVEPOINT rehearsal")
        try:
            yield
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO rehearsal; RELEASE rehearsal")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several reads of one moment; nothing can be written inside: a read that turns into a write fails at once."""
        with translated(str(self.path)):
            self.connection.execute("PRAGMA query_only = ON; BEGIN DEFERRED")
            try:
                yield
            finally:
                self.connection.execute("ROLLBACK; PRAGMA query_only = OFF")

    def close(self) -> None:
        """Ends the connection; the last one to close folds the WAL into the file."""
        self.connection.close()


@cache
def _queries() -> Queries:
    # aiosql makes each query a method at run time, so its own class tells a type checker nothing.
    queries: Queries = aiosql.from_path(Path(str(files("agent"))) / "data" / "sql", "apsw")
    return queries


def open_db(settings: StoreSettings) -> Db:
    """Opens optoutd.db, made and brought to the current schema when needed."""
    check_sqlite(apsw.sqlite_lib_version())
    directory = Path(settings.directory)
    if not make_directory(directory, 0o700):
        refuse_wider(directory, 0o700, "holds mail")
    path = directory / FILE_NAME
    create_file(path, 0o600)
    refuse_wider(path, 0o600, "holds mail")
    db = Db(connect(path, settings.busy_seconds), path)
    try:
        with translated(str(path)):
            migrate(db.connection, load_steps(), path, {_CHAINED: partial(chain.begin, db)})
    except StoreError:
        db.close()
        raise
    sync_directory(directory)
    return db


def data_version(db: Db) -> int:
    """A number that changes when another connection, of any process, has committed to the file."""
    return int(db.connection.pragma("data_version"))


def check_sqlite(version: str, built_with: Collection[str] = apsw.compile_options) -> None:
    """Refuses an SQLite with the WAL-reset bug, or one that takes no arrays of mails."""
    if tuple(int(part) for part in version.split(".")[:3]) < OLDEST_SQLITE:
        wanted = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(f"SQLite {version} can corrupt the database; {wanted} or newer is needed: pip install -U apsw")
    if "ENABLE_CARRAY" not in built_with:
        raise StoreError("this apsw was built without carray; take the one of PyPI: pip install --force-reinstall apsw")


def connect(path: Path, busy_seconds: int) -> apsw.Connection:
    """A connection with our pragmas on a file that exists."""
    with translated(str(path)):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            _configure(connection, path, busy_seconds)
        except (apsw.Error, StoreError):
            connection.close()
            raise
    return connection


def _configure(connection: apsw.Connection, path: Path, busy_seconds: int) -> None:
    connection.set_busy_timeout(busy_seconds * 1000)
    if _turn_to_wal(connection, busy_seconds) != "wal":
        raise StoreError(f"{path}: this file system allows no WAL; put the store on a local disk")
    connection.pragma("synchronous", "FULL")
    connection.pragma("foreign_keys", True)
    connection.pragma("trusted_schema", False)
    connection.pragma("journal_size_limit", _WAL_LIMIT_BYTES)


def _turn_to_wal(connection: apsw.Connection, busy_seconds: int) -> object:
    """The mode that a file is in afterwards.

    Two programs that turn a new file at the same moment would wait for each other, so SQLite tells one of them at once
    that the file is locked, whatever its busy timeout.
    """
    until = monotonic() + busy_seconds
    while True:
        try:
            return connection.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if monotonic() >= until:
                raise
            sleep(_TRY_AGAIN_SECONDS)
