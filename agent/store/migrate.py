"""Brings a database to the current schema: one numbered file, one transaction, one `user_version` at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import apsw

from agent.store.copying import copy_database
from agent.store.errors import StoreError
from agent.store.files import sync_directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One numbered file; it leads to the schema of that number."""

    number: int
    text: str


def load_steps() -> tuple[Step, ...]:
    """The steps of agent/data/migrations in order."""
    folder = files("agent") / "data" / "migrations"
    found = sorted((entry.name, entry) for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(Step(number=int(name[:4]), text=entry.read_text("utf-8")) for name, entry in found)


def migrate(
    connection: apsw.Connection,
    steps: tuple[Step, ...],
    path: Path,
    more: Mapping[int, Callable[[], None]] | None = None,
) -> None:
    """Applies the missing steps; a killed one leaves the schema before it, and the next start goes on from there.

    `more`: what SQL cannot do for a step, done in its transaction.
    """
    newest = steps[-1].number
    current = _version(connection)
    if current > newest:
        raise StoreError(
            f"{path} has schema {current}, this optoutd knows only {newest}: "
            f"install the newer optoutd again, or restore {path.name}.before-{newest + 1}"
        )
    for step in steps:
        if step.number > _version(connection):
            # Of a file that is only being made there is no copy.
            _apply(connection, step, path, (more or {}).get(step.number), keep_copy=current > 0)


def _version(connection: apsw.Connection) -> int:
    return int(connection.pragma("user_version"))


def _apply(
    connection: apsw.Connection, step: Step, path: Path, more: Callable[[], None] | None, *, keep_copy: bool
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        current = _version(connection)  # another process may have been faster
        if keep_copy and current < step.number:
            _back_up(path, step.number)
        if current < step.number:
            connection.execute(step.text)
            if more is not None:
                more()
            connection.pragma("user_version", step.number)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _back_up(path: Path, number: int) -> None:
    """A whole copy beside the file; copying the file itself would miss what is still in the WAL."""
    target = path.with_name(f"{path.name}.before-{number}")
    unfinished = path.with_name(f"{target.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    copy_database(path, unfinished)  # our connection holds the lock, so nobody is writing
    unfinished.replace(target)
    sync_directory(path.parent)
