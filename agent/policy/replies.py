"""Replies that ask for nothing: a machine's are never acted on, a person's show that the mailbox lives."""

from dataclasses import replace

from agent.model.plan import NewReview, Plan
from agent.model.signal import AutoReply, HumanReply, Strength, Verdict
from agent.policy import states
from agent.policy.case import Case
from agent.policy.soft import alive


def decide_auto_reply(reply: AutoReply, case: Case) -> Plan:
    """Policy row 10: never acted on and never answered; that somebody left is for a person to believe."""
    back = f" He is away until {reply.until:%Y-%m-%d}." if reply.until else ""
    after = case.state
    if reply.until is not None and reply.until > case.now and case.key.domain:
        after = replace(after, away_until=reply.until)
    return Plan(
        row="10",
        reason=f"An automatic reply: nothing is done and nobody is answered.{back}",
        states=states.changed(case.state, after),
        reviews=_left(reply) if not case.situation.duplicate else (),
    )


def _left(reply: AutoReply) -> tuple[NewReview, ...]:
    if not reply.left:
        return ()
    instead = f" Write to {reply.successor} instead?" if reply.successor else ""
    why = f"A robot says that the person works there no more.{instead}"
    return (NewReview(why=why, first=Verdict.INACTIVE, second=Verdict.NOTHING),)


def decide_human_reply(reply: HumanReply, case: Case) -> Plan:
    """Policy row 25: a proven reply clears soft-bounce points; the person in the house answers it, not we."""
    if case.situation.duplicate:
        return Plan(row="25", reason="The same reply was recorded before.")
    if case.strength(reply.evidence) < Strength.E2:
        return Plan(row="25", reason="An ordinary reply, not proven: recorded only.")
    after = alive(case.state, case.now)
    words = "An ordinary reply: the mailbox lives, its soft-bounce points are cleared."
    return Plan(row="25", reason=words, states=states.changed(case.state, after))
