"""START: lifts only what was confirmed by the address of record, and never a complaint."""

from dataclasses import replace
from datetime import timedelta

from agent.model.mail import Purpose
from agent.model.plan import LetterKind, NewReview, Plan
from agent.model.signal import Confidence, Resubscribe, Strength, Verdict
from agent.model.state import AddressState, Points, State
from agent.policy import states
from agent.policy.answer import Wanted, answer
from agent.policy.case import CLOCK_SLACK, Case

_BY_CONFIRMING = frozenset({State.OPT_OUT, State.HELD, State.PAUSED, State.FULL, State.SUSPECT})
_BY_TOKEN_ALONE = frozenset({State.PAUSED})


def decide_resubscribe(start: Resubscribe, case: Case) -> Plan:
    """What one START does (policy rows 23 and 24)."""
    row = "23" if start.confirmed or case.strength(start.evidence) >= Strength.E2 else "24"
    why_not = _no_effect(start, case)
    if why_not:
        return Plan(row=row, reason=why_not)
    if start.confirmed and _confirms(start, case):
        return _lift(start, case)
    return _ask(start, case, row)


def _no_effect(start: Resubscribe, case: Case) -> str:
    if case.situation.duplicate:
        return "The same START was applied before."
    if any(s.state is State.COMPLAINT and s.holds(case.now) for s in case.state.standings):
        return "The person complained about our mail: only an order of the operator can lift that."
    if case.by_mail and not start.answerable:
        return "The mail was written by a machine: START wants a person."
    return ""


def _confirms(start: Resubscribe, case: Case) -> bool:
    """A one-use token out of our own START letter, in time; or the button of a page that a token opened."""
    token, sent = start.evidence.token, case.situation.sent
    if token is None or sent is None or not case.minted_for_it(token):
        return False
    if not case.by_mail and token.purpose is not Purpose.CONFIRM:
        return token.purpose in (Purpose.UNSUBSCRIBE, Purpose.REPLY)
    days = timedelta(days=case.settings.tokens.confirm_days)
    in_time = case.now - sent.minted_at <= days + CLOCK_SLACK
    return token.purpose is Purpose.CONFIRM and sent.letter and in_time and not case.situation.token_used


def _lift(start: Resubscribe, case: Case) -> Plan:
    """A mailbox that wrote to us is not gone, whatever a bounce said; only its own mail can say so."""
    alive = start.evidence.authenticated and case.from_the_address_itself
    after = states.lift(case.state, _BY_CONFIRMING | {State.HARD} if alive else _BY_CONFIRMING)
    after = replace(after, points=Points(), engaged_at=case.now)
    token = start.evidence.token
    uses_token = token is not None and token.purpose is Purpose.CONFIRM
    return _resumed("The person confirmed that he wants our mail again.", after, start, case, uses_token)


def _ask(start: Resubscribe, case: Case, row: str) -> Plan:
    """A token in an address and sure words lift a pause; all else waits for a yes from the address of record."""
    if not any(s.holds(case.now) for s in case.state.standings):
        return Plan(row=row, reason="START, but nothing stops mail to this address: recorded only.")
    sure = start.evidence.confidence is Confidence.SURE
    token_alone = sure and case.strength(start.evidence) is Strength.E3
    after = states.lift(case.state, _BY_TOKEN_ALONE) if token_alone else case.state
    if not any(s.holds(case.now) for s in after.standings):
        return _resumed("The pause is ended, as its own address asked.", after, start, case)
    reply = answer(Wanted(kind=LetterKind.START_CONFIRM, request=start), case)
    review = NewReview(why="A START could not be confirmed.", first=Verdict.RESUBSCRIBE, second=Verdict.NOTHING)
    words = "START waits until the person confirms it by our letter." if reply.letters else "START is not confirmed."
    return Plan(
        row=row,
        reason=f"{words} {reply.words}",
        states=states.changed(case.state, after),
        effects=reply.letters,
        alert="" if reply.letters else "A START could not be confirmed; see review.",
        reviews=() if reply.letters else (review,),
    )


def _resumed(words: str, after: AddressState, start: Resubscribe, case: Case, uses_token: bool = False) -> Plan:
    """Mail goes on; the answer looks at the states as they are now."""
    now_lifted = replace(case, situation=replace(case.situation, state=after))
    reply = answer(Wanted(kind=LetterKind.RESUBSCRIBED, request=start), now_lifted)
    return Plan(
        row="23",
        reason=f"{words} {reply.words}",
        states=states.changed(case.state, states.speaking(after, case, case.strength(start.evidence))),
        effects=reply.letters,
        uses_token=uses_token,
    )
