"""Bounces that only count together: refused, full, late and unclear mail (policy rows 5 to 8)."""

from dataclasses import replace
from datetime import datetime, timedelta

from agent.model.plan import NewReview, Plan
from agent.model.signal import Bounce, Verdict
from agent.model.state import AddressState, Points, State
from agent.policy import points, states
from agent.policy.case import Case
from agent.policy.proof import proven

_COUNTED = "The bounce is not proven by a token of ours: nothing changes, it is counted."
_RESETS = frozenset({State.FULL, State.SUSPECT})


def refused(bounce: Bounce, case: Case) -> Plan:
    """Policy row 5: turned away by the person's own rule; the second time it is his opt-out."""
    if not proven(bounce, case):
        return Plan(row="5", reason="Refused by a rule of the recipient, but not proven: counted only.")
    counted = points.refused(case.state.points, case.now)
    after = replace(case.state, points=counted)
    words = "Refused by the recipient's own rule: counted."
    if counted.refused >= case.policy.refused_count:
        after = _stop(State.REFUSED, "5", bounce, case, after, None)
        words = "Refused by the recipient's own rule again: that is his opt-out."
    return Plan(row="5", reason=words, states=states.changed(case.state, after))


def full(bounce: Bounce, case: Case) -> Plan:
    """Policy row 6: a full mailbox is often emptied again; after its time one mail probes it."""
    if not proven(bounce, case) and not case.plain:
        return Plan(row="6", reason=_COUNTED)
    probe = any(s.state is State.FULL and not s.holds(case.now) for s in case.state.standings)
    if probe and proven(bounce, case):
        after = _stop(State.FULL, "6", bounce, case, case.state, _end(case, case.policy.full_days))
        return Plan(row="6", reason="The probe found the mailbox still full.", states=states.changed(case.state, after))
    return _scored("6", 1.0, bounce, case)


def late(bounce: Bounce, case: Case) -> Plan:
    """Policy row 7: a delay is only recorded; a proven giving-up after temporary errors is half a point."""
    if bounce.delayed or not proven(bounce, case):
        return Plan(row="7", reason="A temporary failure: recorded, the address stays as it is.")
    return _scored("7", 0.5, bounce, case)


def unclear(bounce: Bounce, case: Case) -> Plan:
    """Policy row 8: nobody can say what failed; several in a row, weeks apart, stop mail for a while."""
    why = "A mail failed, and nobody can say why."
    review = NewReview(why=why, first=Verdict.NOTHING, second=Verdict.INACTIVE)
    if not proven(bounce, case):
        reviews = (review,) if case.plain else ()
        return Plan(row="8", reason=f"{why} Not proven, so nothing changes.", reviews=reviews)
    counted = points.unclear(case.state.points, case.now, case.policy)
    many = counted.unclear >= case.policy.unclear_count
    marked = replace(case, situation=replace(case.situation, state=replace(case.state, points=counted)))
    plan = _scored("8", 1.0, bounce, marked)
    after = plan.states[0] if plan.states else marked.state
    words = plan.reason
    if many:
        after = _stop(State.SUSPECT, "8", bounce, case, after, _end(case, case.policy.unclear_days))
        words = f"{why} It was so {counted.unclear} times in a row: mail pauses."
    return Plan(row="8", reason=words, states=states.changed(case.state, after), reviews=(review,))


def alive(state: AddressState, now: datetime) -> AddressState:
    """A proven sign of life from the mailbox: its points are forgotten, what they caused ends (policy row 25)."""
    return replace(states.lift(state, _RESETS), points=Points(), engaged_at=now)


def _scored(row: str, amount: float, bounce: Bounce, case: Case) -> Plan:
    """The counter of table 1a: at the threshold `full` if most points say so, else and below E3 `suspect`."""
    is_full, sure = row == "6", proven(bounce, case)
    counted = points.add(case.state.points, amount, case.now, case.policy, full=is_full)
    after = replace(case.state, points=counted)
    words = f"Counted: {counted.total:g} points."
    if points.reached(counted, case.policy, engaged=case.state.engaged_at is not None):
        words = f"{counted.total:g} points over weeks: mail pauses."
        if sure and points.mostly_full(counted):
            after = _stop(State.FULL, row, bounce, case, after, _end(case, case.policy.full_days))
        elif sure or not after.has(State.SUSPECT, case.now):  # what is not proven prolongs nothing
            after = _stop(State.SUSPECT, row, bounce, case, after, _end(case, case.policy.suspect_days))
    return Plan(row=row, reason=words, states=states.changed(case.state, after))


def _stop(
    state: State, row: str, bounce: Bounce, case: Case, before: AddressState, until: datetime | None
) -> AddressState:
    new = states.standing(
        state, case, row=row, evidence=bounce.evidence, reason=bounce.reason.value, until=until
    )  # fmt: skip
    return states.put(before, new, case.now)


def _end(case: Case, days: int) -> datetime:
    return case.now + timedelta(days=days)
