"""Bounces: only a proven one about the mailbox itself stops mail for good; our own faults never cost a contact."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from agent.model.mail import Purpose
from agent.model.plan import NewReview, Plan
from agent.model.signal import Bounce, Strength, Verdict
from agent.model.state import Standing, State
from agent.policy import states
from agent.policy.bounce_rows import NEVER, row_of
from agent.policy.case import Case
from agent.policy.dead_domain import ask_the_dns
from agent.policy.objections import our_side
from agent.policy.proof import BREAKER_B2, domain_flooded, flood_batch, proven, weak_flooded
from agent.policy.soft import full, late, refused, unclear

_SECOND = "A second unproven bounce, days later and about another mail, says that the mailbox is gone."


def decide_bounce(bounce: Bounce, case: Case) -> Plan:
    """What one bounce does to its address."""
    row = row_of(bounce)
    why_not = _not_counted(bounce, case)
    if why_not:
        return Plan(row=row, reason=why_not)
    plan = _DECIDE[row](bounce, case)
    token = bounce.evidence.token
    acted = plan.states or plan.timers
    once = bounce.own_signature or (token is not None and token.purpose is Purpose.BOUNCE)
    return replace(plan, uses_token=bool(acted) and once)


def _not_counted(bounce: Bounce, case: Case) -> str:
    token = bounce.evidence.token
    if case.situation.duplicate:
        return "The same bounce was counted before."
    if token is not None and token.purpose is Purpose.BOUNCE and case.situation.token_used:
        return "This return path has proven a bounce before; it does so once."
    if bounce.own_signature and case.situation.token_used:
        return "This returned mail of ours has proven a bounce of the address before; it does so once."
    if case.now - case.written_at > timedelta(days=case.policy.bounce_max_age_days):
        return "The bounce is too old to say anything about the address today; it is only counted."
    if bounce.evidence.strength is Strength.E0:
        return "The bounce names no address of ours; it is only counted."
    return ""


def _unknown_user(bounce: Bounce, case: Case) -> Plan:
    """Policy rows 1 and 1b."""
    if not proven(bounce, case):
        return _weak(bounce, case, "1b", hard_at_second=True)
    flood = domain_flooded(case)
    new = states.standing(
        State.HARD,
        case,
        row="1",
        evidence=bounce.evidence,
        reason=bounce.reason.value,
        until=case.provisional_end() if flood else None,
        provisional=flood,
        batch=flood_batch(case) if flood else "",
    )
    return _plan("1", "The mailbox does not exist, and the report is proven: no more mail to it.", new, case)


def _disabled(bounce: Bounce, case: Case) -> Plan:
    """Policy row 2."""
    if not proven(bounce, case):
        return _weak(bounce, case, "2", hard_at_second=False)
    new = states.standing(State.INACTIVE, case, row="2", evidence=bounce.evidence, reason=bounce.reason.value)
    return _plan("2", "The mailbox is switched off, and the report is proven: no more mail to it.", new, case)


def _weak(bounce: Bounce, case: Case, row: str, *, hard_at_second: bool) -> Plan:
    """Whatever anybody could have forged ends by itself (policy row 1b)."""
    if not case.plain:
        return Plan(row=row, reason="The bounce is not proven by a token of ours: nothing changes, it is counted.")
    flood = domain_flooded(case) or weak_flooded(case)
    if hard_at_second and not flood and _second(bounce, case):
        return _weak_hard(bounce, case, row)
    if any(s.state is State.SUSPECT and s.holds(case.now) and not s.provisional for s in case.state.standings):
        return Plan(row=row, reason="The address is under suspicion already; an unproven bounce does not prolong it.")
    new = states.standing(
        State.SUSPECT,
        case,
        row=row,
        evidence=bounce.evidence,
        reason=bounce.reason.value,
        until=case.provisional_end() if flood else case.now + timedelta(days=case.policy.suspect_days),
        provisional=flood,
        batch=flood_batch(case) if flood else "",
    )
    return _plan(row, "An unproven bounce says the mailbox is gone: mail pauses and resumes by itself.", new, case)


def _weak_hard(bounce: Bounce, case: Case, row: str) -> Plan:
    new = states.standing(
        State.HARD,
        case,
        row=row,
        evidence=bounce.evidence,
        reason=bounce.reason.value,
        until=case.now + timedelta(days=case.policy.weak_hard_days),
    )
    plan = _plan(row, f"{_SECOND} Listed for review.", new, case)
    review = NewReview(why=_SECOND, first=Verdict.NOTHING, second=Verdict.RESUBSCRIBE)
    return replace(plan, reviews=(review,) if plan.states else ())


def _second(bounce: Bounce, case: Case) -> bool:
    """Whether an earlier suspicion stands far enough off, near enough, and was about another mail.

    What was said before the person wrote to us himself is disproven.
    """
    about = bounce.original_message_id or case.origin.content_key
    gap, window = timedelta(days=case.policy.suspect_gap_days), timedelta(days=case.policy.suspect_window_days)
    alive = case.state.engaged_at
    return any(
        gap <= case.now - earlier.at <= window and earlier.about != about and (alive is None or earlier.at > alive)
        for earlier in case.situation.earlier_suspicions
    )


def _protocol(bounce: Bounce, case: Case) -> Plan:
    """Policy row 9."""
    alert = f"{case.key.domain} could not take our mail as it is ({bounce.reason.value}): its size or form is at fault."
    return Plan(row="9", reason="The mail itself could not be taken; the address stays as it is.", alert=alert)


def _never(_bounce: Bounce, _case: Case) -> Plan:
    return Plan(row=NEVER, reason="Such a report never changes an address.")


def _plan(row: str, words: str, new: Standing, case: Case) -> Plan:
    after = states.put(case.state, new, case.now)
    if after is case.state:
        words = f"{words} That was known already."
    flood = new.provisional
    return Plan(
        row=row,
        reason=words,
        states=states.changed(case.state, after),
        alert=BREAKER_B2.format(new.batch) if flood else "",
        batch=new.batch if flood else "",
    )


_DECIDE: dict[str, Callable[[Bounce, Case], Plan]] = {
    "1": _unknown_user,
    "2": _disabled,
    "3": ask_the_dns,
    "4": our_side,
    "5": refused,
    "6": full,
    "7": late,
    "8": unclear,
    "9": _protocol,
    NEVER: _never,
}
