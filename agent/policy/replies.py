"""Replies that ask for nothing: a machine's are never acted on, a person's show that the mailbox lives."""

from dataclasses import replace

from agent.model.plan import Plan
from agent.model.signal import AutoReply, HumanReply, Strength
from agent.model.state import Points
from agent.policy import states
from agent.policy.case import Case


def decide_auto_reply(reply: AutoReply, case: Case) -> Plan:
    """Policy row 10: recorded, never acted on and never answered."""
    back = f" He is away until {reply.until:%Y-%m-%d}." if reply.until else ""
    return Plan(row="10", reason=f"An automatic reply: nothing is done and nobody is answered.{back}")


def decide_human_reply(reply: HumanReply, case: Case) -> Plan:
    """Policy row 25: a proven reply clears soft-bounce points; the person in the house answers it, not we."""
    if case.situation.duplicate:
        return Plan(row="25", reason="The same reply was recorded before.")
    if case.strength(reply.evidence) < Strength.E2:
        return Plan(row="25", reason="An ordinary reply, not proven: recorded only.")
    after = replace(case.state, points=Points(), engaged_at=case.now)
    words = "An ordinary reply: the mailbox lives, its soft-bounce points are cleared."
    return Plan(row="25", reason=words, states=states.changed(case.state, after))
