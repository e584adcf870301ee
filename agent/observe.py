"""`run --observe`: each mail is read and decided as in earnest, then all of it is rolled back and only told.

Law: of a mail nothing but its arrival and the fact that it was looked at is kept. It waits in the inbox, and the next
normal start takes it as if it had just come. So each mail is judged for itself: what an earlier one would have
changed (a state, a letter in the last day, a breaker) is not there.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from agent.model.plan import Plan
from agent.model.reading import Reading
from agent.model.settings import Settings
from agent.model.signal import Signal, kind_of
from agent.obs.log import event
from agent.process import Process, Reads, additions, apply_signals, reading_origin, token_origin
from agent.resolve.keys import KeyBook
from agent.store import inbox
from agent.store.db import Db
from agent.store.inbox import Taken
from agent.store.writer import Writer
from agent.trust.shortcut import token_opt_out
from agent.trust.tokens import KeyRing

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Would:
    """One signal, what was decided on it, and the states that would be new: state and address."""

    signal: Signal
    plan: Plan
    new: tuple[tuple[str, str], ...]


Decided = tuple[Would, ...]


@dataclass(slots=True)
class Report:
    """What would have been done so far. `say` is told each mail in a line that shows addresses in full."""

    say: Callable[[str], object] = lambda _: None
    mails: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    letters: Counter[str] = field(default_factory=Counter)

    def add(self, taken: Taken, reading: Reading, decided: Decided) -> None:
        """One more mail, and what it would lead to."""
        self.mails += 1
        self.kinds[reading.kind or "other"] += 1
        for would in decided:
            self.states.update(name for name, _ in would.new)
            self.letters.update(effect.kind.value for effect in would.plan.effects)
        for line in _lines(taken, reading, decided):
            self.say(line)

    def summary(self) -> tuple[str, ...]:
        """The whole, for a person."""
        return (
            f"observed {self.mails} mails; nothing was written to any address and no letter was sent",
            f"understood as: {_counts(self.kinds)}",
            f"would suppress: {_counts(self.states)}",
            f"would send: {_counts(self.letters)}",
            "these mails wait; the next start without --observe honours them",
        )


class Observer(Process):
    """The spine in rehearsal."""

    def __init__(
        self,
        *,
        writer: Writer,
        reader: Reads,
        settings: Settings,
        ring: KeyRing,
        clock: Callable[[], datetime],
        report: Report,
        keys: KeyBook | None = None,
    ) -> None:
        super().__init__(writer=writer, reader=reader, settings=settings, ring=ring, clock=clock, keys=keys)
        self._report = report

    async def _work_on(self, taken: Taken) -> None:
        reading = await self._reader.read(taken.message, await self._keys_of(taken.message, self._settings))

        def job(db: Db) -> Decided:
            with db.rehearsal():
                decided = self._decide(db, taken, reading, self._clock())
            inbox.observed(db, taken.id, reading.kind)
            return decided

        self._tell_of(taken, reading, await self._writer.run(job))

    def _decide(self, db: Db, taken: Taken, reading: Reading, now: datetime) -> Decided:
        """Both steps that a normal run takes: the token alone, then what the body adds."""
        found = None if taken.token_applied else token_opt_out(taken.message, self._settings.limits, self._ring)
        first: tuple[Signal, ...] = ()
        plans: tuple[Plan, ...] = ()
        if found is not None:
            first = (found.signal,)
            plans = apply_signals(db, first, token_origin(taken, found), self._settings, now)
        answered = taken.token_applied or found is not None
        more = additions(reading.signals) if answered else reading.signals
        origin = reading_origin(taken, reading)
        plans += apply_signals(db, more, origin, self._settings, now, answered=answered)
        return tuple(_would(signal, plan, now) for signal, plan in zip(first + more, plans, strict=True))

    def _tell_of(self, taken: Taken, reading: Reading, decided: Decided) -> None:
        for would in decided:
            signal, plan = would.signal, would.plan
            event(log, "would_apply", inbox=taken.id, kind=kind_of(signal), rule=signal.evidence.rule, row=plan.row,
                  address=signal.address, states=" ".join(name for name, _ in would.new) or None,
                  letters=" ".join(effect.kind.value for effect in plan.effects) or None,
                  alert=plan.alert or None)  # fmt: skip
        if not decided:
            event(log, "would_only_record", inbox=taken.id, kind=reading.kind or "other")
        self._report.add(taken, reading, decided)


def tell_end(report: Report) -> None:
    """The sum, into the log and to whoever listens."""
    event(log, "observed", mails=report.mails, kinds=_counts(report.kinds), would_suppress=_counts(report.states),
          would_send=_counts(report.letters))  # fmt: skip
    for line in report.summary():
        report.say(line)


def _lines(taken: Taken, reading: Reading, decided: Decided) -> Iterator[str]:
    if not decided:
        yield f"mail {taken.id}: {reading.kind or 'other'}: nothing to do"
    for would in decided:
        does = [f"{name} {address}" for name, address in would.new] or [f"no state for {would.signal.address or '?'}"]
        does += [f"a letter ({effect.kind.value}) to {effect.to}" for effect in would.plan.effects]
        yield f"mail {taken.id}: {kind_of(would.signal)}: would be: {', '.join(does)}: {would.plan.reason}"


def _would(signal: Signal, plan: Plan, now: datetime) -> Would:
    new = ((one.state.value, str(state.key)) for state in plan.states for one in state.standings if one.since == now)
    return Would(signal=signal, plan=plan, new=tuple(new))


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.most_common()) or "nothing"
