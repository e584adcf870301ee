"""A backup becomes the store again: verified first, never under a running daemon, and what was there is put aside.

At every moment optoutd.db is whole, the old one or the restored one: a store that were missing for a moment would be
made anew, empty, and an empty list stops nobody.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.model.settings import Settings
from agent.store import chain, public, sound
from agent.store.backup import TOKEN_KEYS, backups, fits, opened_copy, verified
from agent.store.chain import Head
from agent.store.copying import copy_private
from agent.store.db import FILE_NAME, Db, open_db
from agent.store.erased import KEY_FILE
from agent.store.errors import StoreBusy, StoreError
from agent.store.files import make_directory, sync_directory
from agent.store.key_file import key_path
from agent.store.work_lock import WorkLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """From which folder, where the record ends now, how many rows are published, and what was put aside."""

    folder: Path
    head: Head
    rows: int
    aside: tuple[Path, ...]


def restore(settings: Settings, directory: Path, now: datetime, *, force: bool) -> Restored:
    """From a backup, or from the newest one in a directory of them."""
    folder = _chosen(directory)
    verified(folder)
    store = Path(settings.store.directory)
    make_directory(store, 0o700)
    lock = WorkLock(settings.store)
    lock.demand()
    try:
        _refuse_newer(settings, folder, force=force)
        stamp = f"before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        aside = (*_put_keys(settings, folder, stamp), *_put_database(store / FILE_NAME, folder / FILE_NAME, stamp))
        return _publish(settings, folder, now, aside)
    except OSError as error:
        raise StoreError(f"{store}: cannot be written ({error})") from error
    finally:
        lock.release()


def _chosen(directory: Path) -> Path:
    if (directory / FILE_NAME).exists():
        return directory
    found = backups(directory)
    if not found:
        raise StoreError(f"{directory} holds no backup")
    return found[-1]


def _refuse_newer(settings: Settings, folder: Path, *, force: bool) -> None:
    """Also folds the WAL of the store into its file, which is then all there is of it."""
    path = Path(settings.store.directory) / FILE_NAME
    if not path.exists():
        return
    try:
        db = open_db(settings.store)
        try:
            with opened_copy(folder / FILE_NAME) as copy:
                newer = _knows_more(db, copy)
        finally:
            db.close()
    except StoreBusy:
        raise
    except StoreError as error:
        if not force:
            raise StoreError(f"{error}; with --force it is put aside") from error
        return
    if path.with_name(f"{FILE_NAME}-wal").exists():
        raise StoreError(f"{path}: another program has it open; wait for its end")
    if newer and not force:
        raise StoreError(f"{path} knows more than {folder}, which --force would put aside: {newer}")


def _knows_more(db: Db, copy: Db) -> str:
    """What would be lost; empty when the backup holds all that the store holds."""
    mine, extent = chain.head(db), db.sql.backup_extent()
    if not mine.events and not any(extent):
        return ""
    if db.sql.store_id() != copy.sql.store_id():
        return "they are two different stores"
    if copy.connection.pragma("user_version") != db.connection.pragma("user_version"):
        return "the backup is of an older optoutd"
    theirs = chain.head(copy)
    if mine.last > theirs.last or (mine.events and chain.link_of(copy, mine.last) != mine):
        return f"{mine.events} events, the backup {theirs.events}"
    if any(here > there for here, there in zip(extent, copy.sql.backup_extent(), strict=True)):
        return "mail came, or tokens or letters were made, since"
    return ""


def _put_keys(settings: Settings, folder: Path, stamp: str) -> tuple[Path, ...]:
    """A key ring that fits stays: it may have newer keys than the backup."""
    aside: tuple[Path, ...] = ()
    ring = key_path(settings)
    with opened_copy(folder / FILE_NAME) as copy:
        keep_ring = ring.exists() and fits(copy, ring)
    if (folder / TOKEN_KEYS).exists() and not keep_ring:
        aside += _replace(folder / TOKEN_KEYS, ring, stamp)
    erase_key = Path(settings.store.directory) / KEY_FILE
    if (folder / KEY_FILE).exists() and not _same(folder / KEY_FILE, erase_key):
        aside += _replace(folder / KEY_FILE, erase_key, stamp)
    return aside


def _same(one: Path, other: Path) -> bool:
    return other.exists() and one.read_bytes() == other.read_bytes()


def _put_database(path: Path, source: Path, stamp: str) -> tuple[Path, ...]:
    moved: list[Path] = []
    for name in (f"{path.name}-wal", f"{path.name}-shm"):  # only a damaged store still has them: not for the new one
        if (old := path.with_name(name)).exists():
            moved.append(old.rename(path.with_name(f"{path.name}.{stamp}{name.removeprefix(path.name)}")))
    return (*_replace(source, path, stamp), *moved)


def _replace(source: Path, target: Path, stamp: str) -> tuple[Path, ...]:
    """The old file keeps a name of its own; the new one takes the name in one step."""
    fresh, aside = target.with_name(f"{target.name}.restoring"), target.with_name(f"{target.name}.{stamp}")
    fresh.unlink(missing_ok=True)
    copy_private(source, fresh)
    there = target.exists()
    if there:
        os.link(target, aside)
    fresh.replace(target)
    sync_directory(target.parent)
    return (aside,) if there else ()


def _publish(settings: Settings, folder: Path, now: datetime, aside: tuple[Path, ...]) -> Restored:
    db = open_db(settings.store)
    try:
        rows = sound.make_anew(db, settings.store, now)
        file = public.open_public(settings.store)
        try:
            if wrong := public.differences(db, file, now):
                raise StoreError(f"{file.file.path}: {wrong} rows are still not what was decided")
        finally:
            file.close()
        return Restored(folder=folder, head=chain.head(db), rows=rows, aside=aside)
    finally:
        db.close()
