"""Feedback reports: a proven one stops all mail for good, nobody is ever answered, a forged one does little."""

from agent.model.mail import Role
from agent.model.plan import NewReview, Plan
from agent.model.signal import Complaint, OptOutReason, Strength, Verdict
from agent.model.state import State
from agent.policy import states
from agent.policy.case import Case
from agent.policy.flood import BREAKER_B1, when_over
from agent.policy.high_value import kept_warm

# RFC 5965 section 7.3, RFC 6591, RFC 7489; every other type means that somebody did not want the mail.
_NO_COMPLAINT = frozenset({"not-spam", "auth-failure", "auth-failure-report", "dmarc"})


def decide_complaint(complaint: Complaint, case: Case) -> Plan:
    """What one feedback report does to the address it is about."""
    kind = complaint.feedback_type.strip().lower() or "abuse"
    if kind in _NO_COMPLAINT:
        alert = "A receiver reports that our mail failed authentication." if kind.startswith("auth") else ""
        return Plan(
            row="14", reason=f"A report of type {kind} is no complaint; the address stays as it is.", alert=alert
        )
    if complaint.address is None and not _our_token(complaint, case):
        return Plan(row="13", reason="The report does not say who complained; it is only counted.")
    proofs = (complaint.verified_reporter, _our_token(complaint, case))
    if all(proofs) if _cfbl(case) else any(proofs):
        return _proven(complaint, kind, case)
    return _unproven(complaint, case)


def _cfbl(case: Case) -> bool:
    """RFC 9477 sections 3.5 and 6.3: anybody can read the address in our mail, so one proof is not enough."""
    return case.settings.addresses.complaint_proof == "both" and case.origin.role is Role.COMPLAINT


def _our_token(complaint: Complaint, case: Case) -> bool:
    """Whether the reported original carries a token of ours whose address is known."""
    return complaint.evidence.strength >= Strength.E3 and case.minted_for_it(complaint.evidence.token)


def _proven(complaint: Complaint, kind: str, case: Case) -> Plan:
    """Policy row 11; a replay changes nothing that an order has lifted."""
    if case.replayed:
        return Plan(row="11", reason="The same report was applied before.")
    new = states.standing(State.COMPLAINT, case, row="11", evidence=complaint.evidence, reason=kind)
    after = states.put(case.state, new, case.now)
    words = "The person reported our mail, and the report is proven: no mail of any kind, for good, and no answer."
    changed = states.changed(case.state, after)
    return Plan(row="11", reason=words, states=changed, tickets=kept_warm(case) if changed else ())


def _unproven(complaint: Complaint, case: Case) -> Plan:
    """Policy row 12: whom we wrote that very mail is opted out, anybody else is held for a short time."""
    if case.replayed:
        return Plan(row="12", reason="The same report was applied before.")
    sent = case.situation.sent
    known = sent is not None and sent.address == case.key and not _cfbl(case)
    new = states.standing(
        State.OPT_OUT if known else State.HELD,
        case,
        row="12",
        evidence=complaint.evidence,
        reason=OptOutReason.COMPLAINT_WORDS.value,
        until=None if known and not case.flooded else case.provisional_end(),
        provisional=case.flooded,
        batch=case.breaker("B1") if case.flooded else "",
    )
    after = states.put(case.state, new, case.now)
    alert = BREAKER_B1.format(new.batch) if case.flooded else "An unproven complaint came in; see review."
    words = "An unproven complaint: " + (
        "the mail it names did go to this address, so it is opted out."
        if known
        else "we cannot find the mail, so the address is held for a short time."
    )
    review = NewReview(why=words, first=Verdict.OPT_OUT, second=Verdict.NOTHING)
    return Plan(
        row="12",
        reason=words,
        states=states.changed(case.state, after),
        alert=alert,
        reviews=(review,) if not case.flooded else (),
        timers=(when_over(case),) if case.flooded else (),
        batch=new.batch if case.flooded else "",
    )
