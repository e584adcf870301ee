"""The passing of time as a signal: what each timer means when it runs out."""

from dataclasses import replace

from agent.model.plan import Plan
from agent.model.signal import Tick, Timer
from agent.model.state import State
from agent.policy import states
from agent.policy.case import Case
from agent.policy.dead_domain import hear_the_dns
from agent.policy.flood import flood_over
from agent.policy.preferences import remind
from agent.policy.reviews import out_of_time


def decide_tick(tick: Tick, case: Case) -> Plan:
    """What follows when a timer ran out; one nobody knows any more is recorded without effect."""
    timers = {timer.value: timer for timer in Timer}
    match timers.get(tick.timer):
        case Timer.DOMAIN:
            return hear_the_dns(tick, case)
        case Timer.REVIEW:
            return out_of_time(tick, case)
        case Timer.PROVISIONAL:
            return flood_over(case)
        case Timer.REMINDER:
            return remind(tick.about, case)
        case Timer.STRANGER:
            return _stranger(case)
        case None:
            return Plan(row="tick", reason=f"The timer {tick.timer[:40]!r} ran out: recorded without effect.")


def _stranger(case: Case) -> Plan:
    """Policy row 18: an opt-out of nobody's address ends, unless he was mailed or imported meanwhile."""
    if not case.situation.of_record:
        return Plan(row="18", reason="Nobody ever mailed this address: its opt-out ends as it was set to.")
    after = case.state
    for old in case.state.standings:
        if old.state is State.OPT_OUT and old.until is not None and old.rule.split()[0] == "18":
            after = states.exchange(after, old, replace(old, until=None))
    return Plan(
        row="18", reason="The address has become one of ours: its opt-out stays.",
        states=states.changed(case.state, after),
    )  # fmt: skip
