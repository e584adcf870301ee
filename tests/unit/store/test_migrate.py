"""Migrations: a stop at any statement leaves a schema that the next start goes on from."""

from pathlib import Path

import apsw
import pytest

from agent.model.settings import StoreSettings
from agent.store.db import connect, open_db
from agent.store.errors import StoreError
from agent.store.files import create_file
from agent.store.migrate import Step, load_steps, migrate

_NEXT = "ALTER TABLE contacts ADD COLUMN phone TEXT; CREATE TABLE extra (n INTEGER); INSERT INTO extra VALUES (7);"


class KilledError(Exception):
    pass


def fresh(path: Path) -> apsw.Connection:
    if not path.exists():
        create_file(path, 0o600)
    return connect(path, 1)


def schema(connection: apsw.Connection) -> list[object]:
    return [row[0] for row in connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY sql")]


def die_at(connection: apsw.Connection, statement: int) -> None:
    """From this statement on nothing runs any more, not even a ROLLBACK."""
    left = statement

    def trace(_: object, __: str, ___: object) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise KilledError
        return True

    connection.set_exec_trace(trace)


def steps() -> tuple[Step, ...]:
    found = load_steps()
    return (*found, Step(number=found[-1].number + 1, text=_NEXT))


# hazard E6
def test_a_kill_at_each_statement_leaves_it_mendable(tmp_path: Path) -> None:
    whole = fresh(tmp_path / "whole.db")
    migrate(whole, steps(), tmp_path / "whole.db")
    wanted = schema(whole)
    whole.close()
    statement, finished = 0, False
    while not finished:
        path = tmp_path / f"{statement}.db"
        connection = fresh(path)
        die_at(connection, statement)
        try:
            migrate(connection, steps(), path)
            finished = True
        except KilledError:
            statement += 1
        connection.close()
        again = fresh(path)
        migrate(again, steps(), path)
        assert schema(again) == wanted
        assert again.pragma("user_version") == steps()[-1].number
        assert again.execute("SELECT count(*) FROM extra").get == 1
        again.close()
    assert statement > 40


# hazard E6, E10
def test_a_filled_database_is_copied_before_it_is_changed(store: StoreSettings) -> None:
    db = open_db(store)
    with db.transaction():
        db.connection.execute("INSERT INTO contacts (key, raw, domain) VALUES ('a@example.com', '', 'example.com')")
    number = steps()[-1].number
    migrate(db.connection, steps(), db.path)
    copy = db.path.with_name(f"optoutd.db.before-{number}")
    assert copy.stat().st_mode & 0o777 == 0o600
    kept = apsw.Connection(str(copy), flags=apsw.SQLITE_OPEN_READONLY)
    assert kept.pragma("user_version") == number - 1
    assert kept.execute("SELECT key FROM contacts").get == "a@example.com"
    assert kept.pragma("integrity_check") == "ok"
    kept.close()
    db.close()
    assert not tuple(db.path.parent.glob("*.unfinished*"))


def test_a_new_database_needs_no_copy(store: StoreSettings) -> None:
    open_db(store).close()
    assert [path.name for path in Path(store.directory).iterdir()] == ["optoutd.db"]


# hazard E7
def test_a_newer_schema_is_refused(store: StoreSettings) -> None:
    db = open_db(store)
    db.connection.pragma("user_version", 99)
    db.close()
    with pytest.raises(StoreError, match=rf"schema 99, this optoutd knows only {load_steps()[-1].number}: install"):
        open_db(store)


def test_the_numbers_have_no_gap() -> None:
    assert [step.number for step in load_steps()] == list(range(1, len(load_steps()) + 1))


def test_step_3_keeps_what_was_known_and_lets_an_event_forget_its_person(tmp_path: Path) -> None:
    path = tmp_path / "optoutd.db"
    connection = fresh(path)
    before = tuple(step for step in load_steps() if step.number < 3)
    migrate(connection, before, path)
    empty = dict.fromkeys(("rule", "excerpt", "row", "reason", "by", "alert", "content_key", "about", "signal"), "")
    facts = {"at": 1, "key": "a@example.com", "domain": "example.com", "kind": "unsubscribe", "strength": 1, "weak": "",
             "has_token": 0, "hard": 0, "letter": 0, "before": "{}", "after": "[]"} | empty  # fmt: skip
    columns, places = ", ".join(facts), ", ".join(f":{name}" for name in facts)
    connection.execute(f"INSERT INTO event ({columns}) VALUES ({places})", facts)
    connection.execute(
        "INSERT INTO address (key, raw, points, points_full, language, event_id, version) "
        "VALUES ('a@example.com', '', 2.5, 1, 'de', 1, 1);"
        "INSERT INTO standing VALUES ('a@example.com', 'all', 'opt_out', 'x', '16 x', 2, 1, NULL, 'policy', 0, 1)"
    )
    migrate(connection, load_steps(), path)
    assert connection.execute("SELECT batch FROM standing").get == ""
    assert connection.execute("SELECT points, points_today, unclear, refused FROM address").get == (2.5, 0, 0, 0)
    for change in ("key = 'b@example.com'", "kind = 'x', domain = 'erased.invalid'"):
        with pytest.raises(apsw.ConstraintError, match="never changed"):
            connection.execute(f"UPDATE event SET {change}")
    connection.execute("UPDATE event SET key = 'h@erased.invalid', domain = 'erased.invalid', excerpt = ''")
    with pytest.raises(apsw.ConstraintError, match="never changed"):
        connection.execute("UPDATE event SET key = 'c@example.com', domain = 'example.com'")
    with pytest.raises(apsw.ConstraintError, match="never deleted"):
        connection.execute("DELETE FROM event")
    connection.close()
