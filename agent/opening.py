"""Opens the two files and the keys, checks and compares them; after that, and not before, anything may be promised.

A damaged optoutd.db ends the start, and suppression.db stays as it is. A damaged suppression.db is made anew, at the
start as while the daemon runs.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from agent.model.settings import Settings, StoreSettings
from agent.obs.clock import utc_now
from agent.obs.log import event
from agent.obs.notify import notify
from agent.store.db import Db, open_db
from agent.store.errors import StoreDamaged
from agent.store.key_file import load_ring, read_keys
from agent.store.public import Public, open_public, publish, repair
from agent.store.sound import demand_sound, make_anew, open_list, open_truth
from agent.store.work_lock import WorkLock
from agent.store.writer import Writer
from agent.trust.tokens import KeyRing

_PATIENCE_SECONDS = 10.0
_MORE_TIME = "EXTEND_TIMEOUT_USEC=60000000"  # a large file on a slow disk is no reason to be killed

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Listing:
    """suppression.db as the writer's thread keeps it; after `mend` the next commit compares every row."""

    settings: StoreSettings
    public: Public
    compare: bool = False
    damage: str = ""

    def mend(self) -> None:
        """The next commit shall compare."""
        self.compare = True

    def after_commit(self, db: Db) -> None:
        """Bring it to what was committed."""
        try:
            if not self.damage:
                self._publish(db)
        except StoreDamaged as error:
            self.damage = str(error)
            self.public.close()
        if self.damage:  # also when it could not be made anew before: the disk may have been full
            make_anew(db, self.settings, utc_now())
            self.public = open_public(self.settings)
            _tell(self.damage)
            self.damage = ""

    def _publish(self, db: Db) -> None:
        if self.compare:
            repair(db, self.public, utc_now())
            self.compare = False
        publish(db, self.public, utc_now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Both files and the keys, opened and compared before anything is promised."""

    writer: Writer
    onlooker: Db
    listing: Listing
    ring: KeyRing
    key_text: str
    lock: WorkLock


@asynccontextmanager
async def open_books(settings: Settings) -> AsyncIterator[Books]:
    """The writer's thread owns both files from here on."""
    first = open_truth(settings.store)
    try:
        await _patiently(partial(demand_sound, first))
        ring = load_ring(settings, first)
        public, damage = await _patiently(partial(open_list, first, settings.store, utc_now()))
        if damage:
            _tell(damage)
        listing = Listing(settings=settings.store, public=public)
        writer = Writer(lambda: open_db(settings.store), listing.after_commit)
        writer.start()
        lock = WorkLock(settings.store)
        try:
            yield Books(
                writer=writer, onlooker=first, listing=listing, ring=ring, key_text=read_keys(settings), lock=lock
            )
        finally:
            await writer.stop()
            lock.release()
            listing.public.close()
    finally:
        first.close()


async def _patiently(long: Callable[[], T]) -> T:
    """In a thread of its own, so that systemd can be asked for more time."""
    running = asyncio.get_running_loop().run_in_executor(None, long)
    while not (await asyncio.wait((running,), timeout=_PATIENCE_SECONDS))[0]:
        notify(_MORE_TIME, wait=False)
    return running.result()


def _tell(damage: str) -> None:
    event(_log, "list_made_anew", level=logging.ERROR, why=damage)
