"""The passing of time: timers become signals, states that ran out leave the public file, old mail is forgotten.

Commands write to optoutd.db themselves; `data_version` of a connection that never writes tells when somebody did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from agent.model.address import AddressKey
from agent.model.mail import Door
from agent.model.settings import Settings
from agent.model.signal import Evidence, Origin, Strength, Tick, Timer
from agent.process import apply_signals
from agent.store import inbox, outbox, waiting
from agent.store.db import Db, data_version
from agent.store.waiting import DueTimer
from agent.store.writer import Writer

LOOK_SECONDS = 1.0
HOUSEKEEPING_LOOKS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Clockwork:
    """What the clock moves. `onlooker` is a connection that never writes; `somebody_wrote` wakes who may have work."""

    writer: Writer
    onlooker: Db
    somebody_wrote: Callable[[], None]
    settings: Settings
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    rings: bool = True  # False while only observing: then no timer acts


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
    now, settings = clockwork.now(), clockwork.settings
    if clockwork.rings:
        ring_timers(db, settings, now)
    outbox.forget_letters(db, now, settings.retention)
    inbox.forget_raw(db, now, settings.retention)  # and after any commit the public file is looked through


def ring_timers(db: Db, settings: Settings, now: datetime) -> int:
    """Every timer and every review whose time ran out becomes a Tick; how many. What asks the DNS is not for us."""
    reviews = [waiting.review_of(db, number) for number in waiting.due_reviews(db, now)]
    for review in reviews:
        tick = _tick(review.key, Timer.REVIEW, str(review.id))
        apply_signals(db, (tick,), review.origin, settings, now)
    timers = waiting.due_timers(db, now)
    for due in timers:
        hear(db, due, _tick(due.key, due.timer, due.about), settings, now)
    return len(reviews) + len(timers)


def hear(db: Db, due: DueTimer, tick: Tick, settings: Settings, now: datetime) -> None:
    """Ends a timer and applies what it means, which may set it anew."""
    waiting.end_timer(db, due)
    apply_signals(db, (tick,), Origin(door=Door.CLOCK, received_at=now), settings, now)


def _tick(key: AddressKey, timer: Timer, about: str) -> Tick:
    evidence = Evidence(rule=f"clock:{timer.value}", strength=Strength.E3)
    return Tick(address=key, evidence=evidence, timer=timer.value, about=about)
