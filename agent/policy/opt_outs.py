"""Opt-outs: obeyed at every strength, for a wrong one costs little and one reply undoes it.

Proof decides only about the answer, the breaker, and how long a stranger is remembered.
"""

from dataclasses import dataclass
from datetime import datetime

from agent.model.plan import LetterKind, Plan
from agent.model.signal import Confidence, Manner, OptOut, Strength
from agent.model.state import State
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import Case
from agent.policy.complaints import BREAKER_B1

_ROW_OF_WORDS = {
    Manner.KEYWORD: "19",
    Manner.WORDING: "20",
    Manner.PERSON_GONE: "10b",
    Manner.COMPLAINT_WORDS: "11b",
}
_WORDS = {
    "10b": "The person left or was the wrong one: no more mail to this address.",
    "11b": "An angry reply counts as an opt-out of everything; a complaint comes from a feedback report only.",
    "15": "The person unsubscribed by our own link.",
    "16": "The person unsubscribed by mail, and the mail is proven to be his.",
    "17": "Somebody unsubscribed this address by mail without proof: obeyed, marked unverified.",
    "18": "An address we do not know was unsubscribed without proof: kept in case it is ever imported.",
    "19": "The reply says nothing but an opt-out word.",
    "20": "The reply asks for no more mail.",
}
_ANGRY = "An angry reply: please look at it; nothing was answered."
_UNSURE = "Row 20 (wording that is not sure) is recorded without effect: a person has to read it."
_SOMEBODY_ELSE = "Row 10b about another address is recorded without effect: a person has to read it."
_LIST = ("list:", "topic:")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """One opt-out, what it is worth and which row it falls under."""

    opt_out: OptOut
    row: str
    strength: Strength
    scope: str


def decide_opt_out(opt_out: OptOut, case: Case) -> Plan:
    """What one opt-out does."""
    found = _find(opt_out, case)
    why_not = _not_obeyed(found, case)
    if why_not:
        return why_not
    flood = found.strength < Strength.E2 and case.flooded
    new = states.standing(
        State.OPT_OUT,
        case,
        row=found.row,
        evidence=opt_out.evidence,
        reason=opt_out.reason.value if opt_out.reason else _default_reason(opt_out),
        strength=found.strength,
        scope=found.scope,
        until=case.provisional_end() if flood else _until(found, case),
        provisional=flood,
    )
    after = states.give_reason(states.put(case.state, new, case.now), new)
    reply = answer(_wanted(found), case) if found.row not in ("10b", "11b") else None
    alert = BREAKER_B1 if flood else _ANGRY if found.row == "11b" else ""
    return Plan(
        row=found.row,
        reason=f"{_WORDS[found.row]} {reply.words if reply else 'Nobody is answered.'}",
        states=states.changed(case.state, states.speaking(after, case, found.strength)),
        effects=reply.letters if reply else (),
        alert=alert,
    )


def _find(opt_out: OptOut, case: Case) -> _Found:
    strength = case.strength(opt_out.evidence)
    row = _ROW_OF_WORDS.get(opt_out.manner) or _row_of_address(strength, case)
    scope = "all" if row == "11b" else _scope(opt_out, strength, case)
    return _Found(opt_out=opt_out, row=row, strength=strength, scope=scope)


def _row_of_address(strength: Strength, case: Case) -> str:
    """Rows 15 to 18: mail to an unsubscribe address, a client's own mark, a form, one click."""
    if strength is Strength.E3:
        return "15"
    if strength is Strength.E2:
        return "16"
    stranger = case.situation.ever_known and not case.situation.of_record
    return "18" if stranger else "17"


def _scope(opt_out: OptOut, strength: Strength, case: Case) -> str:
    """A list's token stops that list only where the settings say so; a form names its scope itself."""
    sent = case.situation.sent
    by_list = case.policy.list_token_scope == "list" and strength is Strength.E3
    if by_list and opt_out.scope == "all" and opt_out.manner is not Manner.FORM and sent is not None and sent.list:
        return f"list:{sent.list}"
    return opt_out.scope


def _not_obeyed(found: _Found, case: Case) -> Plan | None:
    opt_out = found.opt_out
    if case.replayed:
        return Plan(row=found.row, reason="The same opt-out was applied before.")
    if found.row == "10b" and not case.from_the_address_itself:
        return Plan(row="10b", reason=_SOMEBODY_ELSE, alert="A reply says that somebody else is gone; see review.")
    if opt_out.evidence.confidence is Confidence.LIKELY and opt_out.manner in _ROW_OF_WORDS:
        return Plan(row="20", reason=_UNSURE, alert="A reply may be an opt-out; see review.")
    return None


def _default_reason(opt_out: OptOut) -> str:
    gone, angry = opt_out.manner is Manner.PERSON_GONE, opt_out.manner is Manner.COMPLAINT_WORDS
    return "left_company" if gone else "complaint_words" if angry else states.NO_REASON


def _until(found: _Found, case: Case) -> datetime | None:
    """Never, but for an address we never mailed (policy row 18)."""
    return plus_months(case.now, case.policy.stranger_months) if found.row == "18" else None


def plus_months(start: datetime, months: int) -> datetime:
    """The same day so many months later, or the last day that month has in every year."""
    year, month = divmod(start.month - 1 + months, 12)
    return start.replace(year=start.year + year, month=month + 1, day=min(start.day, 28))


def _wanted(found: _Found) -> Wanted:
    if found.scope.startswith(_LIST):
        return Wanted(kind=LetterKind.TOPIC, request=found.opt_out, list=found.scope.partition(":")[2])
    proven = found.strength >= Strength.E2
    return Wanted(kind=LetterKind.OPT_OUT if proven else LetterKind.OPT_OUT_UNVERIFIED, request=found.opt_out)
