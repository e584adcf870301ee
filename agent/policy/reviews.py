"""Reviews and tickets: a person's word, or the end of the time he had; what was held for it is let go again."""

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from agent.model.plan import Closed, Plan
from agent.model.signal import (
    Confidence,
    Decision,
    Manner,
    OptOut,
    Preference,
    PreferenceKind,
    Strength,
    Tick,
    Verdict,
)
from agent.model.state import AddressState, Review, Standing, State, TicketKind
from agent.policy import states
from agent.policy.case import Case
from agent.policy.opt_outs import decide_opt_out
from agent.policy.preferences import decide_preference
from agent.policy.soft import alive

ROW = "review"
_BY_HAND = frozenset(State) - {State.COMPLAINT}  # like an order without a state; a complaint is lifted by its name only


def decide_decision(decision: Decision, case: Case) -> Plan:
    """What a person decided about a review or a ticket."""
    if decision.ticket is not None:
        return _ticket(decision, case)
    review = case.situation.review
    if review is None or review.verdict is not None:
        return Plan(row=ROW, reason="There is no such review, or it was decided before: nothing was changed.")
    if not decision.by.strip():
        return Plan(row=ROW, reason="A decision needs a name: nothing was changed.")
    plan = _decided(decision.verdict, decision, review, _as_it_was(case, review))
    closed = Closed(verdict=decision.verdict, by=decision.by.strip(), note=decision.note, review=review.id)
    words = f"{closed.by} decided {decision.verdict.value}. {plan.reason}"
    return replace(plan, reason=words, states=_signed(plan.states, case.state, closed.by), closed=closed)


def out_of_time(tick: Tick, case: Case) -> Plan:
    """Nobody decided in time. Silence decides only what was said beforehand (policy row 20)."""
    review = case.situation.review
    if review is None or review.verdict is not None:
        return Plan(row="20", reason="The review was decided before its time ran out.")
    if review.timeout is None:
        words = "Nobody decided in time: it stays in review, without effect."
        return Plan(row=review.row, reason=words, asked_too_late=review.id)
    plan = _decided(review.timeout, tick, review, _as_it_was(case, review))
    closed = Closed(verdict=review.timeout, by="policy", note="nobody decided in time", review=review.id)
    return replace(plan, reason=f"Nobody decided in time. {plan.reason}", closed=closed)


def _as_it_was(case: Case, review: Review) -> Case:
    """The case of the mail itself; a copy of it that came meanwhile is no reason to ignore the decision."""
    return replace(case, situation=replace(case.situation, origin=review.origin, duplicate=False))


def _decided(verdict: Verdict, decision: Decision | Tick, review: Review, case: Case) -> Plan:
    match verdict:
        case Verdict.OPT_OUT:
            return _without_hold(decide_opt_out(_opt_out(review, case), case), case)
        case Verdict.PAUSE:
            return _without_hold(decide_preference(_pause(decision, review, case), case), case)
        case Verdict.INACTIVE:
            evidence = replace(review.evidence, token=None)
            new = states.standing(State.INACTIVE, case, row=review.row, evidence=evidence, reason="review")
            return _stored("No more mail to this mailbox.", states.put(case.state, new, case.now), review, case)
        case Verdict.RESUBSCRIBE:
            return _stored("Mail may go there again.", states.lift(case.state, _BY_HAND), review, case)
        case Verdict.REPLY:
            proven = case.strength(review.evidence) >= Strength.E2
            after = alive(case.state, case.now) if proven else case.state
            return _stored("An ordinary reply: nothing stops.", after, review, case)
        case Verdict.NOTHING:
            return _stored("Nothing is to be done.", case.state, review, case)
        case Verdict.DONE | Verdict.ERASED:
            return Plan(row=ROW, reason="That is a word for tickets: nothing was changed.")
        case _:
            assert_never(verdict)


def _opt_out(review: Review, case: Case) -> OptOut:
    sure = replace(review.evidence, confidence=Confidence.SURE)
    gone = review.row in ("10", "10b")
    manner = Manner.PERSON_GONE if gone else Manner.COMPLAINT_WORDS if review.row == "12" else Manner.WORDING
    return OptOut(
        address=case.key, evidence=sure, answerable=review.answerable, manner=manner, scope=review.scope
    )  # fmt: skip


def _pause(decision: Decision | Tick, review: Review, case: Case) -> Preference:
    until = decision.until if isinstance(decision, Decision) else None
    return Preference(
        address=case.key, evidence=review.evidence, answerable=review.answerable, kind=PreferenceKind.PAUSE,
        until=until or case.now + timedelta(days=case.policy.pause_days),
    )  # fmt: skip


def _stored(words: str, after: AddressState, review: Review, case: Case) -> Plan:
    return _without_hold(Plan(row=review.row, reason=words, states=states.changed(case.state, after)), case)


def _without_hold(plan: Plan, case: Case) -> Plan:
    """What held the address for this review has done its work; what an order holds stays."""
    before = plan.states[0] if plan.states else case.state
    kept = tuple(s for s in before.standings if not _held_for_review(s))
    after = before if len(kept) == len(before.standings) else replace(before, standings=kept)
    return replace(plan, states=states.changed(case.state, after))


def _held_for_review(standing: Standing) -> bool:
    return standing.state is State.HELD and standing.by == "policy" and not standing.provisional


def _signed(after: tuple[AddressState, ...], before: AddressState, by: str) -> tuple[AddressState, ...]:
    """What a person decided carries his name."""
    return tuple(
        replace(
            state, standings=tuple(s if s in before.standings else replace(s, by=by) for s in state.standings)
        )
        for state in after
    )  # fmt: skip


def _ticket(decision: Decision, case: Case) -> Plan:
    ticket = case.situation.ticket
    if ticket is None or ticket.done_at is not None:
        return Plan(row="ticket", reason="There is no such ticket, or it was done before: nothing was changed.")
    if not decision.by.strip():
        return Plan(row="ticket", reason="A decision needs a name: nothing was changed.")
    erase = decision.verdict is Verdict.ERASED
    if erase and ticket.kind is not TicketKind.ERASE:
        return Plan(row="ticket", reason="Only an erasure ticket erases: nothing was changed.")
    closed = Closed(verdict=decision.verdict, by=decision.by.strip(), note=decision.note, ticket=ticket.id, erase=erase)
    if not erase:
        return Plan(row="ticket", reason=f"{closed.by} closed ticket {ticket.id}.", closed=closed)
    new = states.standing(
        State.OPT_OUT, case, row="21", evidence=decision.evidence, reason="erase", by=closed.by
    )  # fmt: skip
    after = states.put(case.state, new, case.now)
    words = "The data of the person is erased; that no mail may go there is kept as a keyed hash."
    return Plan(row="21", reason=words, states=states.changed(case.state, after), closed=closed)
