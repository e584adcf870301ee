"""Bounces: only a proven one about the mailbox itself stops mail for good; our own faults never cost a contact."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from agent.model.mail import Purpose
from agent.model.plan import Plan
from agent.model.signal import Bounce, Strength
from agent.model.state import Standing, State
from agent.policy import points, states
from agent.policy.bounce_rows import NEVER, row_of
from agent.policy.case import CLOCK_SLACK, Case

BREAKER_B2 = "Breaker B2: many addresses are suddenly reported unknown; what follows is held for a short time only."
_LATER = {
    "3": "Row 3 (dead domain) is recorded without effect: only a look at the DNS could decide it.",
    "5": "Row 5 (refused by the recipient's own rule) is recorded without effect.",
    "6": "Row 6 (mailbox full) is recorded without effect: a full mailbox is often emptied again.",
    "8": "Row 8 (unclear failure) is recorded without effect, for review.",
    NEVER: "Such a report never changes an address.",
}


def decide_bounce(bounce: Bounce, case: Case) -> Plan:
    """What one bounce does to its address."""
    row = row_of(bounce)
    why_not = _not_counted(bounce, case)
    if why_not:
        return Plan(row=row, reason=why_not)
    if row in _LATER:
        return Plan(row=row, reason=_LATER[row])
    plan = _DECIDE[row](bounce, case)
    token = bounce.evidence.token
    return replace(plan, uses_token=bool(plan.states) and token is not None and token.purpose is Purpose.BOUNCE)


def _not_counted(bounce: Bounce, case: Case) -> str:
    token = bounce.evidence.token
    if case.situation.duplicate:
        return "The same bounce was counted before."
    if token is not None and token.purpose is Purpose.BOUNCE and case.situation.token_used:
        return "This return path has proven a bounce before; it does so once."
    if case.now - case.written_at > timedelta(days=case.policy.bounce_max_age_days):
        return "The bounce is too old to say anything about the address today; it is only counted."
    if bounce.evidence.strength is Strength.E0:
        return "The bounce names no address of ours; it is only counted."
    return ""


def _proven(bounce: Bounce, case: Case) -> bool:
    """E3. A token proves only while its mail is young enough and the address it was minted for is known."""
    if bounce.evidence.strength < Strength.E3:
        return False
    token, sent = bounce.evidence.token, case.situation.sent
    if token is None or sent is None:
        return token is None
    days = timedelta(days=case.settings.tokens.bounce_days)
    return case.minted_for_it(token) and case.now - sent.minted_at <= days + CLOCK_SLACK


def _unknown_user(bounce: Bounce, case: Case) -> Plan:
    """Policy rows 1 and 1b."""
    if not _proven(bounce, case):
        return _weak(bounce, case, "1b", hard_at_second=True)
    flood = _domain_flooded(case)
    new = states.standing(
        State.HARD,
        case,
        row="1",
        evidence=bounce.evidence,
        reason=bounce.reason.value,
        until=case.provisional_end() if flood else None,
        provisional=flood,
    )
    words = "The mailbox does not exist, and the report is proven: no more mail to it."
    return _plan("1", words, new, case, flood)


def _disabled(bounce: Bounce, case: Case) -> Plan:
    """Policy row 2."""
    if not _proven(bounce, case):
        return _weak(bounce, case, "2", hard_at_second=False)
    new = states.standing(State.INACTIVE, case, row="2", evidence=bounce.evidence, reason=bounce.reason.value)
    return _plan("2", "The mailbox is switched off, and the report is proven: no more mail to it.", new, case)


def _weak(bounce: Bounce, case: Case, row: str, *, hard_at_second: bool) -> Plan:
    """Whatever anybody could have forged ends by itself (policy row 1b)."""
    if not case.plain:
        return Plan(row=row, reason="The bounce is not proven by a token of ours: nothing changes, it is counted.")
    flood = _domain_flooded(case) or case.situation.weak_hard_last_hour >= case.policy.weak_hard_per_hour
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
    )
    return _plan(
        row, "An unproven bounce says the mailbox is gone: mail pauses and resumes by itself.", new, case, flood
    )


def _weak_hard(bounce: Bounce, case: Case, row: str) -> Plan:
    new = states.standing(
        State.HARD,
        case,
        row=row,
        evidence=bounce.evidence,
        reason=bounce.reason.value,
        until=case.now + timedelta(days=case.policy.weak_hard_days),
    )
    words = "A second unproven bounce, days later and about another mail, says the mailbox is gone; listed for review."
    return _plan(row, words, new, case)


def _second(bounce: Bounce, case: Case) -> bool:
    """Whether an earlier suspicion stands far enough off, near enough, and was about another mail."""
    about = bounce.original_message_id or case.origin.content_key
    gap, window = timedelta(days=case.policy.suspect_gap_days), timedelta(days=case.policy.suspect_window_days)
    return any(
        gap <= case.now - earlier.at <= window and earlier.about != about
        for earlier in case.situation.earlier_suspicions
    )


def _domain_flooded(case: Case) -> bool:
    """Breaker B2: this one included, too many and too large a share of the domain's addresses are unknown."""
    count = case.situation.domain_hard_last_day + 1
    share = case.policy.hard_domain_percent * case.situation.domain_recipients
    return count >= case.policy.hard_domain_count and count * 100 >= share


def _our_side(bounce: Bounce, case: Case) -> Plan:
    """Policy row 4: reputation, rules and content are our own business, never the address's."""
    alert = f"{case.key.domain} turns our mail away ({bounce.reason.value}): look at our sending, not at the address."
    return Plan(row="4", reason="The receiver objects to us or to the mail, not to the address.", alert=alert)


def _late(bounce: Bounce, case: Case) -> Plan:
    """Policy row 7: a delay is only recorded; a proven giving-up after temporary errors is half a point."""
    if bounce.delayed or not _proven(bounce, case):
        return Plan(row="7", reason="A temporary failure: recorded, the address stays as it is.")
    after = replace(case.state, points=points.add(case.state.points, 0.5, case.now))
    words = "The mail was given up after temporary errors: half a point, no state."
    return Plan(row="7", reason=words, states=states.changed(case.state, after))


def _protocol(bounce: Bounce, case: Case) -> Plan:
    """Policy row 9."""
    alert = f"{case.key.domain} could not take our mail as it is ({bounce.reason.value}): its size or form is at fault."
    return Plan(row="9", reason="The mail itself could not be taken; the address stays as it is.", alert=alert)


def _plan(row: str, words: str, new: Standing, case: Case, flood: bool = False) -> Plan:
    after = states.put(case.state, new, case.now)
    if after is case.state:
        words = f"{words} That was known already."
    return Plan(row=row, reason=words, states=states.changed(case.state, after), alert=BREAKER_B2 if flood else "")


_DECIDE: dict[str, Callable[[Bounce, Case], Plan]] = {
    "1": _unknown_user,
    "2": _disabled,
    "4": _our_side,
    "7": _late,
    "9": _protocol,
}
