"""Files and directories of the store: exact modes, and names that survive a power cut."""

import os
import stat
from pathlib import Path

from agent.store.errors import StoreError


def create_file(path: Path, mode: int) -> None:
    """Makes an empty file with exactly this mode, whatever the umask; WAL and shm files inherit it from SQLite."""
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreError(f"{path}: cannot be made ({error.strerror})") from error
    try:
        os.fchmod(made, mode)
        os.fsync(made)
    finally:
        os.close(made)
    sync_directory(path.parent)


def mend_mode(path: Path, mode: int) -> None:
    """Gives a file of ours exactly this mode again; one of somebody else is left to him."""
    found = path.stat()
    if stat.S_IMODE(found.st_mode) != mode and found.st_uid == os.geteuid():
        path.chmod(mode)


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory survive a power cut."""
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def make_directory(directory: Path, mode: int) -> bool:
    """Makes a directory with exactly this mode; False when it was there."""
    try:
        directory.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not directory.is_dir():
            raise StoreError(f"{directory} is not a directory") from None
        return False
    except OSError as error:
        raise StoreError(f"{directory}: cannot be made ({error.strerror})") from error
    directory.chmod(mode)
    sync_directory(directory.parent)
    return True


def refuse_wider(path: Path, allowed: int, what: str) -> None:
    """Raises when group or others may do more than `allowed` says; the message holds the mend."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    if mode & ~allowed & 0o777:
        raise StoreError(f"{path} {what} and is open to others (mode {mode:o}): chmod {allowed:o} {path}")
