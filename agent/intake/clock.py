"""The passing of time: states that ran out leave the public file, old mail is forgotten, other processes are noticed.

Commands write to optoutd.db themselves; `data_version` of a connection that never writes tells when somebody did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from agent.model.settings import Retention
from agent.store import inbox
from agent.store.db import Db, data_version
from agent.store.writer import Writer

LOOK_SECONDS = 1.0
HOUSEKEEPING_LOOKS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Clockwork:
    """What the clock moves. `onlooker` is a connection that never writes; `somebody_wrote` wakes who may have work."""

    writer: Writer
    onlooker: Db
    somebody_wrote: Callable[[], None]
    retention: Retention
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def run(clockwork: Clockwork) -> None:
    """Look every second whether another process wrote; once a minute do the housekeeping."""
    seen = data_version(clockwork.onlooker)
    looks = 0
    while True:
        await clockwork.sleep(LOOK_SECONDS)
        looks += 1
        version = data_version(clockwork.onlooker)
        if version != seen:
            seen = version
            clockwork.somebody_wrote()
        if looks % HOUSEKEEPING_LOOKS == 0:
            await clockwork.writer.run(lambda db: _keep_house(db, clockwork))


def _keep_house(db: Db, clockwork: Clockwork) -> None:
    inbox.forget_raw(db, clockwork.now(), clockwork.retention)  # and after any commit the public file is looked through
