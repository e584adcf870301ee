"""`status`: what lies where, before the first start, while it runs, and again and again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.cli import status
from agent.model.mail import RawMessage
from agent.obs.clock import utc_now
from agent.store import checked, inbox
from agent.store.checked import Checked
from agent.store.db import Db
from agent.store.work_lock import WorkLock
from tests.unit.cli.conftest import CommandLine
from tests.unit.store.samples import message


def received(reference: str) -> RawMessage:
    return replace(message(reference), received_at=utc_now())


def test_before_the_first_start_nothing_is_made(optoutd: CommandLine) -> None:
    ended = optoutd("status")
    assert (ended.code, ended.err) == (1, "")
    assert "never started" in ended.out
    (row,) = optoutd("status", "--json").rows
    assert (row["started"], row["running"], row["doors"]) == (False, False, {})
    assert not (optoutd.config.parent / "store").exists()


def test_what_lies_where(optoutd: CommandLine, db: Db) -> None:
    now = utc_now()
    with db.transaction():
        for number, kind in ((1, "unsubscribe"), (2, "unsubscribe"), (3, "bounce")):
            inbox.finish(db, inbox.accept(db, received(f"smtp:{number}"), None), kind, "", now)
        inbox.set_aside(db, inbox.accept(db, received("smtp:4"), None), "broken", now)
        inbox.accept(db, received("smtp:5"), None)
        db.connection.execute(
            "INSERT INTO outbox (dedupe_key, kind, domain, effect, status, created_at, due_at, detail) VALUES "
            "('1', 'opt_out', 'a.example', '{}', 'unknown', 0, 0, ''), "
            "('2', 'opt_out', 'a.example', '{}', 'waiting', 0, 0, '451 [later]')"
        )
    (row,) = optoutd("status", "--json").rows
    assert row["today"] == {"unsubscribe": 2, "bounce": 1}
    waits, doors, letters = row["inbox"], row["doors"], row["letters"]
    assert isinstance(waits, dict)
    assert isinstance(doors, dict)
    assert isinstance(letters, dict)
    assert (waits["count"], waits["observed"], doors["smtp"]["mails"]) == (1, 0, 5)
    assert (row["quarantine"], row["breakers"]) == (1, [])
    assert (letters["waiting"], letters["unknown"], letters["why"]) == (1, 1, "451 [later]")
    ended = optoutd("status")
    assert ended.code == 1, "nobody is at work"
    said = " ".join(ended.out.split())
    for word in ("NOT running", "5 mails, the last just now", "1 of unknown fate", "quarantine list", "unsubscribe 2"):
        assert word in said
    assert "[later]" in said, "what a server says is no markup"


def test_what_the_last_check_found(optoutd: CommandLine, db: Db) -> None:
    assert optoutd("status", "--json").rows[0]["record"] is None
    assert "not checked yet" in optoutd("status").out
    for faults, said in ((0, "whole, checked just now"), (3, "3 FAULTS  (optoutd verify), checked just now")):
        with db.transaction():
            checked.remember(db, Checked(at=utc_now(), faults=faults))
        record = optoutd("status", "--json").rows[0]["record"]
        assert isinstance(record, dict)
        assert record["faults"] == faults
        assert said in optoutd("status").out


def test_verify_answers_for_the_daemon(optoutd: CommandLine, db: Db) -> None:
    with db.transaction():
        checked.remember(db, Checked(at=utc_now(), faults=3))
    assert optoutd("rebuild").code == 0
    assert optoutd("verify").code == 0
    last = checked.last(db)
    assert last
    assert last.faults == 0


def test_while_it_runs(optoutd: CommandLine, db: Db) -> None:
    lock = WorkLock(optoutd.settings.store)
    lock.demand()
    ended = optoutd("status")
    lock.release()
    assert ended.code == 0
    assert ended.out.startswith("optoutd is running")


def test_watching_looks_again_until_it_is_stopped(
    optoutd: CommandLine, db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps = iter((False, False, True))

    def sleep(_: float) -> None:
        if next(naps):
            raise KeyboardInterrupt

    monkeypatch.setattr("agent.cli.status.time.sleep", sleep)
    ended = optoutd("status", "--watch", "--json")
    assert (ended.code, len(ended.rows)) == (130, 3)


def test_a_damaged_store_is_our_fault(optoutd: CommandLine) -> None:
    store = optoutd.config.parent / "store"
    store.mkdir(0o700)
    (store / "optoutd.db").write_bytes(b"no database" * 1000)
    assert optoutd("status").code == 3


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "just now"), (timedelta(seconds=59), "just now"), (timedelta(minutes=61), "1 h ago"),
        (timedelta(minutes=5), "5 min ago"), (timedelta(days=3, hours=5), "3 d ago"),
    ],
)  # fmt: skip
def test_times_as_people_say_them(passed: timedelta, said: str) -> None:
    now = utc_now()
    assert status.ago(now - passed, now) == said
