"""What is damaged stops the program or is made anew, and no reader of the list ever meets an empty one."""

import random
from pathlib import Path

import apsw
import pytest

from agent.model.settings import StoreSettings
from agent.store.db import Db, open_db
from agent.store.errors import StoreDamaged
from agent.store.public import Public, open_public, publish
from agent.store.sound import demand_sound, make_anew, open_list, open_truth
from tests.unit.store.samples import NOW, address, standing
from tests.unit.store.test_public import save, states

PAGE = 4096
PEOPLE = 400


def path_of(store: StoreSettings) -> Path:
    return Path(store.public_directory) / "suppression.db"


def fill(db: Db, public: Public) -> list[tuple[object, object]]:
    """A list of several pages, on disk as a whole."""
    for number in range(PEOPLE):
        save(db, address(f"buyer{number:04d}@x.example"), standing())
    publish(db, public, NOW)
    public.file.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return states(public)


def spoil(path: Path, *pages: int) -> None:
    """What a dying disk leaves of a page."""
    whole, dice = bytearray(path.read_bytes()), random.Random(5)
    for page in pages:
        whole[page * PAGE : (page + 1) * PAGE] = dice.randbytes(PAGE)
    path.write_bytes(whole)


def start(store: StoreSettings) -> None:
    """As far as a daemon gets."""
    db = open_truth(store)
    try:
        demand_sound(db)
    finally:
        db.close()


# hazard E5
@pytest.mark.parametrize("page", range(12))
def test_a_store_with_a_broken_page_is_refused_with_what_to_do(store: StoreSettings, page: int) -> None:
    db = open_db(store)
    for number in range(PEOPLE):
        save(db, address(f"buyer{number:04d}@x.example"), standing())
    db.close()
    path = Path(store.directory) / "optoutd.db"
    spoil(path, page, page + 12, page + 24)
    with pytest.raises(StoreDamaged) as caught:
        start(store)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert "optoutd restore DIRECTORY --force" in said
    assert "\n" not in said


def test_a_sound_store_is_taken(db: Db) -> None:
    demand_sound(db)


# hazard E5
@pytest.mark.parametrize("pages", [(0,), (1,), (3,), (0, 1, 2, 3, 4)])
def test_a_broken_list_is_made_anew_whole(store: StoreSettings, db: Db, pages: tuple[int, ...]) -> None:
    public = open_public(store)
    wanted = fill(db, public)
    public.close()
    spoil(path_of(store), *pages)
    mended, damage = open_list(db, store, NOW)
    assert damage
    assert states(mended) == wanted
    mended.close()
    assert path_of(store).stat().st_mode & 0o777 == 0o660
    assert [path.name for path in path_of(store).parent.iterdir()] == ["suppression.db"]


# hazard E5
def test_a_list_without_a_byte_or_a_file_is_filled_before_it_has_a_table(store: StoreSettings, db: Db) -> None:
    """An empty table would let everybody through; no table is an error to whoever asks, and mail waits."""
    wanted = fill(db, open_public(store))
    for path in path_of(store).parent.iterdir():
        path.unlink()
    fresh = open_public(store)
    with pytest.raises(apsw.SQLError, match="no such table"):
        states(fresh)
    fresh.close()
    mended, damage = open_list(db, store, NOW)
    assert (damage, states(mended)) == ("", wanted)
    mended.close()


# hazard E5
def test_who_has_the_list_open_sees_the_old_rows_and_then_the_new_ones(store: StoreSettings, db: Db) -> None:
    public = open_public(store)
    wanted = fill(db, public)
    reader = apsw.Connection(str(path_of(store)))
    seen: list[int] = []

    def count(*_: object) -> bool:
        seen.append(reader.execute("SELECT count(*) FROM suppressed").get)
        return True

    public.file.connection.execute("DELETE FROM suppressed WHERE address < 'buyer0100'")
    count()
    db.connection.set_exec_trace(count)  # the truth is asked for every row while the list is made
    make_anew(db, store, NOW)
    db.connection.set_exec_trace(None)
    count()
    assert (seen[0], seen[-1]) == (PEOPLE - 100, PEOPLE)
    assert set(seen) == {PEOPLE - 100, PEOPLE}
    assert states(public) == wanted
    reader.close()
    public.close()


def test_a_whole_list_is_only_compared(store: StoreSettings, db: Db, public: Public) -> None:
    wanted = fill(db, public)
    before = path_of(store).stat().st_ino
    public.file.connection.execute("DELETE FROM suppressed WHERE address < 'buyer0100'")
    mended, damage = open_list(db, store, NOW)
    assert (damage, states(mended), path_of(store).stat().st_ino) == ("", wanted, before)
    mended.close()
