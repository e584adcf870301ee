"""Erase me, show me my data: mail stops at once where it is asked, and the operator's month begins (GDPR 12(3))."""

from datetime import timedelta

from agent.model.plan import LetterKind, Plan
from agent.model.signal import Privacy, PrivacyKind, Strength
from agent.model.state import State
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import Case
from agent.policy.complaints import BREAKER_B1

_CLOCK = timedelta(days=30)


def decide_privacy(privacy: Privacy, case: Case) -> Plan:
    """What one request about personal data does."""
    if case.replayed:
        return Plan(row=_row(privacy), reason="The same request was recorded before.")
    match privacy.kind:
        case PrivacyKind.ERASE:
            return _erase(privacy, case)
        case PrivacyKind.ACCESS:
            reply = answer(Wanted(kind=LetterKind.ACCESS_RECEIPT, request=privacy), case)
            words = f"A person asks for his data. {reply.words}"
            return Plan(row=_row(privacy), reason=words, effects=reply.letters, alert=_task("show data", case))


def _erase(privacy: Privacy, case: Case) -> Plan:
    """Policy row 21."""
    strength = case.strength(privacy.evidence)
    flood = case.flooded and strength < Strength.E2
    new = states.standing(
        State.OPT_OUT,
        case,
        row=_row(privacy),
        evidence=privacy.evidence,
        reason=privacy.kind.value,
        strength=strength,
        until=case.provisional_end() if flood else None,
        provisional=flood,
    )
    after = states.speaking(states.put(case.state, new, case.now), case, strength)
    reply = answer(Wanted(kind=LetterKind.ERASE_RECEIPT, request=privacy), case)
    return Plan(
        row=_row(privacy),
        reason=f"A person wants his data erased: no more mail at once; the erasing is the operator's. {reply.words}",
        states=states.changed(case.state, after),
        effects=reply.letters,
        alert=BREAKER_B1 if flood else _task("erase data", case),
    )


def _row(privacy: Privacy) -> str:
    return "21" if privacy.kind is PrivacyKind.ERASE else "21b"


def _task(what: str, case: Case) -> str:
    return f"A request to {what} came in: the law gives until {case.now + _CLOCK:%Y-%m-%d}."
