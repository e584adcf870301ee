"""Answers to our letters: a number says why, PAUSE and LESS put a milder wish in the place of the opt-out.

The letter's own token proves them (policy rows 22 and 23): it went to that address and nowhere else. An old letter, a
mail from another address and a word said before the latest opt-out lift nothing, and nothing here lifts a complaint.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from agent.model.mail import Purpose
from agent.model.plan import LetterKind, Plan, SetTimer
from agent.model.signal import Evidence, OptOut, OptOutReason, Preference, PreferenceKind, Timer
from agent.model.state import AddressState, Standing, State
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import CLOCK_SLACK, Case

_OFFERED = frozenset(
    {
        OptOutReason.TOO_FREQUENT.value,
        OptOutReason.NOT_RELEVANT.value,
        OptOutReason.NO_LONGER_NEEDED.value,
        OptOutReason.OTHER_CHANNEL.value,
        OptOutReason.NEVER_SIGNED_UP.value,
    }
)
_MILDER = frozenset({PreferenceKind.PAUSE, PreferenceKind.FREQUENCY})


def decide_reason(opt_out: OptOut, case: Case) -> Plan:
    """A number in answer to our letter: the reason is noted beside the opt-out; it neither sets nor lifts one."""
    if case.replayed:
        return Plan(row="15", reason="The same answer was noted before.")
    if not answers_letter(opt_out.evidence, case) or opt_out.reason is None:
        return Plan(row="25", reason="A number, but in answer to no letter of ours: recorded only.")
    reason = opt_out.reason.value
    told = tuple(_told(standing, reason, opt_out.evidence, case) for standing in case.state.standings)
    after = replace(case.state, standings=told)
    words = f"The person said why: {reason}." if after != case.state else "A reason, but no opt-out it could belong to."
    return Plan(row="15", reason=f"{words} Nobody is answered.", states=states.changed(case.state, after))


def milder(preference: Preference, case: Case) -> bool:
    """Whether somebody who opted out asks, in answer to our letter, for a pause or less mail instead."""
    wished = preference.kind in _MILDER and preference.scope == "all" and case.state.has(State.OPT_OUT, case.now)
    return wished and answers_letter(preference.evidence, case)


def decide_milder(preference: Preference, case: Case) -> Plan:
    """PAUSE or LESS in the place of an opt-out."""
    why_not = _stays(preference, case)
    if why_not:
        return Plan(row="22", reason=f"A milder wish, but the opt-out stays: {why_not}.")
    until = _until(preference, case)
    less = preference.kind is PreferenceKind.FREQUENCY
    new = states.standing(
        State.PAUSED,
        case,
        row="22",
        evidence=preference.evidence,
        reason=preference.kind.value,
        strength=case.strength(preference.evidence),
        until=until,
    )
    after = states.speaking(states.put(_without_opt_out(case.state), new, case.now), case, new.strength)
    if less:
        after = replace(after, interval_days=preference.interval_days or case.policy.less_often_days)
    due_at = max(case.now, until - timedelta(days=case.policy.pause_reminder_days))
    reminder = SetTimer(key=case.key, timer=Timer.REMINDER, due_at=due_at, about=preference.scope)
    kind = LetterKind.FREQUENCY if less else LetterKind.PAUSE
    reply = answer(Wanted(kind=kind, request=preference, until=until), case)
    words = "Less mail" if less else "A pause"
    return Plan(
        row="22",
        reason=f"{words} in the place of the opt-out, as the person answered; mail rests until {until:%Y-%m-%d}. "
        f"{reply.words}",
        states=states.changed(case.state, after),
        effects=reply.letters,
        timers=(reminder,),
    )


def answers_letter(evidence: Evidence, case: Case) -> bool:
    """Whether a verified token of a letter that went to this very address came back."""
    token, sent = evidence.token, case.situation.sent
    ours = token is not None and token.purpose is Purpose.REPLY and case.minted_for_it(token)
    return ours and sent is not None and sent.letter


def _told(standing: Standing, reason: str, evidence: Evidence, case: Case) -> Standing:
    """The reason, where none or an earlier of these was told; who answers our letter also shows that it was he."""
    if standing.state is not State.OPT_OUT or standing.scope != "all":
        return standing
    known = standing.reason not in _OFFERED | {states.NO_REASON}
    strength = max(standing.strength, case.strength(evidence))
    return replace(standing, strength=strength, reason=standing.reason if known else reason)


def _stays(preference: Preference, case: Case) -> str:
    """Why the opt-out cannot be changed by this mail, in words."""
    sent = case.situation.sent
    if case.replayed:
        return "the same answer was applied before"
    if any(s.state is State.COMPLAINT and s.holds(case.now) for s in case.state.standings):
        return "the person complained about our mail, and only an order of the operator lifts that"
    if not preference.answerable:
        return "the mail was written by a machine"
    if not case.from_the_address_itself:
        return "it came from another address"
    if (
        sent is None
        or case.now - sent.minted_at > timedelta(days=case.settings.letters.confirmation_days) + CLOCK_SLACK
    ):
        return "the letter it answers is too old"
    later = any(s.since > sent.minted_at for s in case.state.standings if _is_opt_out(s))
    return "the person opted out again after that letter" if later else ""


def _until(preference: Preference, case: Case) -> datetime:
    """The end that was named, else the usual one; less mail begins with one interval of rest."""
    if preference.until is not None and preference.until > case.now:
        return preference.until
    if preference.kind is PreferenceKind.FREQUENCY:
        return case.now + timedelta(days=preference.interval_days or case.policy.less_often_days)
    return case.now + timedelta(days=case.policy.pause_days)


def _without_opt_out(before: AddressState) -> AddressState:
    """One topic or list stays off, as he said before."""
    return replace(before, standings=tuple(s for s in before.standings if not _is_opt_out(s)))


def _is_opt_out(standing: Standing) -> bool:
    return standing.state in (State.OPT_OUT, State.HELD) and standing.scope == "all"
