"""Asks our own DNS about domains that bounces call dead (policy row 3); the answer becomes a Tick.

The resolver that is down may be our own: a name that always exists is asked first, and without an answer to that
nothing is concluded about anybody.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from agent.intake.clock import hear
from agent.model.settings import Settings
from agent.model.signal import Evidence, Strength, Tick, Timer
from agent.obs.log import event
from agent.resolve.mail_host import Answer
from agent.store import waiting
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.waiting import DueTimer
from agent.store.writer import Writer

LOOK_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecks:
    """What the rechecks need. `ask` tells whether a domain has a host that takes mail."""

    writer: Writer
    settings: Settings
    ask: Callable[[str], Awaitable[Answer]]
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


async def run(rechecks: Rechecks) -> None:
    """Once a minute ask about every domain whose time has come, one after the other."""
    while True:
        try:
            await look(rechecks)
        except StoreError as wrong:
            event(_log, "rechecks_paused", level=logging.ERROR, why=str(wrong))
        await rechecks.sleep(LOOK_SECONDS)


async def look(rechecks: Rechecks) -> int:
    """Ask about what is due now; how many domains."""
    due = await rechecks.writer.run(lambda db: waiting.due_timers(db, rechecks.now(), domains=True))
    known = rechecks.settings.policy.dns_known_name
    works = bool(due) and await rechecks.ask(known) is Answer.ALIVE
    for one in due:
        answer = await rechecks.ask(one.key.domain) if works else Answer.UNSURE
        await rechecks.writer.run(partial(_apply, due=one, answer=answer, rechecks=rechecks))
        event(_log, "domain_asked", domain=one.key.domain, answer=answer)
    return len(due)


def _apply(db: Db, due: DueTimer, answer: Answer, rechecks: Rechecks) -> None:
    evidence = Evidence(rule=answer.value, strength=Strength.E3)
    tick = Tick(address=due.key, evidence=evidence, timer=Timer.DOMAIN.value, about=due.about)
    hear(db, due, tick, rechecks.settings, rechecks.now())
