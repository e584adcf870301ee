"""The public list always says what the truth says: after any changes, any crash, any damage, to any reader."""

import subprocess
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.address import AddressKey
from agent.model.settings import StoreSettings
from agent.model.state import AddressState, Standing, State
from agent.store import address_state
from agent.store.db import Db, open_db
from agent.store.errors import StoreError
from agent.store.public import Public, expire, open_public, publish, rebuild, repair
from tests.unit.store.samples import NOW, address, happened, standing

DAY = timedelta(days=1)


def save(db: Db, who: AddressKey, *standings: Standing) -> None:
    with db.transaction():
        address_state.save(db, AddressState(key=who, standings=standings), happened(db))


def rows(public: Public) -> list[tuple[object, ...]]:
    found = public.file.connection.execute(
        "SELECT address, scope, state, reason, since, until FROM suppressed ORDER BY 1, 2, 3"
    )
    return list(found)


def states(public: Public) -> list[tuple[object, object]]:
    return [(row[0], row[2]) for row in rows(public)]


def test_what_is_saved_is_published_in_the_public_form(db: Db, public: Public) -> None:
    save(db, address("Buyer@Example.com"), standing(State.PAUSED, "topic:tea", NOW + DAY))
    save(db, address().domain_key, standing(State.DEAD_DOMAIN))
    assert publish(db, public, NOW) == 2
    since = "2026-03-01T12:00:00Z"
    assert rows(public) == [
        ("@example.com", "all", "dead_domain", "asked", since, None),
        ("buyer@example.com", "topic:tea", "paused", "asked", since, "2026-03-02T12:00:00Z"),
    ]


def test_one_row_for_each_scope_and_family_the_strongest(db: Db, public: Public) -> None:
    save(db, address(), *(standing(state) for state in State))
    publish(db, public, NOW)
    assert [row[2] for row in rows(public)] == ["complaint", "hard"]


def test_publishing_is_incremental_and_idempotent(db: Db, public: Public) -> None:
    save(db, address("a@x.example"), standing())
    assert publish(db, public, NOW) == 1
    assert publish(db, public, NOW) == 0
    save(db, address("b@x.example"), standing())
    save(db, address("a@x.example"))
    assert publish(db, public, NOW) == 2
    assert states(public) == [("b@x.example", "opt_out")]


def test_two_publishers_do_not_undo_each_other(store: StoreSettings, db: Db, public: Public) -> None:
    other_db, other = open_db(store), open_public(store)
    save(db, address("a@x.example"), standing())
    save(other_db, address("b@x.example"), standing())
    publish(other_db, other, NOW)
    save(db, address("a@x.example"))
    publish(db, public, NOW)
    assert publish(other_db, other, NOW) == 0
    assert states(public) == [("b@x.example", "opt_out")]
    other.close()
    other_db.close()


def test_nothing_uncommitted_is_published(db: Db, public: Public) -> None:
    with db.transaction(), pytest.raises(RuntimeError):
        publish(db, public, NOW)


@pytest.mark.parametrize("vanish", [publish, expire])
def test_what_runs_out_vanishes_and_shows_what_lay_beneath(
    db: Db, public: Public, vanish: Callable[[Db, Public, object], int]
) -> None:
    save(db, address("a@x.example"), standing(State.OPT_OUT, until=NOW + DAY), standing(State.PAUSED))
    save(db, address("b@x.example"), standing(State.SUSPECT, until=NOW + DAY))
    publish(db, public, NOW)
    assert vanish(db, public, NOW + DAY - timedelta(seconds=2)) == 0
    assert len(rows(public)) == 2
    assert vanish(db, public, NOW + DAY) == 2
    assert states(public) == [("a@x.example", "paused")]


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM suppressed WHERE address = 'a@x.example'",
        "INSERT INTO suppressed VALUES ('z@x.example', 'all', 'hard', '', '', NULL)",
        "UPDATE suppressed SET reason = 'changed' WHERE address = 'a@x.example'",
        "UPDATE suppressed SET address = upper(address) WHERE address = 'a@x.example'",
        "UPDATE suppressed SET until = '2026-03-02T12:00:00Z' WHERE address = 'a@x.example'",
    ],
)
def test_repair_mends_what_was_touched(db: Db, public: Public, damage: str) -> None:
    save(db, address("a@x.example"), standing())
    save(db, address("b@x.example"), standing())
    publish(db, public, NOW)
    before = rows(public)
    assert repair(db, public, NOW) == 0
    public.file.connection.execute(damage)
    assert repair(db, public, NOW) == 1
    assert rows(public) == before


def test_a_lost_list_is_made_anew(store: StoreSettings, db: Db) -> None:
    save(db, address("a@x.example"), standing())
    first = open_public(store)
    publish(db, first, NOW)
    first.close()
    for path in Path(store.public_directory).iterdir():
        path.unlink()
    again = open_public(store)
    assert publish(db, again, NOW) == 1
    assert states(again) == [("a@x.example", "opt_out")]
    again.close()


# hazard E7
def test_a_list_of_another_truth_is_replaced(tmp_path: Path, db: Db, public: Public) -> None:
    save(db, address("a@x.example"), standing())
    save(db, address("b@x.example"), standing())
    publish(db, public, NOW)
    other = open_db(StoreSettings(directory=str(tmp_path / "restored")))
    save(other, address("c@x.example"), standing())
    assert publish(other, public, NOW) == 3
    assert states(public) == [("c@x.example", "opt_out")]
    other.close()


# hazard E5
def test_a_damaged_list_is_named_with_the_mend(store: StoreSettings) -> None:
    open_public(store).close()
    (Path(store.public_directory) / "suppression.db").write_bytes(b"not a database" * 300)
    with pytest.raises(StoreError, match=r"make it anew from optoutd\.db: optoutd rebuild"):
        open_public(store)


def test_a_stop_while_publishing_leaves_the_old_list(db: Db, public: Public) -> None:
    save(db, address("a@x.example"), standing())
    publish(db, public, NOW)
    save(db, address("b@x.example"), standing())
    public.file.connection.set_exec_trace(lambda _, sql, __: not sql.startswith("INSERT INTO suppressed"))
    with pytest.raises(Exception, match="Abort"):
        publish(db, public, NOW)
    public.file.connection.set_exec_trace(None)
    assert states(public) == [("a@x.example", "opt_out")]
    assert publish(db, public, NOW) == 1
    assert states(public) == [("a@x.example", "opt_out"), ("b@x.example", "opt_out")]


KEYS = st.sampled_from([address(f"{name}@x.example") for name in "abc"] + [address("a@x.example").domain_key])
STANDINGS = st.lists(
    st.builds(
        standing,
        st.sampled_from(State),
        st.sampled_from(["all", "list:news"]),
        st.one_of(st.none(), st.integers(-2, 6).map(lambda days: NOW + days * DAY)),
    ),
    max_size=4,
    unique_by=lambda one: (one.scope, one.state),
)
STEPS = st.lists(st.one_of(st.tuples(KEYS, STANDINGS), st.integers(0, 3)), max_size=8)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_after_any_steps_the_list_equals_a_rebuilt_one(steps: list[tuple[AddressKey, list[Standing]] | int]) -> None:
    """A number is time passing, then a publication; a pair is a save, published only with what follows."""
    with tempfile.TemporaryDirectory() as folder:
        where = StoreSettings(directory=f"{folder}/store", public_directory=f"{folder}/public")
        db, public = open_db(where), open_public(where)
        for connection in (db.connection, public.file.connection):
            connection.pragma("synchronous", "OFF")
        now = NOW
        for step in steps:
            if isinstance(step, int):
                now += step * DAY
                publish(db, public, now)
            else:
                save(db, step[0], *step[1])
        publish(db, public, now)
        published = rows(public)
        assert repair(db, public, now) == 0
        assert rebuild(db, public, now) == len(published)
        assert rows(public) == published
        public.close()
        db.close()


def test_a_foreign_reader_sees_the_list_in_any_case(store: StoreSettings, db: Db, public: Public) -> None:
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("no /usr/bin/python3 with Debian's own SQLite here")
    save(db, address("buyer@example.com"), standing())
    publish(db, public, NOW)
    ask = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "print(c.execute('SELECT state FROM suppressed WHERE address = ? AND scope = ?',"
        " ('BUYER@example.COM', 'all')).fetchall())"
    )
    path = Path(store.public_directory) / "suppression.db"
    with public.file.transaction():  # an open write does not block it
        said = subprocess.run([python, "-c", ask, path], capture_output=True, text=True, check=False, timeout=30)
    if "No module named" in said.stderr:
        pytest.skip("no sqlite3 in /usr/bin/python3 here")
    assert said.stdout.strip() == "[('opt_out',)]", said.stderr
    save(db, address("second@example.com"), standing())
    assert publish(db, public, NOW) == 1
