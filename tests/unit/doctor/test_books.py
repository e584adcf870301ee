"""The store from inside: what the doctor says of it, and that he changes nothing."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.doctor import books
from agent.model.address import AddressKey
from agent.model.mail import Door
from agent.model.signal import Evidence, Order, OrderKind, Origin, Strength
from agent.process import apply_signals
from agent.store import checked, inbox
from agent.store.checked import Checked
from agent.store.db import Db
from agent.store.key_file import load_ring, read_keys
from agent.store.public import open_public, publish
from agent.store.work_lock import WorkLock
from tests.unit.doctor.conftest import NOW, MakePatient, lines
from tests.unit.store.samples import message


def suppress(db: Db, patient: MakePatient, address: AddressKey) -> str:
    """Order it, and publish the list; what was decided."""
    settings = patient().settings
    evidence = Evidence(rule="operator:suppress", excerpt="asked", strength=Strength.E3)
    order = Order(address=address, evidence=evidence, kind=OrderKind.SUPPRESS, why="asked", by="Mei", state="opt_out")
    with db.transaction():
        (plan,) = apply_signals(db, (order,), Origin(door=Door.OPERATOR, received_at=NOW), settings, NOW)
    public = open_public(settings.store)
    publish(db, public, NOW)
    public.close()
    return plan.row


ANN = AddressKey(local="ann", domain="buyer.example")


async def test_before_the_first_start_nothing_is_made(patient: MakePatient, tmp_path: Path) -> None:
    one = patient()
    assert books.store(one) == ()
    assert lines(await books.public_list(one)) == [("ok", "list")]
    assert books.token_keys(one) == ()
    assert lines(books.daemon(one)) == [("ok", "daemon")]
    assert (books.waiting(one), books.own_people(one), books.erased_people(one)) == ((), (), ())
    assert not (tmp_path / "store").exists()
    assert not (tmp_path / "public").exists()


@pytest.mark.parametrize("schema", [1, 99])
async def test_another_schema_is_neither_migrated_nor_opened(schema: int, db: Db, patient: MakePatient) -> None:
    # hazard E7
    db.connection.pragma("user_version", schema)
    assert lines(books.store(patient())) == [("broken", "store")]
    assert db.connection.pragma("user_version") == schema


async def test_a_store_that_opens(db: Db, patient: MakePatient) -> None:
    one = patient()
    assert lines(books.store(one)) == [("ok", "store")]
    assert lines(await books.public_list(one)) == [("ok", "list")]
    assert lines(books.waiting(one)) == [("ok", "waiting")]


def test_a_damaged_store(patient: MakePatient, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(0o700)
    (tmp_path / "store" / "optoutd.db").write_bytes(b"no database" * 1000)
    assert lines(books.store(patient())) == [("broken", "store")]


def test_a_store_that_another_program_holds(db: Db, patient: MakePatient) -> None:
    # hazard E1
    one = patient()
    with db.transaction():
        assert lines(books.store(one)) == [("broken", "store")]


async def test_a_list_that_differs_is_told_and_not_mended(
    db: Db, patient: MakePatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "PUBLISH_SECONDS", 0)
    suppress(db, patient, ANN)
    one = patient()
    assert one.public is not None
    assert lines(await books.public_list(one)) == [("ok", "list")]
    one.public.file.connection.execute("DELETE FROM suppressed")
    (found,) = await books.public_list(one)
    assert (found.level.value, found.mend) == ("broken", "optoutd rebuild")
    assert found.said.startswith("1 rows")
    assert lines(await books.public_list(one)) == [("broken", "list")]


async def test_a_list_that_is_missing(db: Db, patient: MakePatient) -> None:
    shutil.rmtree(patient().settings.store.public_directory)
    assert lines(await books.public_list(patient())) == [("warning", "list")]


@pytest.mark.parametrize(
    ("ago", "faults", "level"), [(1, 0, "ok"), (16, 0, "warning"), (1, 2, "broken"), (400, 2, "broken")]
)
def test_what_the_last_check_found(ago: int, faults: int, level: str, db: Db, patient: MakePatient) -> None:
    # hazard E5
    assert lines(books.record(patient())) == [("ok", "record")]
    with db.transaction():
        checked.remember(db, Checked(at=NOW - timedelta(days=ago), faults=faults))
    lock = WorkLock(patient().settings.store)
    lock.demand()
    (found,) = books.record(patient())
    lock.release()
    assert found.level.value == level
    assert ("optoutd verify" in found.mend) == (level != "ok")


class TestTokenKeys:
    """A lost key turns every link ever sent into nothing (hazard J5)."""

    def test_before_they_are_made(self, db: Db, patient: MakePatient) -> None:
        assert books.token_keys(patient()) == ()

    def test_the_right_ones(self, db: Db, patient: MakePatient) -> None:
        load_ring(patient().settings, db)
        assert lines(books.token_keys(patient())) == [("ok", "keys")]

    def test_new_ones_are_not_taken_for_known(self, db: Db, patient: MakePatient) -> None:
        one = patient()
        read_keys(one.settings)
        assert lines(books.token_keys(one)) == [("ok", "keys")]
        assert db.connection.execute("SELECT count(*) FROM token_check").get == 0

    def test_lost_and_replaced_ones(self, db: Db, patient: MakePatient) -> None:
        one = patient()
        load_ring(one.settings, db)
        path = Path(one.settings.store.directory) / "token.keys"
        path.unlink()
        assert lines(books.token_keys(one)) == [("broken", "keys")]
        path.write_text("a:" + "7" * 64 + "\n")
        path.chmod(0o600)
        assert lines(books.token_keys(one)) == [("broken", "keys")]
        path.chmod(0o644)
        assert "chmod 600" in books.token_keys(one)[0].said


def test_is_anybody_at_work(db: Db, patient: MakePatient) -> None:
    assert lines(books.daemon(patient())) == [("warning", "daemon")]
    lock = WorkLock(patient().settings.store)
    lock.demand()
    assert lines(books.daemon(patient())) == [("ok", "daemon")]
    lock.release()


def test_what_waits_for_a_person(db: Db, patient: MakePatient) -> None:
    with db.transaction():
        number = inbox.accept(db, message(), None)
        inbox.set_aside(db, number, "it killed the reader", NOW)
        db.connection.execute(
            "INSERT INTO outbox (dedupe_key, kind, domain, effect, status, created_at, due_at, detail) VALUES "
            "('1', 'opt_out', 'a.example', '{}', 'unknown', 0, 0, ''), "
            "('2', 'opt_out', 'a.example', '{}', 'waiting', 0, 0, '451 later')"
        )
        db.connection.execute("INSERT INTO breaker VALUES ('B1', 'B1-now', ?)", (2**62,))
    found = books.waiting(patient())
    assert lines(found) == [("warning", about) for about in ("quarantine", "letters", "letters", "breaker")]
    assert "451 later" in found[2].said


def test_mail_that_nobody_reads(db: Db, patient: MakePatient) -> None:
    # hazard K10
    with db.transaction():
        inbox.accept(db, replace(message(), received_at=NOW - timedelta(hours=2)), None)
    assert lines(books.waiting(replace(patient(), at_work=True))) == [("broken", "inbox")]
    assert lines(books.waiting(patient())) == [("ok", "waiting")], "nobody is at work: that line says so"


def test_own_people_are_counted(db: Db, patient: MakePatient) -> None:
    assert suppress(db, patient, AddressKey(local="mei", domain="shop.example")) == "own"
    (found,) = books.own_people(patient())
    assert found.said.startswith("1 of your own")


def test_a_map_cannot_show_erased_people(
    db: Db, patient: MakePatient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # hazard E15
    assert books.erased_people(patient()) == ()
    with db.transaction():
        db.connection.execute("INSERT INTO counter (name, value) VALUES ('erased', 1)")
    monkeypatch.setattr("agent.doctor.places.MAPS", tmp_path / "postfix")
    assert lines(books.erased_people(patient())) == [("ok", "erased")]
    (tmp_path / "postfix").mkdir()
    (tmp_path / "postfix" / "map.cf").write_text(f"dbpath = {tmp_path}/public/suppression.db\n")
    assert lines(books.erased_people(patient())) == [("warning", "erased")]
