"""What can go wrong with the store itself; the message is one clear line for the operator."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw


class StoreError(Exception):
    """The store cannot do it; nothing of the transaction was kept."""


class StoreBusy(StoreError):  # noqa: N818 - the word the callers decide by
    """Another program held the database longer than we wait."""


class StoreFull(StoreError):  # noqa: N818 - the word the callers decide by
    """The disk is full."""


class StoreDamaged(StoreError):  # noqa: N818 - the word the callers decide by
    """The file is no database, or its pages contradict each other."""


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turns what SQLite says about disk, lock and file into StoreError; its word about our SQL stays a bug."""
    try:
        yield
    except (apsw.BusyError, apsw.LockedError) as error:
        raise StoreBusy(f"{path}: another program is writing for too long ({error})") from error
    except apsw.FullError as error:
        raise StoreFull(f"{path}: the disk is full ({error})") from error
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise StoreDamaged(f"{path}: damaged or not a database of optoutd ({error})") from error
    except (apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as error:
        raise StoreError(f"{path}: cannot be read or written ({error})") from error
