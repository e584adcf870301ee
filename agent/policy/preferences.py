"""Preferences: one topic less, a pause with an end; never taken for an opt-out of everything."""

from agent.model.plan import LetterKind, Plan
from agent.model.signal import Evidence, Preference, PreferenceKind
from agent.model.state import Standing, State
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import Case

ROW = "22"
_NO_TOPIC = "Row 22 (one topic only, without its name) is recorded without effect: a person has to read it."
_NO_END = "Row 22 (a pause without an end to come) is recorded without effect: a person has to read it."
_LESS = "Row 22 (less mail) is recorded without effect: a person has to see to it."


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
            return _review(_LESS)


def _topic(preference: Preference, case: Case) -> Plan:
    name = preference.scope.partition(":")[2]
    if not name:
        return _review(_NO_TOPIC)
    new = _standing(State.OPT_OUT, preference.evidence, case, preference)
    wanted = Wanted(kind=LetterKind.TOPIC, request=preference, list=name)
    return _plan(f"No more mail about {preference.scope}; everything else stays.", new, wanted, case)


def _pause(preference: Preference, case: Case) -> Plan:
    if preference.until is None or preference.until <= case.now:
        return _review(_NO_END)
    new = _standing(State.PAUSED, preference.evidence, case, preference)
    wanted = Wanted(kind=LetterKind.PAUSE, request=preference, until=preference.until)
    return _plan(f"A pause until {preference.until:%Y-%m-%d}; mail resumes by itself.", new, wanted, case)


def _standing(state: State, evidence: Evidence, case: Case, preference: Preference) -> Standing:
    return states.standing(
        state,
        case,
        row=ROW,
        evidence=evidence,
        reason=preference.kind.value,
        strength=case.strength(evidence),
        scope=preference.scope,
        until=preference.until if state is State.PAUSED else None,
    )


def _plan(words: str, new: Standing, wanted: Wanted, case: Case) -> Plan:
    after = states.speaking(states.put(case.state, new, case.now), case, new.strength)
    reply = answer(wanted, case)
    return Plan(
        row=ROW,
        reason=f"{words} {reply.words}",
        states=states.changed(case.state, after),
        effects=reply.letters,
    )


def _review(words: str) -> Plan:
    return Plan(row=ROW, reason=words, alert="A person wishes for less or other mail; see review.")
