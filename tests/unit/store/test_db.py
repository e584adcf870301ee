"""optoutd.db: who may open it, how it is opened, and what a transaction promises."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from agent.model.settings import StoreSettings
from agent.store.db import FILE_NAME, Db, check_sqlite, data_version, open_db
from agent.store.errors import StoreBusy, StoreDamaged, StoreError, StoreFull
from agent.store.public import open_public, publish
from tests.unit.store.samples import NOW


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def count(db: Db) -> object:
    return db.connection.execute("SELECT count(*) FROM contacts").get


def add(db: Db, key: str) -> None:
    db.connection.execute("INSERT INTO contacts (key, raw, domain) VALUES (?, '', 'example.com')", (key,))


def add_and_fail(db: Db, key: str) -> None:
    add(db, key)
    raise KeyError


# hazard E14
def test_modes_hold_whatever_the_umask(store: StoreSettings) -> None:
    before = os.umask(0)
    try:
        db, public = open_db(store), open_public(store)
    finally:
        os.umask(before)
    with db.transaction():
        add(db, "a@example.com")
    publish(db, public, NOW)
    own, shared = Path(store.directory), Path(store.public_directory)
    assert mode(own) == 0o700
    assert {mode(path) for path in own.iterdir()} == {0o600}
    assert mode(shared) == 0o2770
    assert {path.name for path in shared.iterdir()} >= {"suppression.db", "suppression.db-wal", "suppression.db-shm"}
    assert {mode(path) for path in shared.iterdir()} == {0o660}
    db.close()
    public.close()


# hazard E14
def test_a_strict_umask_does_not_shut_readers_out(store: StoreSettings) -> None:
    before = os.umask(0o077)
    try:
        open_public(store).close()
    finally:
        os.umask(before)
    assert mode(Path(store.public_directory)) == 0o2770
    assert mode(Path(store.public_directory) / "suppression.db") == 0o660


# hazard E14
@pytest.mark.parametrize(("name", "wide", "mend"), [("", 0o750, "700"), ("optoutd.db", 0o640, "600")])
def test_wider_rights_are_refused_with_the_mend(store: StoreSettings, name: str, wide: int, mend: str) -> None:
    open_db(store).close()
    path = Path(store.directory) / name
    path.chmod(wide)
    with pytest.raises(StoreError, match=f"chmod {mend} {path}"):
        open_db(store)


def test_a_list_directory_open_to_all_is_refused(store: StoreSettings) -> None:
    Path(store.public_directory).mkdir(mode=0o700)
    Path(store.public_directory).chmod(0o777)
    with pytest.raises(StoreError, match="chmod 2770"):
        open_public(store)


def test_a_file_where_the_directory_should_be(store: StoreSettings) -> None:
    Path(store.directory).write_text("")
    with pytest.raises(StoreError, match="is not a directory"):
        open_db(store)


# hazard E5
def test_what_is_no_database_is_refused(store: StoreSettings) -> None:
    Path(store.directory).mkdir(mode=0o700)
    path = Path(store.directory) / "optoutd.db"
    path.write_bytes(b"this is a mail, not a database\n" * 200)
    path.chmod(0o600)
    with pytest.raises(StoreDamaged, match="not a database"):
        open_db(store)


# hazard E4
@pytest.mark.parametrize("version", ["3.40.1", "3.51.2", "3.7.0"])
def test_an_sqlite_with_the_wal_reset_bug_is_refused(version: str) -> None:
    with pytest.raises(StoreError, match="pip install -U apsw"):
        check_sqlite(version)


@pytest.mark.parametrize("version", ["3.51.3", "3.54.1", "4.0"])
def test_a_mended_sqlite_is_taken(version: str) -> None:
    check_sqlite(version)


def test_an_sqlite_that_takes_no_arrays_is_refused() -> None:
    with pytest.raises(StoreError, match="built without carray"):
        check_sqlite("3.54.1", ("ENABLE_FTS5",))


def test_programs_that_start_together_make_one_store(store: StoreSettings) -> None:
    store = replace(store, busy_seconds=30)
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: (open_db(store), open_public(store)), range(4)))
    assert len({db.sql.store_id() for db, _ in opened}) == 1
    for db, public in opened:
        db.close()
        public.close()


def test_a_file_that_another_program_is_just_turning_is_waited_for(
    store: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(store.directory) / FILE_NAME
    path.parent.mkdir(mode=0o700)
    path.touch(0o600)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("agent.store.db.sleep", lambda _: other.execute("ROLLBACK"))
    with closing(open_db(store)) as db:
        assert db.connection.pragma("journal_mode") == "wal"
    other.close()


def test_durability_pragmas(db: Db) -> None:
    assert db.connection.pragma("journal_mode") == "wal"
    assert db.connection.pragma("synchronous") == 2
    assert db.connection.pragma("foreign_keys") == 1


def test_a_transaction_is_whole_or_nothing(db: Db) -> None:
    with pytest.raises(KeyError), db.transaction():
        add_and_fail(db, "a@example.com")
    assert count(db) == 0
    with db.transaction():
        add(db, "a@example.com")
    assert count(db) == 1


def test_a_savepoint_fails_alone(db: Db) -> None:
    with db.transaction():
        add(db, "a@example.com")
        with pytest.raises(KeyError), db.savepoint():
            add_and_fail(db, "b@example.com")
        with db.savepoint():
            add(db, "c@example.com")
    assert count(db) == 2


# hazard E1
def test_another_writer_is_waited_for_and_then_named(store: StoreSettings, db: Db) -> None:
    other = open_db(store)
    other.connection.set_busy_timeout(50)
    with db.transaction(), pytest.raises(StoreBusy, match="another program is writing"), other.transaction():
        pass
    with other.transaction():
        add(other, "a@example.com")
    other.close()


# hazard E2
def test_every_write_takes_the_lock_at_its_begin(store: StoreSettings, db: Db) -> None:
    said: list[str] = []

    def trace(_: object, sql: str, __: object) -> bool:
        said.append(sql)
        return True

    db.connection.set_exec_trace(trace)
    with db.transaction():
        count(db)
    assert said[0] == "BEGIN IMMEDIATE"
    with db.snapshot(), pytest.raises(apsw.ReadOnlyError):
        add(db, "a@example.com")
    with db.transaction():
        add(db, "a@example.com")


def test_a_snapshot_sees_one_moment(store: StoreSettings, db: Db) -> None:
    other = open_db(store)
    with db.snapshot():
        assert count(db) == 0
        with other.transaction():
            add(other, "a@example.com")
        assert count(db) == 0
    assert count(db) == 1
    other.close()


def test_data_version_tells_of_other_connections_only(store: StoreSettings, db: Db) -> None:
    other = open_db(store)
    seen = data_version(db)
    with db.transaction():
        add(db, "a@example.com")
    assert data_version(db) == seen
    with other.transaction():
        add(other, "b@example.com")
    assert data_version(db) != seen
    other.close()


# hazard A17, E9
def test_a_full_disk_has_a_name_and_loses_nothing(db: Db) -> None:
    with db.transaction():
        add(db, "a@example.com")
    pages = db.connection.pragma("page_count")
    db.connection.pragma("max_page_count", pages)
    with pytest.raises(StoreFull), db.transaction():
        add(db, "a" * 100_000 + "@example.com")
    assert count(db) == 1
    db.connection.pragma("max_page_count", 1_000_000)
    with db.transaction():
        add(db, "b@example.com")
    assert count(db) == 2
