"""The beats of the daemon itself: of its event loop and of its database writer."""

import asyncio
import logging

from agent.obs.log import event
from agent.obs.notify import notify, watchdog_seconds
from agent.obs.pulse import Pulse
from agent.store.errors import StoreError
from agent.store.writer import Writer

WRITER = "the database writer"

_log = logging.getLogger(__name__)


async def beat(pulse: Pulse) -> None:
    """A sign of life only while every part makes progress; systemd restarts what falls silent."""
    watched, before = watchdog_seconds() is not None, ""
    while True:
        fault = pulse.turn()
        if watched and not fault:
            notify("WATCHDOG=1", wait=False)  # the loop must not stand still for it
        if fault and not before:
            event(_log, "no_progress", level=logging.ERROR, why=fault)
        before = fault
        await asyncio.sleep(pulse.beat_seconds)


async def beat_writer(writer: Writer, pulse: Pulse) -> None:
    """The writer makes progress while it commits; what it cannot do now is a fault, but not the end."""
    within = 2 * pulse.beat_seconds + pulse.slack
    pulse.beat(WRITER, within)
    while True:
        try:
            await writer.run(lambda _: None)
            pulse.beat(WRITER, within)
        except StoreError as error:
            pulse.failed(WRITER, str(error))
        await asyncio.sleep(pulse.beat_seconds)
