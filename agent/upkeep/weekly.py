"""Once a week the whole record is looked at by a process of its own, and what it found is kept in the store.

Where a fault was found it is looked at again the next day. A list that was wrong is mended at once; a record that is
wrong can only be brought back from a backup, by a person.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import msgspec

from agent.model.settings import StoreSettings
from agent.obs.log import event
from agent.store import checked
from agent.store.checked import Checked
from agent.store.errors import StoreError
from agent.store.writer import Writer

COMMAND = (sys.executable, "-I", "-m", "agent.upkeep")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
WEEK, DAY = timedelta(days=7), timedelta(days=1)
FIRST_SECONDS = 600.0  # a start has better things to do
LOOK_SECONDS = 3600.0
_LONGEST_SECONDS = 6 * 3600.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is wrong in optoutd.db, and what in suppression.db."""

    record: tuple[str, ...] = ()
    listing: tuple[str, ...] = ()


class LookFailed(Exception):  # noqa: N818 - named after what happened
    """Nothing could be found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What the weekly look needs; `mend` is asked for when the list was wrong."""

    writer: Writer
    store: StoreSettings
    now: Callable[[], datetime]
    look: Callable[[StoreSettings], Awaitable[Found]]
    mend: Callable[[], object]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def run(upkeep: Upkeep) -> None:
    """Look when it is time, until cancelled."""
    await upkeep.sleep(FIRST_SECONDS)
    while True:
        try:
            if _due(await upkeep.writer.run(checked.last), upkeep.now()):
                await _look(upkeep)
        except (StoreError, LookFailed, OSError) as error:
            event(_log, "record_not_checked", level=logging.WARNING, why=str(error))
        await upkeep.sleep(LOOK_SECONDS)


def _due(last: Checked | None, now: datetime) -> bool:
    """A time that lies ahead was written by a wrong clock."""
    return last is None or not last.at <= now < last.at + (DAY if last.faults else WEEK)


async def _look(upkeep: Upkeep) -> None:
    found = await upkeep.look(upkeep.store)
    faults = (*found.record, *found.listing)
    if found.listing:
        upkeep.mend()
    level = logging.ERROR if faults else logging.INFO
    event(_log, "record_checked", level=level, faults=len(faults), first=faults[0] if faults else None)
    await upkeep.writer.run(partial(checked.remember, found=Checked(at=upkeep.now(), faults=len(faults))))


async def look(store: StoreSettings) -> Found:
    """By a process of its own, which ends with us; LookFailed says why it found nothing out."""
    child = await asyncio.create_subprocess_exec(
        *COMMAND, store.directory, store.public_directory, env=ENVIRONMENT, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            said, wrong = await child.communicate()
    except TimeoutError:
        raise LookFailed("it took too long") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise LookFailed(wrong.decode("utf-8", "replace").strip()[-300:] or f"exit code {child.returncode}")
    return msgspec.json.decode(said, type=Found)
