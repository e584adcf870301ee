"""Policy row 3: a domain is dead when our own DNS says so, twice, days apart; no report alone makes it dead.

The state lies on the domain's own key. Rechecks are timers; the answer comes back as a Tick whose rule says it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from agent.model.plan import Plan, SetTimer
from agent.model.signal import Bounce, Tick, Timer
from agent.model.state import Standing, State
from agent.policy import states
from agent.policy.case import Case

ROW = "3"
DEAD, ALIVE, UNSURE = "dns:nxdomain", "dns:alive", "dns:temperror"
ASK_AGAIN = timedelta(hours=1)
_SAME_EPISODE = timedelta(days=7)  # our resolver may have been away at the time of a recheck
_SLACK = timedelta(days=1)  # the next answer must come before the state ends


def ask_the_dns(_bounce: Bounce, case: Case) -> Plan:
    """A bounce that blames the host: our own DNS is asked now, unless nobody we know lives there."""
    if case.situation.ever_known and not case.situation.of_record:
        return Plan(row=ROW, reason="A dead host is reported for an address we never wrote to: counted only.")
    domain = case.situation.domain_state
    if domain is not None and domain.has(State.DEAD_DOMAIN, case.now):
        return Plan(row=ROW, reason="The domain is known to be dead; the DNS is asked again in time.")
    timer = SetTimer(key=case.key.domain_key, timer=Timer.DOMAIN, due_at=case.now)
    return Plan(row=ROW, reason="The host is reported dead: our own DNS is asked.", timers=(timer,))


def hear_the_dns(tick: Tick, case: Case) -> Plan:
    """What the DNS said of a domain."""
    match tick.evidence.rule:
        case "dns:nxdomain":
            return _dead(tick, case)
        case "dns:alive":
            after = states.lift(case.state, (State.DEAD_DOMAIN,))
            return Plan(row=ROW, reason="The domain takes mail.", states=states.changed(case.state, after))
        case _:
            again = _timer(case, case.now + ASK_AGAIN)
            return Plan(row=ROW, reason="The DNS gave no answer: it is asked again in an hour.", timers=(again,))


def _dead(tick: Tick, case: Case) -> Plan:
    before = next((s for s in case.state.standings if s.state is State.DEAD_DOMAIN), None)
    if before is None or before.until is None or case.now - before.until > _SAME_EPISODE:
        return _first(tick, case, before)
    first_hours = timedelta(hours=case.policy.dead_domain_hours)
    if case.now - before.since < first_hours:
        return Plan(row=ROW, reason="The domain is still dead.", timers=(_timer(case, before.since + first_hours),))
    return _still(before, case)


def _first(tick: Tick, case: Case, before: Standing | None) -> Plan:
    if before is not None and before.until is None:
        return Plan(row=ROW, reason="The domain was set dead by hand.")
    until = case.now + timedelta(hours=case.policy.dead_domain_hours)
    new = states.standing(
        State.DEAD_DOMAIN, case, row=ROW, evidence=tick.evidence, reason="no mail host in the DNS", until=until
    )
    after = states.put(states.lift(case.state, (State.DEAD_DOMAIN,)), new, case.now)
    words = "Our DNS knows no mail host of the domain: mail to it pauses."
    return Plan(row=ROW, reason=words, states=states.changed(case.state, after), timers=(_timer(case, until),))


def _still(before: Standing, case: Case) -> Plan:
    """Dead at two checks, the first hours apart: longer, asked again every month, given up on after half a year."""
    last = states.plus_months(before.since, case.policy.dead_domain_months)
    if case.now >= last:
        alert = f"{case.key.domain} has been dead for months: take its addresses off your lists."
        return Plan(row=ROW, reason="The domain is still dead; it is not asked any more.", alert=alert)
    again = case.now + timedelta(days=case.policy.dead_domain_recheck_days)
    after = states.exchange(case.state, before, replace(before, until=min(again + _SLACK, last)))
    words = "The domain is still dead: mail to it pauses for longer."
    return Plan(row=ROW, reason=words, states=(after,), timers=(_timer(case, min(again, last)),))


def _timer(case: Case, due_at: datetime) -> SetTimer:
    return SetTimer(key=case.key, timer=Timer.DOMAIN, due_at=due_at)
