"""The chain of events: whatever byte changes is found, an erasure leaves it whole, an old store gets one."""

import random
from pathlib import Path

import apsw
import pytest

from agent.model.address import AddressKey, parse_key
from agent.model.plan import Plan
from agent.model.settings import StoreSettings
from agent.model.state import AddressState
from agent.store import audit, chain, erased
from agent.store.db import Db, connect, open_db
from agent.store.errors import StoreError
from agent.store.files import create_file
from agent.store.migrate import load_steps, migrate
from tests.unit.store.samples import happened, opt_out

FLIPS = 400
RECORD = ("SELECT * FROM event", "SELECT * FROM event_key", "SELECT * FROM event_chain")


def filled(db: Db, events: int = 40) -> None:
    with db.transaction():
        for number in range(events):
            signal = opt_out(f"buyer{number}@example.com")
            assert signal.address is not None
            plan = Plan(row="16", reason="asked", states=(AddressState(key=signal.address),))
            happened(db, signal, plan=plan)


def record(path: Path) -> object:
    """All rows of the record, or None when they cannot be read."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [sorted(map(repr, connection.execute(query))) for query in RECORD]
    except (apsw.Error, UnicodeDecodeError):
        return None
    finally:
        connection.close()


def found(path: Path) -> bool:
    try:
        db = Db(connect(path, 1), path)
    except StoreError:
        return True
    try:
        return bool(audit.faults(db))
    except StoreError:
        return True
    finally:
        db.close()


# hazard E5
def test_every_flipped_byte_of_the_record_is_found(db: Db, tmp_path: Path) -> None:
    filled(db)
    with db.transaction():
        erased.erase(db, key_of("buyer3@example.com"))
    db.connection.execute("VACUUM")
    db.close()
    whole, path = db.path.read_bytes(), tmp_path / "flipped.db"
    path.write_bytes(whole)
    wanted = record(path)
    assert not found(path)
    dice = random.Random(5)
    words = [at for at in range(len(whole)) if whole.startswith((b"please stop", b"@example.com"), at)]
    harmless = 0
    for at in [*dice.sample(range(len(whole)), FLIPS), *dice.sample(words, 100)]:
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << dice.randrange(8)
        path.with_name("flipped.db-wal").unlink(missing_ok=True)
        path.with_name("flipped.db-shm").unlink(missing_ok=True)
        path.write_bytes(spoilt)
        if record(path) == wanted:
            harmless += 1  # empty space, or another table
        else:
            assert found(path), f"byte {at}"
    assert harmless < FLIPS


def key_of(text: str) -> AddressKey:
    key = parse_key(text)
    assert key is not None
    return key


TAMPERED = (
    "UPDATE event SET at = at + 1 WHERE id = 7",
    "UPDATE event SET excerpt = 'please write' WHERE id = 7",
    "UPDATE event SET kind = 'reply' WHERE id = 40",
    "DELETE FROM event WHERE id = 7",
    "DELETE FROM event WHERE id = 40",
    "DELETE FROM event WHERE id = 40; DELETE FROM event_chain WHERE event_id = 40;"
    " DELETE FROM event_key WHERE event_id = 40",
    "DELETE FROM event_chain WHERE event_id = 7",
    "UPDATE event_key SET key = 'x@example.com' WHERE event_id = 7",
    "DELETE FROM event_key WHERE event_id = 7",
    "UPDATE event_chain SET hash = randomblob(32) WHERE event_id = 7",
    "UPDATE event_chain SET salt = NULL, remains = private WHERE event_id = 7",
)  # fmt: skip


@pytest.mark.parametrize("change", TAMPERED)
def test_a_changed_or_missing_event_is_found(db: Db, change: str) -> None:
    filled(db)
    assert audit.faults(db) == ()
    triggers = tuple(db.connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
    db.connection.execute("PRAGMA foreign_keys = OFF")
    for (name,) in triggers:
        db.connection.execute(f"DROP TRIGGER {name}")
    db.connection.execute(change)
    assert audit.faults(db) != ()


def test_the_chain_cannot_be_changed_by_mistake(db: Db) -> None:
    filled(db, 2)
    for change in ("UPDATE event_chain SET hash = zeroblob(32)", "UPDATE event_chain SET salt = NULL",
                   "DELETE FROM event_chain"):  # fmt: skip
        with pytest.raises(apsw.ConstraintError, match="never"):
            db.connection.execute(change)


def test_an_erasure_leaves_the_chain_whole_and_nothing_to_try_addresses_on(db: Db) -> None:
    filled(db)
    before = chain.head(db)
    with db.transaction():
        erased.erase(db, key_of("buyer3@example.com"))
    assert audit.faults(db) == ()
    assert chain.head(db) == before
    assert db.connection.execute("SELECT count(*) FROM event_chain WHERE salt IS NULL").get == 1
    with db.transaction():
        happened(db, opt_out("buyer3@example.com"))
        erased.erase(db, key_of("buyer3@example.com"))
    assert audit.faults(db) == ()


def test_an_old_store_gets_its_chain_with_the_migration(store: StoreSettings) -> None:
    Path(store.directory).mkdir(mode=0o700)
    path = Path(store.directory) / "optoutd.db"
    create_file(path, 0o600)
    connection = connect(path, 1)
    migrate(connection, tuple(step for step in load_steps() if step.number < 5), path)
    empty = dict.fromkeys(("rule", "excerpt", "row", "reason", "by", "alert", "content_key", "about", "signal"), "")
    facts = {"at": 1, "key": "a@example.com", "domain": "example.com", "kind": "unsubscribe", "strength": 1, "weak": "",
             "has_token": 0, "hard": 0, "letter": 0, "before": "{}", "after": "[]"} | empty  # fmt: skip
    columns, places = ", ".join(facts), ", ".join(f":{name}" for name in facts)
    for _ in range(3):
        connection.execute(f"INSERT INTO event ({columns}) VALUES ({places})", facts)
    connection.execute("INSERT INTO event_key SELECT 'a@example.com', id FROM event")
    connection.close()
    db = open_db(store)
    try:
        assert audit.faults(db) == ()
        assert (chain.head(db).events, chain.link_of(db, 2).events) == (3, 2)
        filled(db, 2)
        assert audit.faults(db) == ()
    finally:
        db.close()
