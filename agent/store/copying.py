"""Whole copies of files: of a database by SQLite itself, since copying the file would miss what is still in its WAL."""

import os
from pathlib import Path

import apsw

from agent.store.errors import StoreError
from agent.store.files import create_file


def copy_database(source: Path, target: Path) -> None:
    """All that is committed at one moment, while others go on writing; `target` is the owner's alone."""
    create_file(target, 0o600)
    # SQLite copies only from a connection that is not writing.
    original = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    copy = apsw.Connection(str(target))
    try:
        with copy.backup("main", original, "main") as backup:
            backup.step()
        copy.pragma("journal_mode", "delete")  # a copy of a WAL database would need a WAL beside it
    finally:
        copy.close()
        original.close()


def copy_private(source: Path, target: Path) -> None:
    """The bytes of a file nobody writes, for the owner alone and safe from a power cut; `target` must be new."""
    try:
        made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(made, "wb") as opened, source.open("rb") as original:
            while some := original.read(1 << 20):
                opened.write(some)
            opened.flush()
            os.fsync(made)
    except OSError as error:
        raise StoreError(f"{source}: cannot be copied to {target} ({error.strerror})") from error
