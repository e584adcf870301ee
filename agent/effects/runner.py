"""Carries out what was decided: claim, try, store the outcome, each in a commit of its own.

One effect after the other: so no address is ever sent two letters at once, and a letter that may have left is known.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never

from agent.effects.relay import HandOver
from agent.effects.retry import deadline, next_try
from agent.model.plan import Done, Effect, GaveUp, Halt, Outcome, RetryAt, SendLetter, Unknown
from agent.model.settings import LetterSettings, RelaySettings
from agent.obs.log import event
from agent.store import outbox
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.outbox import Claimed
from agent.store.writer import Writer

LOOK_SECONDS = 60  # unwoken: for what is due by now, what another process wrote, and a clock that was set
BUGS = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executors:
    """One for each kind of effect; told which attempt this is, and what to await before the point of no return."""

    send_letter: Callable[[SendLetter, int, HandOver], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The outbox and all it takes to work it off. `chance` gives a number from 0 to 1."""

    writer: Writer
    executors: Executors
    letters: LetterSettings
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    bugs: Counter[int] = field(default_factory=Counter)  # how often an executor raised, by outbox id
    halted: Callable[[datetime], object] = lambda _: None  # told until when everything has to stand still


async def run(queue: Queue, relay: RelaySettings, wake: asyncio.Event) -> None:
    """Work off the outbox until the queue's `stop`, which is noticed at `wake`: a letter in hand is finished first.

    `wake` alone says that something new may be in the outbox.
    """
    if not relay.host:
        event(_log, "letters_wait", level=logging.WARNING, why="relay.host is empty: letters are kept, not sent")
        await queue.stop.wait()
    while not queue.stop.is_set():
        try:
            await _work(queue, wake)
        except StoreError as error:
            event(_log, "outbox_unavailable", level=logging.ERROR, why=str(error))
            wake.clear()
            await _rest(wake)


async def _work(queue: Queue, wake: asyncio.Event) -> None:
    """Until the stop. Nothing is under way at the start: what is still claimed or handed over was left behind."""
    await queue.writer.run(outbox.recover)
    while not queue.stop.is_set():
        wake.clear()
        halted = await run_due(queue)
        await _rest(wake)
        while halted is not None and queue.clock() < halted and not queue.stop.is_set():
            wake.clear()
            await _rest(wake)


async def run_due(queue: Queue) -> datetime | None:
    """Carry out all that is due and within the rates; a time when everything has to stand still until then."""
    while not queue.stop.is_set() and (claimed := await _claim(queue)):
        result = await _attempt(queue, claimed)
        await _store(queue, claimed, result)
        if isinstance(result, Halt):
            queue.halted(result.when)
            return result.when
    return None


async def _claim(queue: Queue) -> Claimed | None:
    def job(db: Db) -> tuple[Claimed, ...]:
        return outbox.claim(db, queue.clock(), 1, queue.letters)

    return next(iter(await queue.writer.run(job)), None)


async def _store(queue: Queue, claimed: Claimed, result: Outcome) -> None:
    def job(db: Db) -> None:
        outbox.outcome(db, claimed.id, result, queue.clock())

    await queue.writer.run(job)
    if not isinstance(result, RetryAt | Halt):
        queue.bugs.pop(claimed.id, None)
    _tell(claimed, result)


async def _attempt(queue: Queue, claimed: Claimed) -> Outcome:
    """One try, unless it is too late for it; one that could only be followed by too late a try is the last."""
    too_late = _deadline(claimed, queue.letters)
    if queue.clock() >= too_late:
        return GaveUp(why="too old to be of use")
    result = await _guarded(queue, claimed)
    if isinstance(result, RetryAt) and result.when >= too_late:
        return GaveUp(why=f"no time left after: {result.why}")
    return result


async def _guarded(queue: Queue, claimed: Claimed) -> Outcome:
    """A bug in an executor costs that one effect, and only after it showed three times."""
    handed_over = False

    async def hand_over(message: bytes) -> None:
        nonlocal handed_over
        await queue.writer.run(lambda db: outbox.handing_over(db, claimed.id, message))
        handed_over = True

    try:
        return await _carry_out(queue.executors, claimed.effect, claimed.attempts, hand_over)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - one of the four places: whatever it is, the other effects go on
        event(_log, "effect_failed", level=logging.ERROR, outbox=claimed.id, attempt=claimed.attempts, error=error)
        return _after_a_bug(queue, claimed, type(error).__name__, handed_over=handed_over)


def _after_a_bug(queue: Queue, claimed: Claimed, kind: str, *, handed_over: bool) -> Outcome:
    queue.bugs[claimed.id] += 1
    why = f"a bug of this program: {kind}"
    if handed_over:
        return Unknown(why=why)
    if queue.bugs[claimed.id] >= BUGS:
        return GaveUp(why=why)
    return RetryAt(when=next_try(queue.clock(), claimed.attempts, queue.chance()), why=why)


async def _carry_out(executors: Executors, effect: Effect, attempts: int, hand_over: HandOver) -> Outcome:
    match effect:
        case SendLetter():
            return await executors.send_letter(effect, attempts, hand_over)
        case _:
            assert_never(effect)


def _deadline(claimed: Claimed, letters: LetterSettings) -> datetime:
    match claimed.effect:
        case SendLetter():
            return deadline(claimed.effect.kind, claimed.created_at, letters)
        case _:
            assert_never(claimed.effect)


async def _rest(wake: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_SECONDS):
            await wake.wait()


def _tell(claimed: Claimed, result: Outcome) -> None:
    match result:
        case Done():
            name, level, said = "letter_sent", logging.INFO, result.detail
        case RetryAt():
            name, level, said = "letter_delayed", logging.INFO, result.why
        case GaveUp():
            name, level, said = "letter_given_up", logging.WARNING, result.why
        case Unknown():
            name, level, said = "letter_in_doubt", logging.WARNING, result.why
        case Halt():
            name, level, said = "letters_halted", logging.ERROR, result.why
        case _:
            assert_never(result)
    until = result.when if isinstance(result, RetryAt | Halt) else None
    effect = claimed.effect
    event(
        _log, name, level=level, outbox=claimed.id, letter=effect.kind, to=effect.to, attempt=claimed.attempts,
        said=said, until=until,
    )  # fmt: skip
