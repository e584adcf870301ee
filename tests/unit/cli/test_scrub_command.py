"""`scrub` as it is called: up to date with what was decided a moment ago, and with who leaves while it reads."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.cli import scrub as command
from agent.lists import scrub as reading
from agent.model.mail import Door
from agent.model.signal import Evidence, Order, OrderKind, Origin, Strength
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.store.db import Db
from agent.store.public import open_public, publish
from tests.unit.cli.conftest import CommandLine
from tests.unit.store.samples import address

PEOPLE = [f"buyer{number}@x.example" for number in range(10)]


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("email\n" + "".join(f"{one}\n" for one in PEOPLE))
    return path


def leave(optoutd: CommandLine, db: Db, who: str, *, told: bool = True) -> None:
    """As the daemon does it, in a connection of its own; `told` when the list was written, too."""
    evidence = Evidence(rule="operator:suppress", strength=Strength.E3)
    order = Order(address=address(who), evidence=evidence, kind=OrderKind.SUPPRESS, why="asked", by="Mei",
                  state="opt_out")  # fmt: skip
    now = utc_now()
    with db.transaction():
        apply_signals(db, (order,), Origin(door=Door.OPERATOR, received_at=now), optoutd.settings, now)
    if told:
        public = open_public(optoutd.settings.store)
        publish(db, public, now)
        public.close()


def kept(folder: Path) -> list[str]:
    return (folder / "out.csv").read_text().split()[1:]


def at_row(rows: int, act: Callable[[], object]) -> Callable[[int], None]:
    """Acts once, when so many rows were read."""
    done: list[int] = []

    def progress(read: int) -> None:
        if read == rows and not done:
            done.append(read)
            act()

    return progress


# hazard E13
@pytest.mark.parametrize("told", [True, False], ids=["published", "not yet published"])
def test_who_leaves_while_it_reads_is_taken_out(
    told: bool, optoutd: CommandLine, db: Db, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """His row is in the first batch, and he leaves when the second was read."""
    monkeypatch.setattr(reading, "BATCH", 2)
    monkeypatch.setattr(command, "_progress", at_row(4, lambda: leave(optoutd, db, PEOPLE[1], told=told)))
    ended = optoutd("scrub", "in.csv", "-o", "out.csv", "--rejected", "bad.csv")
    assert ended.code == 0
    assert kept(listed.parent) == [one for one in PEOPLE if one != PEOPLE[1]]
    assert (listed.parent / "bad.csv").read_text() == f"email\n{PEOPLE[1]}\n"
    assert ended.out.startswith("10 rows by email: 9 may be mailed")
    version = db.connection.execute("SELECT value FROM counter WHERE name = 'version'").get
    assert f"(decision {version})" in ended.out, "the moment the list is right for"


# hazard E13
def test_where_people_leave_all_the_time_it_ends_and_says_of_when_it_is(
    optoutd: CommandLine, db: Db, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = iter(PEOPLE)
    monkeypatch.setattr(command, "_progress", lambda _: leave(optoutd, db, next(people)))
    ended = optoutd("scrub", "in.csv", "-o", "out.csv")
    assert ended.code == 0
    assert kept(listed.parent) == PEOPLE[command.RUNS - 1 :]
    version = db.connection.execute("SELECT value FROM counter WHERE name = 'version'").get
    assert f"(decision {version - 1})" in ended.out


# hazard E13
def test_what_was_decided_and_not_published_counts(optoutd: CommandLine, db: Db, listed: Path) -> None:
    leave(optoutd, db, PEOPLE[3], told=False)
    assert optoutd("scrub", "in.csv", "-o", "out.csv").code == 0
    assert PEOPLE[3] not in kept(listed.parent)


# hazard E5
def test_a_list_that_is_gone_lets_nobody_through(optoutd: CommandLine, db: Db, listed: Path) -> None:
    leave(optoutd, db, PEOPLE[3])
    for path in (listed.parent / "public").iterdir():
        path.unlink()
    assert optoutd("scrub", "in.csv", "-o", "out.csv").code == 0
    assert PEOPLE[3] not in kept(listed.parent)
