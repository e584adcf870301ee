"""Is it safe to begin? A damaged optoutd.db stops the program; a damaged suppression.db is made anew from it.

Law: who reads suppression.db finds the old list, the whole new one, or an error; never one that is empty or half made.
"""

from datetime import datetime
from pathlib import Path

import apsw

from agent.model.settings import StoreSettings
from agent.store.audit import file_faults
from agent.store.db import Db, connect, open_db
from agent.store.errors import StoreBusy, StoreDamaged, StoreError, StoreFull, translated
from agent.store.files import create_file, make_directory, sync_directory
from agent.store.public import FILE_NAME, Public, open_public, rebuild, repair

_MEND = (
    "nothing was read, sent or published. Stop the daemon and put the last backup in its place: "
    "optoutd restore DIRECTORY --force (see docs/how-to/backup.md)"
)


def open_truth(settings: StoreSettings) -> Db:
    """Opens optoutd.db for a program that will work on it; StoreDamaged says what to do."""
    try:
        return open_db(settings)
    except StoreDamaged as error:
        raise StoreDamaged(f"{error}; {_MEND}") from error


def demand_sound(db: Db) -> None:
    """SQLite's quick_check finds nothing, or StoreDamaged.

    It reads every page once, in order. What it leaves to the weekly check (whether each index says what its table
    says, whether each event is as it was written) is slower, and a start keeps mail waiting.
    """
    try:
        with translated(str(db.path)):
            wrong = next((row[0] for row in db.connection.execute("PRAGMA quick_check(1)") if row[0] != "ok"), "")
    except StoreDamaged as error:
        raise StoreDamaged(f"{error}; {_MEND}") from error
    if wrong:
        raise StoreDamaged(f"{db.path} is damaged ({' '.join(wrong.split())}); {_MEND}")


def open_list(db: Db, settings: StoreSettings, now: datetime) -> tuple[Public, str]:
    """Opens suppression.db and mends it; what made it necessary to write it anew, or nothing."""
    damage = ""
    try:
        public = open_public(settings)
        try:
            damage = next(file_faults(public.file), "")
            if not damage:
                repair(db, public, now)
        except StoreError:
            public.close()
            raise
        if not damage:
            return public, ""
        public.close()
    except StoreDamaged as error:
        damage = str(error)
    make_anew(db, settings, now)
    return open_public(settings), damage


def make_anew(db: Db, settings: StoreSettings, now: datetime) -> int:
    """The whole list in a file beside the old one, which then becomes it in one step; how many rows."""
    directory = Path(settings.public_directory)
    make_directory(directory, 0o2770)
    path, fresh = directory / FILE_NAME, directory / f"{FILE_NAME}.making"
    _remove(fresh, "", "-wal", "-shm")
    try:
        create_file(fresh, 0o660)
        made = Public(file=Db(connect(fresh, settings.busy_seconds), fresh))
        try:
            rows = rebuild(db, made, now)
        finally:
            made.close()
        if not _overwritten(path, fresh):
            _remove(path, "-wal", "-shm")  # of the old file: they must not be applied to the new one
            fresh.replace(path)
            sync_directory(directory)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error})") from error
    finally:
        _remove(fresh, "", "-wal", "-shm")
    return rows


def _overwritten(path: Path, fresh: Path) -> bool:
    """In one transaction, so that also who has the file open sees the new list; not every damage allows it."""
    try:
        with translated(str(path)):
            target, source = _opened(path), _opened(fresh)
            try:
                with target.backup("main", source, "main") as copy:
                    copy.step()
                return not any(file_faults(Db(target, path)))
            finally:
                target.close()
                source.close()
    except (StoreFull, StoreBusy):
        raise
    except StoreError:
        return False


def _opened(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(5000)
    return connection


def _remove(path: Path, *endings: str) -> None:
    for ending in endings:
        path.with_name(path.name + ending).unlink(missing_ok=True)
