"""Backups: taken under load they are whole, restored they are the store again, and nothing newer is lost by mistake."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from agent.model.settings import Settings, StoreSettings
from agent.model.state import AddressState
from agent.store import address_state, audit, chain, erased, public
from agent.store.backup import back_up, backups, opened_copy, verified
from agent.store.db import Db, open_db
from agent.store.errors import StoreError
from agent.store.files import create_file
from agent.store.key_file import key_path, load_ring
from agent.store.migrate import load_steps, migrate
from agent.store.public import open_public
from agent.store.restore import restore
from agent.store.work_lock import WorkLock
from agent.trust.tokens import new_key_line
from tests.unit.store.samples import NOW, SETTINGS, address, happened, opt_out, standing


@pytest.fixture
def settings(store: StoreSettings) -> Settings:
    return replace(SETTINGS, store=store)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def stopped(db: Db, number: int) -> None:
    """One more person who opted out."""
    who = f"buyer{number}@example.com"
    with db.transaction():
        event = happened(db, opt_out(who))
        address_state.save(db, AddressState(key=address(who), standings=(standing(),)), event)


def listed(store: StoreSettings) -> list[tuple[object, ...]]:
    file = open_public(store)
    try:
        return list(file.file.connection.execute("SELECT * FROM suppressed ORDER BY address"))
    finally:
        file.close()


@pytest.fixture
def load(settings: Settings, db: Db) -> Iterator[threading.Event]:
    """Somebody who writes all the time; the event is set once he has begun."""
    load_ring(settings, db)
    begun, over = threading.Event(), threading.Event()

    def write() -> None:
        mine = open_db(settings.store)
        number = 0
        while not over.is_set():
            stopped(mine, number)
            number += 1
            if number == 20:
                begun.set()
        mine.close()

    writer = threading.Thread(target=write)
    writer.start()
    yield begun
    over.set()
    writer.join()


# hazards E10, J5
def test_a_backup_taken_under_load_is_whole_and_restores(
    settings: Settings, db: Db, load: threading.Event, place: Path, tmp_path: Path
) -> None:
    assert load.wait(30)
    made = back_up(settings, place, NOW, 7)
    assert made.head.events >= 20
    assert verified(made.folder) == made.head
    for path in made.folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    elsewhere = StoreSettings(directory=str(tmp_path / "new"), public_directory=str(tmp_path / "new-public"))
    moved = replace(settings, store=elsewhere)
    done = restore(moved, place, NOW, force=False)
    assert (done.head, done.rows, done.aside) == (made.head, made.head.events, ())
    assert key_path(moved).read_bytes() == key_path(settings).read_bytes()
    again = open_db(elsewhere)
    assert audit.faults(again) == ()
    load_ring(moved, again)
    again.close()


def test_suppression_db_rebuilt_from_a_backup_equals_the_old_one(settings: Settings, db: Db, place: Path) -> None:
    for number in range(5):
        stopped(db, number)
    file = open_public(settings.store)
    public.publish(db, file, NOW)
    file.close()
    before = listed(settings.store)
    back_up(settings, place, NOW, 7)
    db.close()
    shutil.rmtree(settings.store.directory)
    shutil.rmtree(settings.store.public_directory)
    restore(settings, place, NOW, force=False)
    assert listed(settings.store) == before
    assert len(before) == 5


# hazard J5
def test_a_backup_without_the_right_keys_is_none(settings: Settings, db: Db, place: Path) -> None:
    load_ring(settings, db)
    key_path(settings).write_text(new_key_line("a", b"1" * 32))
    with pytest.raises(StoreError, match=r"token\.keys is not what the tokens were made with"):
        back_up(settings, place, NOW, 7)
    assert list(place.iterdir()) == []


def test_the_key_of_the_erased_is_part_of_it(settings: Settings, db: Db, place: Path, tmp_path: Path) -> None:
    stopped(db, 1)
    with db.transaction():
        erased.erase(db, address("buyer1@example.com"))
    made = back_up(settings, place, NOW, 7)
    elsewhere = StoreSettings(directory=str(tmp_path / "new"), public_directory=str(tmp_path / "new-public"))
    restore(replace(settings, store=elsewhere), made.folder, NOW, force=False)
    again = open_db(elsewhere)
    assert erased.among(again, {"buyer1@example.com"}, NOW) == {"buyer1@example.com"}
    again.close()
    (made.folder / "erase.key").unlink()
    with pytest.raises(StoreError, match=r"erase\.key is missing"):
        verified(made.folder)


# hazard E5
def test_a_damaged_store_makes_no_backup_and_takes_no_old_one_away(settings: Settings, db: Db, place: Path) -> None:
    stopped(db, 1)
    good = back_up(settings, place, NOW, 1)
    db.connection.execute("DROP TRIGGER event_is_never_changed; UPDATE event SET reason = 'never asked'")
    with pytest.raises(StoreError, match="is not whole: event 1"):
        back_up(settings, place, NOW + timedelta(days=1), 1)
    assert list(place.iterdir()) == [good.folder]


def test_only_so_many_are_kept(settings: Settings, db: Db, place: Path) -> None:
    made = [back_up(settings, place, NOW + timedelta(days=day), 2).folder for day in range(4)]
    assert backups(place) == made[2:]
    assert list(place.glob(".*")) == []
    with pytest.raises(StoreError, match="is there already"):
        back_up(settings, place, NOW + timedelta(days=3), 2)


class TestRestore:
    def test_never_under_a_running_daemon(self, settings: Settings, db: Db, place: Path) -> None:
        back_up(settings, place, NOW, 7)
        db.close()
        lock = WorkLock(settings.store)
        lock.demand()
        with pytest.raises(StoreError, match="another optoutd is working on this store"):
            restore(settings, place, NOW, force=True)
        lock.release()

    def test_never_while_another_program_has_it_open(self, settings: Settings, db: Db, place: Path) -> None:
        stopped(db, 1)
        back_up(settings, place, NOW, 7)
        with pytest.raises(StoreError, match="another program has it open"):
            restore(settings, place, NOW, force=True)

    def test_a_store_that_knows_more_is_put_aside_only_by_force(self, settings: Settings, db: Db, place: Path) -> None:
        stopped(db, 1)
        back_up(settings, place, NOW, 7)
        stopped(db, 2)
        db.close()
        with pytest.raises(StoreError, match="2 events, the backup 1"):
            restore(settings, place, NOW, force=False)
        done = restore(settings, place, NOW, force=True)
        assert done.head.events == 1
        (aside,) = done.aside
        with_all = aside.rename(aside.with_name("kept.db"))
        assert with_all.stat().st_mode & 0o777 == 0o600
        assert [row[0] for row in listed(settings.store)] == ["buyer1@example.com"]

    def test_the_same_again_needs_no_force(self, settings: Settings, db: Db, place: Path) -> None:
        stopped(db, 1)
        back_up(settings, place, NOW, 7)
        db.close()
        assert restore(settings, place, NOW, force=False).head.events == 1

    def test_an_empty_new_store_needs_no_force(self, settings: Settings, db: Db, place: Path, tmp_path: Path) -> None:
        stopped(db, 1)
        back_up(settings, place, NOW, 7)
        new = StoreSettings(directory=str(tmp_path / "new"), public_directory=str(tmp_path / "new-public"))
        open_db(new).close()
        assert restore(replace(settings, store=new), place, NOW, force=False).head.events == 1

    def test_a_damaged_store_is_put_aside_by_force(self, settings: Settings, db: Db, place: Path) -> None:
        stopped(db, 1)
        back_up(settings, place, NOW, 7)
        db.close()
        db.path.write_bytes(b"nothing of a database" * 500)
        with pytest.raises(StoreError, match="with --force it is put aside"):
            restore(settings, place, NOW, force=False)
        assert restore(settings, place, NOW, force=True).head.events == 1

    def test_a_key_ring_with_newer_keys_stays(self, settings: Settings, db: Db, place: Path) -> None:
        load_ring(settings, db)
        back_up(settings, place, NOW, 7)
        with key_path(settings).open("a") as ring:
            ring.write(new_key_line("b", b"2" * 32) + "\n")
        text = key_path(settings).read_text()
        db.close()
        restore(settings, place, NOW, force=False)
        assert key_path(settings).read_text() == text

    def test_a_damaged_backup_is_refused(self, settings: Settings, db: Db, place: Path) -> None:
        stopped(db, 1)
        made = back_up(settings, place, NOW, 7)
        path = made.folder / "optoutd.db"
        spoilt = bytearray(path.read_bytes())
        spoilt[spoilt.index(b"please stop")] ^= 1
        path.write_bytes(spoilt)
        with pytest.raises(StoreError, match="is not whole"):
            restore(settings, place, NOW, force=True)
        assert chain.head(db).events == 1

    def test_a_folder_without_a_backup_is_refused(self, settings: Settings, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="holds no backup"):
            restore(settings, tmp_path, NOW, force=False)


def of_schema(folder: Path, number: int) -> Path:
    """A backup as an older optoutd made it, of a store with one person who had left and one event."""
    folder.mkdir(mode=0o700, parents=True)
    path = folder / "optoutd.db"
    create_file(path, 0o600)
    connection = apsw.Connection(str(path))
    migrate(connection, tuple(step for step in load_steps() if step.number <= number), path)
    empty = dict.fromkeys(("rule", "excerpt", "row", "reason", "by", "alert", "content_key", "about", "signal"), "")
    facts = {"at": 1, "key": "ann@example.com", "domain": "example.com", "kind": "unsubscribe", "strength": 1,
             "weak": "", "has_token": 0, "hard": 0, "letter": 0, "before": "{}", "after": "[]"} | empty  # fmt: skip
    columns, places = ", ".join(facts), ", ".join(f":{name}" for name in facts)
    connection.execute(f"INSERT INTO event ({columns}) VALUES ({places})", facts)
    connection.execute("INSERT INTO event_key VALUES ('ann@example.com', 1)")
    connection.execute(
        "INSERT INTO address (key, raw, points, points_full, language, event_id, version) "
        "VALUES ('ann@example.com', '', 0, 0, 'de', 1, 1); UPDATE counter SET value = 1 WHERE name = 'version';"
        "INSERT INTO standing (key, scope, state, reason, rule, strength, since, until, by, provisional, event_id) "
        "VALUES ('ann@example.com', 'all', 'opt_out', 'x', '16 x', 2, 1, NULL, 'policy', 0, 1)"
    )
    if number >= 5:  # events are chained from then on
        chain.begin(Db(connection, path))
    connection.close()
    return folder


# hazard E7
@pytest.mark.parametrize("number", range(1, load_steps()[-1].number))
class TestAnOlderBackup:
    def test_is_brought_to_this_schema(self, number: int, settings: Settings, place: Path) -> None:
        folder = of_schema(place / "optoutd-20200101T000000Z", number)
        done = restore(settings, place, NOW, force=False)
        assert (done.folder, done.head.events, done.rows) == (folder, 1, 1)
        assert [row[0] for row in listed(settings.store)] == ["ann@example.com"]
        again = open_db(settings.store)
        assert again.connection.pragma("user_version") == load_steps()[-1].number
        assert audit.faults(again) == (), "its event is in the chain now"
        again.close()
        with opened_copy(folder / "optoutd.db") as copy:
            assert copy.connection.pragma("user_version") == number, "the backup itself stays as it is"

    def test_over_a_store_that_is_there_says_what_would_be_lost(
        self, number: int, settings: Settings, db: Db, place: Path
    ) -> None:
        of_schema(place / "optoutd-20200101T000000Z", number)
        stopped(db, 1)
        db.close()
        with pytest.raises(StoreError, match="--force would put aside: they are two different stores"):
            restore(settings, place, NOW, force=False)
        done = restore(settings, place, NOW, force=True)
        assert done.head.events == 1
        assert len(done.aside) == 1


def test_an_older_backup_of_the_same_store_says_so(settings: Settings, db: Db, place: Path) -> None:
    folder = of_schema(place / "optoutd-20200101T000000Z", 4)
    connection = apsw.Connection(str(folder / "optoutd.db"))
    connection.execute("UPDATE identity SET id = ?", (db.sql.store_id(),))
    connection.close()
    stopped(db, 1)
    db.close()
    with pytest.raises(StoreError, match="--force would put aside: the backup is of an older optoutd"):
        restore(settings, place, NOW, force=False)


# hazard E7
def test_a_backup_of_a_newer_optoutd_is_refused(settings: Settings, place: Path) -> None:
    folder = of_schema(place / "optoutd-20200101T000000Z", 4)
    connection = apsw.Connection(str(folder / "optoutd.db"))
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(StoreError, match=r"newer optoutd \(schema 99\): install that one first"):
        restore(settings, place, NOW, force=True)


def test_an_older_backup_with_a_broken_page_is_refused(settings: Settings, place: Path) -> None:
    path = of_schema(place / "optoutd-20200101T000000Z", 3) / "optoutd.db"
    spoilt = bytearray(path.read_bytes())
    spoilt[5 * 4096 : 40 * 4096] = bytes(35 * 4096)
    path.write_bytes(spoilt)
    with pytest.raises(StoreError, match=r"is not whole|damaged"):
        restore(settings, place, NOW, force=True)
