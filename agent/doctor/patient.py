"""What the checks look at: the settings, and both files as they are, opened once for all of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from agent.config import Loaded
from agent.model.settings import Settings
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.look import open_as_it_is, open_public_as_it_is
from agent.store.public import Public
from agent.store.work_lock import at_work


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """An installation. `db` and `public` are None where the file is not there or `store_fault` says why not."""

    loaded: Loaded
    now: Callable[[], datetime]
    db: Db | None = None
    public: Public | None = None
    store_fault: str = ""
    public_fault: str = ""
    at_work: bool = False

    @property
    def settings(self) -> Settings:
        """The whole configuration, without passwords."""
        return self.loaded.settings


@contextmanager
def opened(loaded: Loaded, now: Callable[[], datetime]) -> Iterator[Patient]:
    """The patient with its files open, as far as they open."""
    store = loaded.settings.store
    db: Db | None = None
    public: Public | None = None
    working, store_fault, public_fault = False, "", ""
    with ExitStack() as stack:
        try:
            db = open_as_it_is(store)
            working = at_work(store)
        except (StoreError, OSError) as error:
            store_fault = str(error)
        try:
            public = open_public_as_it_is(store)
        except (StoreError, OSError) as error:
            public_fault = str(error)
        for file in (db, public):
            if file is not None:
                stack.callback(file.close)
        yield Patient(
            loaded=loaded, now=now, db=db, public=public, store_fault=store_fault, public_fault=public_fault,
            at_work=working,
        )  # fmt: skip
