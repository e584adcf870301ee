"""A backup: optoutd.db as of one moment and both key files, in a folder that takes its name when all was verified."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import apsw

from agent.model.settings import Settings
from agent.store import audit, chain
from agent.store.chain import Head
from agent.store.copying import copy_database, copy_private
from agent.store.db import FILE_NAME, Db
from agent.store.erased import KEY_FILE
from agent.store.errors import StoreError, translated
from agent.store.files import make_directory, refuse_wider, sync_directory
from agent.store.key_file import key_path
from agent.store.migrate import load_steps
from agent.trust.tokens import parse_ring, vectors

TOKEN_KEYS = "token.keys"
_PREFIX = "optoutd-"
_UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A folder that was verified, and where its record ends."""

    folder: Path
    head: Head


def back_up(settings: Settings, directory: Path, now: datetime, keep: int) -> Backup:
    """A new backup below `directory`; only then are older ones than the newest `keep` taken away."""
    if not make_directory(directory, 0o700):
        refuse_wider(directory, 0o700, "is to hold mail")
    folder = directory / f"{_PREFIX}{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    unfinished = directory / f"{_UNFINISHED}{os.getpid()}"
    if folder.exists():
        raise StoreError(f"{folder} is there already")
    try:
        _fill(settings, unfinished)
        head = verified(unfinished)
        unfinished.rename(folder)
        sync_directory(directory)
        for old in [*backups(directory)[:-keep], *directory.glob(f"{_UNFINISHED}*")]:
            shutil.rmtree(old)
    except OSError as error:
        raise StoreError(f"{directory}: cannot be written ({error})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Backup(folder=folder, head=head)


def backups(directory: Path) -> list[Path]:
    """The finished ones below a directory, the newest last."""
    return sorted(path.parent for path in directory.glob(f"{_PREFIX}*/{FILE_NAME}"))


def _fill(settings: Settings, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    store = Path(settings.store.directory)
    with translated(str(folder / FILE_NAME)):
        copy_database(store / FILE_NAME, folder / FILE_NAME)
    for source, name in ((key_path(settings), TOKEN_KEYS), (store / KEY_FILE, KEY_FILE)):
        if source.exists():  # made with the first token and the first erasure
            copy_private(source, folder / name)
    sync_directory(folder)


def verified(folder: Path) -> Head:
    """Where the record of a backup ends; StoreError when a page, an event or a key is not as it should be."""
    with opened_copy(folder / FILE_NAME) as db:
        version = int(db.connection.pragma("user_version"))
        if version > load_steps()[-1].number:
            raise StoreError(f"{db.path} is of a newer optoutd (schema {version}): install that one first")
        found = audit.faults(db) if version == load_steps()[-1].number else tuple(audit.file_faults(db))
        found += _key_faults(db, folder)
        if found:
            raise StoreError(f"{folder} is not whole: {found[0]}")
        return chain.head(db) if version == load_steps()[-1].number else Head(events=0, last=0, hash="")


@contextmanager
def opened_copy(path: Path) -> Iterator[Db]:
    """A copy that nobody writes, for reading."""
    with translated(str(path)):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            yield Db(connection, path)
        finally:
            connection.close()


def _key_faults(db: Db, folder: Path) -> tuple[str, ...]:
    keys = folder / TOKEN_KEYS
    wrong: tuple[str, ...] = () if fits(db, keys) else (f"{TOKEN_KEYS} is not what the tokens were made with",)
    if db.sql.erased_any() and not (folder / KEY_FILE).exists():
        wrong += (f"{KEY_FILE} is missing: without it nobody can tell who was erased",)
    return wrong


def fits(db: Db, keys: Path) -> bool:
    """Whether a key ring has every key that tokens of this store were made with."""
    stored = {str(kid): str(vector) for kid, vector in db.sql.token_vectors()}
    try:
        there = vectors(parse_ring(keys.read_text("ascii"))) if stored else {}
    except (OSError, ValueError):  # a UnicodeError is a ValueError
        return False
    return stored.items() <= there.items()
