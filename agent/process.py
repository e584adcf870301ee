"""The spine: accept, process_next, apply_signals. The only place where pure code and I/O meet.

Two laws hold here. A promise is a commit: `accept` returns after the bytes are on disk. And everything a message
does (events, states, letters, its own end) is one transaction, so that a stop anywhere leaves all of it or none.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from agent.mail.defects import OVER_LIMITS
from agent.mail.thread import references, written_at
from agent.model.dkim import KeyAnswer, KeyState
from agent.model.mail import RawMessage
from agent.model.plan import Plan
from agent.model.reading import Reading
from agent.model.settings import Settings
from agent.model.signal import OptOut, Origin, Privacy, Signal, kind_of
from agent.model.state import Situation
from agent.obs.log import event, mask
from agent.policy.decide import decide
from agent.resolve.keys import PUT_OFF, KeyBook, no_keys
from agent.store import address_state, erased, events, inbox, outbox, sent, situation, waiting
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.inbox import Taken
from agent.store.ledger import MailboxPlace
from agent.store.writer import Writer
from agent.trust.shortcut import TokenOptOut, token_opt_out
from agent.trust.tokens import KeyRing
from agent.worker.reader import ReaderDown, ReaderFailed

log = logging.getLogger(__name__)

STORE_PAUSE_SECONDS = 5.0  # a full disk or a lock will not end sooner
LOOK_AGAIN_SECONDS = 15.0


class Sink(Protocol):
    """Where a door hands its mail: returning is the promise that the bytes are on disk."""

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one message and return its inbox id; raises when it was not stored."""
        ...


class MailboxSink(Sink, Protocol):
    """Where a door hands mail that comes in bulk."""

    async def accept_many(self, mails: Sequence[tuple[RawMessage, MailboxPlace]]) -> tuple[int, ...]:
        """Store all of them in one commit and return their inbox ids; raises when none was stored."""
        ...


class Reads(Protocol):
    """The reader, as far as the spine knows it."""

    async def read(self, message: RawMessage, keys: tuple[KeyAnswer, ...] = ()) -> Reading:
        """What the mail says; ReaderFailed when this mail broke the reader, ReaderDown when there is none."""
        ...


def apply_signals(
    db: Db, signals: tuple[Signal, ...], origin: Origin, settings: Settings, now: datetime, *, answered: bool = False
) -> tuple[Plan, ...]:
    """Load, decide, save for every signal of one message or act, inside the caller's transaction.

    The weightiest comes first and may be answered; then the others get no letter of their own.
    """
    plans: list[Plan] = []
    for signal in signals:
        facts = replace(situation.load(db, signal, origin, settings, now), letter_already_planned=answered)
        plan = decide(signal, facts, settings, now)
        event_id = events.append(db, events.describe(signal, facts, plan, now))
        for state in plan.states:
            address_state.save(db, state, event_id)
        _let_wait(db, plan, signal, facts, event_id, now)
        if plan.uses_token:
            sent.use_proof(db, signal, facts.state.key, event_id)
        for effect in plan.effects:
            outbox.add(db, effect, now)
        answered = answered or bool(plan.effects)
        plans.append(plan)
    return tuple(plans)


def _let_wait(db: Db, plan: Plan, signal: Signal, facts: Situation, event_id: int, now: datetime) -> None:
    """What a decision leaves for later: for the clock, for a person, for the next of a flood."""
    for timer in plan.timers:
        waiting.set_timer(db, timer)
    for review in plan.reviews:
        waiting.open_review(db, review, signal, facts, plan.row, event_id, now)
    for ticket in plan.tickets:
        waiting.open_ticket(db, ticket, facts, event_id, now)
    if plan.batch:
        waiting.breaker_fell(db, plan.batch, now)
    if plan.objection and facts.objections is not None:
        domain = facts.state.key.domain
        waiting.object_to(db, facts.objections, domain, event_id, now, told=bool(plan.alert))
    _end_waiting(db, plan, facts, now)


def _end_waiting(db: Db, plan: Plan, facts: Situation, now: datetime) -> None:
    if plan.asked_too_late is not None:
        waiting.out_of_time(db, plan.asked_too_late)
    if plan.closed is not None:
        waiting.close(db, plan.closed, now)
        if plan.closed.erase:
            erased.erase(db, facts.state.key)


class Process:
    """Accepts mail, and works through what was accepted. `wake` is set when there is mail, `letters` when there may be
    something to send.
    """

    def __init__(
        self,
        *,
        writer: Writer,
        reader: Reads,
        settings: Settings,
        ring: KeyRing,
        clock: Callable[[], datetime],
        keys: KeyBook | None = None,
    ) -> None:
        self._writer = writer
        self._keys_of = keys.of if keys else no_keys
        self._reader = reader
        self._settings = settings
        self._ring = ring
        self._clock = clock
        self._batch = ""
        self.wake = asyncio.Event()
        self.letters = asyncio.Event()
        self.stopping = asyncio.Event()

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Commit 1; see Sink."""
        inbox_id = await self._writer.run_together(inbox.accept_many, (message, place))
        event(
            log, "accepted", inbox=inbox_id, door=message.source.door, peer=message.peer or None, role=message.role,
            sender=mask(message.envelope_from or ""), recipients=" ".join(map(mask, message.envelope_to)),
            octets=len(message.raw),
        )  # fmt: skip
        self.wake.set()
        return inbox_id

    async def accept_many(self, mails: Sequence[tuple[RawMessage, MailboxPlace]]) -> tuple[int, ...]:
        """Commit 1 for many at once; see MailboxSink."""
        ids = await self._writer.run(lambda db: inbox.accept_many(db, mails))
        size = sum(len(message.raw) for message, _ in mails)
        event(log, "accepted_many", first=min(ids, default=0), mails=len(ids), size=size)
        self.wake.set()
        return ids

    def batch(self) -> str:
        """The run that `lift --batch` undoes as a whole: a start of the program, and each day of it anew."""
        now = self._clock()
        if not self._batch.startswith(f"run-{now:%Y%m%d}"):
            self._batch = f"run-{now:%Y%m%dT%H%M%S}"
        return self._batch

    def stop(self) -> None:
        """Begin nothing new; what is in hand is brought to its end."""
        self.stopping.set()
        self.wake.set()
        self.letters.set()

    async def run(self) -> None:
        """Work until `stopping`: then the batch in hand is finished and no other begun."""
        while not self.stopping.is_set():
            try:
                self.wake.clear()
                if not await self.process_next() and not self.stopping.is_set():
                    await self._rest()
            except (StoreError, ReaderDown) as wrong:
                event(log, "processing_paused", level=logging.ERROR, why=str(wrong))
                await asyncio.sleep(STORE_PAUSE_SECONDS)

    async def _rest(self) -> None:
        """Until there is mail; in between, mail that was put off may be due."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self.wake.wait()

    async def process_next(self) -> int:
        """Take the next messages and bring each to its end, or count a failed attempt; returns how many."""
        take = partial(inbox.take, limits=self._settings.limits, now=self._clock())
        taken = await self._writer.run(take)
        ends = await asyncio.gather(*(self._bring_to_its_end(one) for one in taken), return_exceptions=True)
        for error in ends:
            if error is not None:
                raise error
        return len(taken)

    async def _bring_to_its_end(self, taken: Taken) -> None:
        try:
            await self._work_on(taken)
        except (StoreError, ReaderDown):  # ours, not the mail's: nothing is blamed on it
            await self._writer.run(lambda db: inbox.release(db, taken.id))
            raise
        except ReaderFailed as broke:
            await self._failed(taken, str(broke))
        except Exception as bug:  # noqa: BLE001 - one of the four places: a bug costs this mail its turn, not the rest
            event(log, "apply_failed", level=logging.ERROR, inbox=taken.id, error=bug)
            await self._failed(taken, f"{type(bug).__name__}: {bug}")

    async def _work_on(self, taken: Taken) -> None:
        done_by_token = taken.token_applied or await self._apply_token(taken)
        keys = () if done_by_token else await self._keys_of(taken.message, self._settings)
        if taken.put_off < len(PUT_OFF) and any(key.state is KeyState.TEMPERROR for key in keys):
            await self._put_off(taken)
            return
        reading = await self._reader.read(taken.message, keys)
        await self._apply_reading(taken, reading, done_by_token)

    async def _put_off(self, taken: Taken) -> None:
        """Nothing is concluded from a DNS that gives no answer for now; after the last wait the mail goes without."""
        until = self._clock() + PUT_OFF[taken.put_off]
        event(log, "put_off", inbox=taken.id, until=until)
        await self._writer.run(lambda db: inbox.put_off(db, taken.id, until))

    async def _apply_token(self, taken: Taken) -> bool:
        found = token_opt_out(taken.message, self._settings.limits, self._ring)
        if found is None:
            return False
        origin = replace(token_origin(taken, found), batch=self.batch())

        def job(db: Db) -> tuple[Plan, ...]:
            plans = apply_signals(db, (found.signal,), origin, self._settings, self._clock())
            inbox.token_applied(db, taken.id, origin.content_key)
            return plans

        self._tell(taken, (found.signal,), await self._writer.run(job))
        return True

    async def _apply_reading(self, taken: Taken, reading: Reading, done_by_token: bool) -> None:
        signals = additions(reading.signals) if done_by_token else reading.signals
        origin = replace(reading_origin(taken, reading), batch=self.batch())

        def job(db: Db) -> tuple[Plan, ...]:
            now = self._clock()
            plans = apply_signals(db, signals, origin, self._settings, now, answered=done_by_token)
            beyond = OVER_LIMITS.intersection(reading.defects)
            if beyond and not reading.signals and not done_by_token:
                inbox.set_aside(db, taken.id, f"beyond our limits: {', '.join(sorted(beyond))}", now)
            else:
                inbox.finish(db, taken.id, reading.kind, origin.content_key, now)
            return plans

        self._tell(taken, signals, await self._writer.run(job), kind=reading.kind)

    async def _failed(self, taken: Taken, why: str) -> None:
        event(log, "attempt_failed", level=logging.WARNING, inbox=taken.id, attempt=taken.attempts)
        await self._writer.run(lambda db: inbox.failed(db, taken.id, why))

    def _tell(self, taken: Taken, signals: tuple[Signal, ...], plans: tuple[Plan, ...], kind: str = "") -> None:
        for signal, plan in zip(signals, plans, strict=True):
            event(log, "applied", inbox=taken.id, kind=kind_of(signal), rule=signal.evidence.rule, row=plan.row,
                  states=len(plan.states), letters=len(plan.effects), alert=plan.alert or None)  # fmt: skip
        if not plans:
            event(log, "read", inbox=taken.id, kind=kind or "other")
        if any(plan.effects for plan in plans):
            self.letters.set()


def additions(signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """What the body may add to an opt-out that the token brought into effect already."""
    return tuple(
        signal for signal in signals
        if isinstance(signal, Privacy) or (isinstance(signal, OptOut) and signal.reason is not None)
    )  # fmt: skip


def token_origin(taken: Taken, found: TokenOptOut) -> Origin:
    front, message = found.front, taken.message
    return Origin(
        door=message.source.door, received_at=message.received_at, inbox_id=taken.id, role=message.role,
        content_key=front.content_key, message_id=front.message_id, sender=front.sender, language=front.language_hint,
        written_at=written_at(front.headers), references=references(front.headers),
    )  # fmt: skip


def reading_origin(taken: Taken, reading: Reading) -> Origin:
    message = taken.message
    return Origin(
        door=message.source.door, received_at=message.received_at, inbox_id=taken.id, role=reading.role,
        content_key=reading.content_key, message_id=reading.message_id, sender=reading.sender,
        language=reading.language, written_at=reading.written_at, references=reading.references,
        junk=message.source.junk,
    )  # fmt: skip
