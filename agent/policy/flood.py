"""Breaker B1, mass forgery: what is not proven acts for a short time only, and becomes final when the flood is over.

The operator has that time to undo the batch. An opt-out is never simply dropped: an ignored one breaks the law.
"""

from dataclasses import replace
from datetime import timedelta

from agent.model.plan import Plan, SetTimer
from agent.model.signal import Strength, Timer
from agent.model.state import Standing, State
from agent.policy import states
from agent.policy.case import Case

BREAKER_B1 = (
    "Breaker B1: a flood of unproven opt-outs and complaints; what follows is held for a short time only, "
    "and no letters go out. Undo it with: optoutd lift --batch {}"
)
_EARLY = timedelta(hours=1)  # the answer must come before the state ends


def flooded(strength: Strength, case: Case) -> bool:
    """Whether this wish falls under the breaker: only what is not proven does."""
    return strength < Strength.E2 and case.flooded and not case.decided


def when_over(case: Case) -> SetTimer:
    """Asks again shortly before the provisional state ends."""
    return SetTimer(key=case.key, timer=Timer.PROVISIONAL, due_at=case.provisional_end() - _EARLY)


def flood_over(case: Case) -> Plan:
    """The time of a provisional opt-out is over: final if the flood is, else once more the same."""
    row = "B1"
    waiting = tuple(s for s in case.state.standings if s.provisional and s.state is State.OPT_OUT)
    if not waiting:
        return Plan(row=row, reason="Nothing provisional is left.")
    after = case.state
    for old in waiting:
        after = states.exchange(after, old, _next(old, case))
    if case.flooded:
        return Plan(row=row, reason="The flood goes on: held once more.", states=(after,), timers=(when_over(case),))
    return Plan(row=row, reason="The flood is over, and nobody undid it: the opt-out is final.", states=(after,))


def _next(old: Standing, case: Case) -> Standing:
    if case.flooded:
        return replace(old, until=case.provisional_end())
    stranger = old.rule.split()[0] == "18" and not case.situation.of_record
    until = states.plus_months(old.since, case.policy.stranger_months) if stranger else None
    return replace(old, provisional=False, until=until)
