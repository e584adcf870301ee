"""Is the record whole? SQLite's own check, the chain of events, and the public list held against what was decided."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

import apsw

from agent.store import chain
from agent.store.db import Db
from agent.store.errors import StoreDamaged
from agent.store.public import Public, lasting_differences

_MOST_LINES = 20


def faults(db: Db) -> tuple[str, ...]:
    """What is wrong inside optoutd.db, one line each; only the first of many."""
    with db.snapshot():
        return tuple(islice(_inside(db), _MOST_LINES))


def _inside(db: Db) -> Iterator[str]:
    yield from file_faults(db)
    yield from chain.faults(db)


def file_faults(db: Db) -> Iterator[str]:
    """What SQLite says about the pages of one file."""
    try:
        for (line,) in db.connection.execute(f"PRAGMA integrity_check({_MOST_LINES})"):
            if line != "ok":
                yield f"{db.path}: {line}"
    except apsw.Error as error:
        yield f"{db.path}: {error}"


def list_faults(db: Db, public: Public, now: datetime) -> tuple[str, ...]:
    """What is wrong with suppression.db."""
    try:
        with public.file.snapshot():
            found = tuple(file_faults(public.file))
        if not found and (wrong := lasting_differences(db, public, now)):
            found = (f"{public.file.path}: {len(wrong)} addresses are not as decided; mend it with: optoutd rebuild",)
    except StoreDamaged as error:
        return (str(error),)
    return found
