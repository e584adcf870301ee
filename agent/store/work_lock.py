"""Who works through the inbox: one process at a time, the daemon or a command that stands in for it.

Accepting mail needs no lock. It is the kernel's lock, so it ends with its process, however that ends.
"""

import fcntl
import os
from pathlib import Path

from agent.model.settings import StoreSettings
from agent.store.errors import StoreError
from agent.store.files import create_file

FILE_NAME = "optoutd.lock"


class WorkLock:
    """The right to take mail out of the inbox of one store, which must exist."""

    def __init__(self, settings: StoreSettings) -> None:
        self._path = Path(settings.directory) / FILE_NAME
        self._held: int | None = None

    def take(self) -> bool:
        """Whether it is ours, now or already; never waits."""
        if self._held is not None:
            return True
        create_file(self._path, 0o600)
        try:
            opened = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be opened ({error.strerror})") from error
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(opened)
            return False
        self._held = opened
        return True

    def demand(self) -> None:
        """It is ours, or StoreError says that somebody else works here."""
        if not self.take():
            raise StoreError(f"{self._path}: another optoutd is working on this store; wait for its end or stop it")

    def release(self) -> None:
        """Let somebody else work."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def at_work(settings: StoreSettings) -> bool:
    """Whether somebody works on this store now."""
    if not (Path(settings.directory) / FILE_NAME).exists():
        return False
    lock = WorkLock(settings)
    if lock.take():
        lock.release()
        return False
    return True
