"""Erase me, show me my data: mail stops at once where it is asked, and the operator's month begins (GDPR 12(3))."""

from datetime import timedelta

from agent.model.plan import LetterKind, NewTicket, Plan
from agent.model.signal import Privacy, PrivacyKind
from agent.model.state import State, TicketKind
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import Case
from agent.policy.flood import BREAKER_B1, flooded, when_over
from agent.policy.high_value import kept_warm


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
            what = "Show the person the data held of him; send it to the address of record only."
            ticket = _ticket(TicketKind.ACCESS, what, case)
            return Plan(row=_row(privacy), reason=words, effects=reply.letters, alert=_told(ticket), tickets=(ticket,))


def _erase(privacy: Privacy, case: Case) -> Plan:
    """Policy row 21."""
    strength = case.strength(privacy.evidence)
    flood = flooded(strength, case)
    new = states.standing(
        State.OPT_OUT,
        case,
        row=_row(privacy),
        evidence=privacy.evidence,
        reason=privacy.kind.value,
        strength=strength,
        until=case.provisional_end() if flood else None,
        provisional=flood,
        batch=case.breaker("B1") if flood else "",
    )
    after = states.speaking(states.put(case.state, new, case.now), case, strength)
    ticket = _ticket(TicketKind.ERASE, "Erase the data held of the person; here with: optoutd tickets erase", case)
    reply = answer(Wanted(kind=LetterKind.ERASE_RECEIPT, request=privacy), case)
    return Plan(
        row=_row(privacy),
        reason=f"A person wants his data erased: no more mail at once; the erasing is the operator's. {reply.words}",
        states=states.changed(case.state, after),
        effects=reply.letters,
        alert=BREAKER_B1.format(new.batch) if flood else _told(ticket),
        tickets=(ticket, *kept_warm(case)),
        timers=(when_over(case),) if flood else (),
        batch=new.batch if flood else "",
    )


def _row(privacy: Privacy) -> str:
    return "21" if privacy.kind is PrivacyKind.ERASE else "21b"


def _ticket(kind: TicketKind, what: str, case: Case) -> NewTicket:
    return NewTicket(kind=kind, what=what, due_at=case.now + timedelta(days=case.policy.ticket_days))


def _told(ticket: NewTicket) -> str:
    return f"A request about personal data ({ticket.kind.value}): the law gives until {ticket.due_at:%Y-%m-%d}."
