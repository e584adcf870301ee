"""Preferences: one topic less, a pause with an end, fewer mails; never taken for an opt-out of everything."""

from dataclasses import replace
from datetime import timedelta

from agent.model.plan import LetterKind, NewReview, Plan, SetTimer
from agent.model.signal import Evidence, Preference, PreferenceKind, Strength, Timer, Verdict
from agent.model.state import Standing, State
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import Case
from agent.policy.flood import BREAKER_B1, flooded, when_over

ROW = "22"
_NO_TOPIC = "The person wants to hear no more of one topic, but does not name it: a person has to read it."
_PAST = "The pause that is asked for lies in the past: a person has to read it."


def decide_preference(preference: Preference, case: Case) -> Plan:
    """What one wish for other than all or nothing does."""
    if case.replayed:
        return Plan(row=ROW, reason="The same wish was applied before.")
    match preference.kind:
        case PreferenceKind.TOPIC:
            return _topic(preference, case)
        case PreferenceKind.PAUSE:
            return _pause(preference, case)
        case PreferenceKind.FREQUENCY:
            return _less_often(preference, case)


def _topic(preference: Preference, case: Case) -> Plan:
    name = preference.scope.partition(":")[2]
    if name in ("", "unnamed"):
        return _review(_NO_TOPIC)
    new = _standing(State.OPT_OUT, preference.evidence, case, preference)
    wanted = Wanted(kind=LetterKind.TOPIC, request=preference, list=name)
    return _plan(f"No more mail about {preference.scope}; everything else stays.", new, wanted, case)


def _pause(preference: Preference, case: Case) -> Plan:
    until = preference.until or case.now + timedelta(days=case.policy.pause_days)
    if until <= case.now:
        return _review(_PAST)
    new = replace(_standing(State.PAUSED, preference.evidence, case, preference), until=until)
    wanted = Wanted(kind=LetterKind.PAUSE, request=preference, until=until)
    plan = _plan(f"A pause until {until:%Y-%m-%d}; mail resumes by itself.", new, wanted, case)
    due_at = max(case.now, until - timedelta(days=case.policy.pause_reminder_days))
    reminder = SetTimer(key=case.key, timer=Timer.REMINDER, due_at=due_at, about=preference.scope)
    return replace(plan, timers=(reminder,)) if plan.states else plan


def _less_often(preference: Preference, case: Case) -> Plan:
    """Kept beside the address, for whoever plans the next mailing; it stops nothing by itself."""
    days = preference.interval_days or case.policy.less_often_days
    strength = case.strength(preference.evidence)
    after = states.speaking(replace(case.state, interval_days=days), case, strength)
    reply = answer(Wanted(kind=LetterKind.FREQUENCY, request=preference), case)
    return Plan(
        row=ROW,
        reason=f"Fewer mails: at most one in {days} days. {reply.words}",
        states=states.changed(case.state, after),
        effects=reply.letters,
    )


def remind(scope: str, case: Case) -> Plan:
    """A pause ends in a few days: the operator hears of it while it still holds."""
    pause = next((s for s in case.state.standings if s.state is State.PAUSED and s.scope == scope), None)
    if pause is None or pause.until is None or not pause.holds(case.now):
        return Plan(row=ROW, reason="The pause is over already.")
    alert = f"The pause of an address ends on {pause.until:%Y-%m-%d}; mail to it resumes then."
    return Plan(row=ROW, reason=alert, alert=alert)


def _standing(state: State, evidence: Evidence, case: Case, preference: Preference) -> Standing:
    strength = case.strength(evidence)
    flood = state is State.OPT_OUT and flooded(strength, case)  # a pause ends by itself anyway
    end = preference.until if state is State.PAUSED else None
    return states.standing(
        state,
        case,
        row=ROW,
        evidence=evidence,
        reason=preference.kind.value,
        strength=strength,
        scope=preference.scope,
        until=case.provisional_end() if flood else end,
        provisional=flood,
        batch=case.breaker("B1") if strength < Strength.E2 and case.flooded else "",
    )


def _plan(words: str, new: Standing, wanted: Wanted, case: Case) -> Plan:
    after = states.speaking(states.put(case.state, new, case.now), case, new.strength)
    reply = answer(wanted, case)
    return Plan(
        row=ROW,
        reason=f"{words} {reply.words}",
        states=states.changed(case.state, after),
        effects=reply.letters,
        alert=BREAKER_B1.format(new.batch) if new.provisional else "",
        timers=(when_over(case),) if new.provisional else (),
        batch=new.batch if new.provisional else "",
    )


def _review(words: str) -> Plan:
    review = NewReview(why=words, first=Verdict.PAUSE, second=Verdict.OPT_OUT)
    return Plan(row=ROW, reason=words, alert="A person wishes for less or other mail; see review.", reviews=(review,))
