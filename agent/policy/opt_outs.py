"""Opt-outs: obeyed at every strength, for a wrong one costs little and one reply undoes it.

Proof decides only about the answer, the breaker, and how long a stranger is remembered.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.model.plan import LetterKind, NewReview, NewTicket, Plan, SetTimer
from agent.model.signal import Confidence, Manner, OptOut, Strength, Timer, Verdict
from agent.model.state import Standing, State, TicketKind
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import Case
from agent.policy.flood import BREAKER_B1, flooded, when_over
from agent.policy.high_value import kept_warm

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
_UNSURE = "The reply may ask for no more mail: held until a person has read it."
_GONE = "A robot, or unclear words, say that the person is gone: a person has to read it."
_SOMEBODY_ELSE = "A reply speaks for somebody else: a person has to read it."
_OPT_OUT_WORDS = frozenset({Manner.KEYWORD, Manner.WORDING})
_BEFORE_THE_END = timedelta(days=1)
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
    flood = flooded(found.strength, case)
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
        batch=case.breaker("B1") if flood else "",
    )
    after = states.give_reason(states.put(case.state, new, case.now), new)
    reply = answer(_wanted(found), case) if found.row not in ("10b", "11b") else None
    alert = BREAKER_B1.format(new.batch) if flood else _ANGRY if found.row == "11b" else ""
    return Plan(
        row=found.row,
        reason=f"{_WORDS[found.row]} {reply.words if reply else 'Nobody is answered.'}",
        states=states.changed(case.state, states.speaking(after, case, found.strength)),
        effects=reply.letters if reply else (),
        alert=alert,
        tickets=_tasks(found, case) if after is not case.state else (),
        timers=_timers(new, case) if after is not case.state else (),
        batch=new.batch if flood else "",
    )


def _tasks(found: _Found, case: Case) -> tuple[NewTicket, ...]:
    angry = NewTicket(kind=TicketKind.TASK, what=_ANGRY)
    return kept_warm(case) + ((angry,) if found.row == "11b" else ())


def _timers(new: Standing, case: Case) -> tuple[SetTimer, ...]:
    if new.provisional:
        return (when_over(case),)
    if new.until is None:
        return ()
    # Whoever was mailed, or imported, in the meantime is no stranger any more: row 18 ends for him.
    return (SetTimer(key=case.key, timer=Timer.STRANGER, due_at=new.until - _BEFORE_THE_END),)


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
    if case.decided:
        return None
    if case.replayed:
        return Plan(row=found.row, reason="The same opt-out was applied before.")
    if opt_out.manner in _ROW_OF_WORDS and not _speaks_for_it(opt_out, case):
        review = NewReview(why=_SOMEBODY_ELSE, first=Verdict.OPT_OUT, second=Verdict.NOTHING)
        return Plan(row="10b", reason=_SOMEBODY_ELSE, alert="A reply is about somebody else; see review.",
                    reviews=(review,))  # fmt: skip
    if opt_out.evidence.confidence is Confidence.LIKELY and opt_out.manner is Manner.PERSON_GONE:
        review = NewReview(why=_GONE, first=Verdict.INACTIVE, second=Verdict.NOTHING)
        return Plan(row="10", reason=_GONE, reviews=(review,))
    if opt_out.evidence.confidence is Confidence.LIKELY and opt_out.manner in _ROW_OF_WORDS:
        return _held(opt_out, case)
    return None


def _speaks_for_it(opt_out: OptOut, case: Case) -> bool:
    """A person for himself, also by his own token; a proven colleague for another of his company."""
    if case.from_the_address_itself:
        return True
    if opt_out.manner is not Manner.PERSON_GONE and case.minted_for_it(opt_out.evidence.token):
        return True
    return opt_out.evidence.authenticated and case.situation.same_organisation


def _held(opt_out: OptOut, case: Case) -> Plan:
    """Policy row 20, not sure: no bulk mail until a person has read it. At a small company nobody may, so silence
    obeys where opt-out words stood alone; it must not silence a customer who spoke of an order.
    """
    due_at = case.now + timedelta(hours=case.policy.review_hours)
    new = states.standing(
        State.HELD, case, row="20", evidence=opt_out.evidence, reason="review", until=due_at,
        strength=case.strength(opt_out.evidence),
    )  # fmt: skip
    review = NewReview(
        why=_UNSURE, first=Verdict.OPT_OUT, second=Verdict.REPLY, due_at=due_at,
        timeout=Verdict.OPT_OUT if opt_out.manner in _OPT_OUT_WORDS and not opt_out.doubtful else None,
    )  # fmt: skip
    return Plan(
        row="20", reason=_UNSURE, states=states.changed(case.state, states.put(case.state, new, case.now)),
        alert="A reply may be an opt-out; see review.", reviews=(review,),
    )  # fmt: skip


def _default_reason(opt_out: OptOut) -> str:
    gone, angry = opt_out.manner is Manner.PERSON_GONE, opt_out.manner is Manner.COMPLAINT_WORDS
    return "left_company" if gone else "complaint_words" if angry else states.NO_REASON


def _until(found: _Found, case: Case) -> datetime | None:
    """Never, but for an address we never mailed (policy row 18)."""
    return states.plus_months(case.now, case.policy.stranger_months) if found.row == "18" else None


def _wanted(found: _Found) -> Wanted:
    if found.scope.startswith(_LIST):
        return Wanted(kind=LetterKind.TOPIC, request=found.opt_out, list=found.scope.partition(":")[2])
    proven = found.strength >= Strength.E2
    return Wanted(kind=LetterKind.OPT_OUT if proven else LetterKind.OPT_OUT_UNVERIFIED, request=found.opt_out)
