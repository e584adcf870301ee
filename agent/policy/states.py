"""Standings of an address: one for each (scope, state), a weaker one never takes the place of a stronger.

A standing that has run out is left where it is: when the clock was wrong, it holds again once the clock is right.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from agent.model.signal import Evidence, Strength
from agent.model.state import AddressState, Standing, State
from agent.policy.case import Case

NO_REASON = "unsubscribe"  # an opt-out whose reason nobody told
FOR_EVER = datetime.max.replace(tzinfo=UTC)


def standing(
    state: State,
    case: Case,
    *,
    row: str,
    evidence: Evidence,
    reason: str,
    strength: Strength | None = None,
    scope: str = "all",
    until: datetime | None = None,
    by: str = "policy",
    provisional: bool = False,
    batch: str = "",
) -> Standing:
    """A standing from now on, with who set it, by which row and rule, and how well it is proven."""
    return Standing(
        state=state,
        scope=scope,
        reason=reason,
        rule=f"{row} {evidence.rule}".strip(),
        strength=evidence.strength if strength is None else strength,
        since=case.now,
        until=until,
        by=by,
        provisional=provisional,
        batch=batch or case.origin.batch,
    )


def put(before: AddressState, new: Standing, now: datetime) -> AddressState:
    """The state with one standing more; the very same object when nothing would change."""
    old = next((s for s in before.standings if (s.scope, s.state) == (new.scope, new.state)), None)
    if old is None:
        return _with(before, (*before.standings, new))
    if _weight(old) >= _weight(new):
        return _said_again(before, old, new, now)
    since = old.since if old.holds(now) else new.since
    others = tuple(s for s in before.standings if s is not old)
    return _with(before, (*others, replace(new, since=since)))


def _said_again(before: AddressState, old: Standing, new: Standing, now: datetime) -> AddressState:
    """What two runs say is no longer undone with one of them."""
    as_long = (new.until or FOR_EVER) >= (old.until or FOR_EVER) and not new.provisional
    if not old.batch or old.batch == new.batch or not as_long or not old.holds(now):
        return before
    return exchange(before, old, replace(old, batch=""))


def exchange(before: AddressState, old: Standing, new: Standing) -> AddressState:
    """The state with one standing changed."""
    return _with(before, (*(s for s in before.standings if s is not old), new))


def give_reason(before: AddressState, new: Standing) -> AddressState:
    """The state with the reason of a later word, where the standing itself came without one."""
    told = tuple(
        replace(s, reason=new.reason)
        if (s.scope, s.state, s.reason) == (new.scope, new.state, NO_REASON) and new.reason != NO_REASON
        else s
        for s in before.standings
    )
    return before if told == before.standings else replace(before, standings=told)


def lift(before: AddressState, states: Iterable[State], scope: str = "all", batch: str = "") -> AddressState:
    """The state without these standings: in one scope, or with `all` in every; of a named batch only."""
    wanted = frozenset(states)
    kept = tuple(
        s for s in before.standings
        if s.state not in wanted or scope not in ("all", s.scope) or batch not in ("", s.batch)
    )  # fmt: skip
    return before if len(kept) == len(before.standings) else replace(before, standings=kept)


def plus_months(start: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day that month has in every year."""
    year, month = divmod(start.month - 1 + months, 12)
    return start.replace(year=start.year + year, month=month + 1, day=min(start.day, 28))


def speaking(after: AddressState, case: Case, strength: Strength) -> AddressState:
    """With the language of a proven person beside a change; unproven mail teaches us nothing about him."""
    known = after.language or after is case.state or strength < Strength.E2
    return after if known or not case.origin.language else replace(after, language=case.origin.language)


def changed(before: AddressState, after: AddressState) -> tuple[AddressState, ...]:
    """What a plan has to store: nothing when nothing changed."""
    return () if after == before else (after,)


def _weight(s: Standing) -> tuple[bool, datetime, Strength]:
    """What is final outweighs what is provisional, then what lasts longer, then what is better proven."""
    return (not s.provisional, s.until or FOR_EVER, s.strength)


def _with(before: AddressState, standings: tuple[Standing, ...]) -> AddressState:
    in_order = sorted(standings, key=lambda s: (s.scope, s.state.family.value, s.state.rank))
    return replace(before, standings=tuple(in_order))
