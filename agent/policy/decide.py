"""The decision on one signal: pure, and every kind of signal is named here; nothing else may change a state."""

from datetime import datetime
from typing import assert_never

from agent.model.plan import Plan
from agent.model.settings import Settings
from agent.model.signal import (
    AutoReply,
    Bounce,
    Complaint,
    Decision,
    HumanReply,
    Manner,
    OptOut,
    Order,
    OrderKind,
    Preference,
    Privacy,
    Resubscribe,
    Signal,
    Strength,
    Tick,
)
from agent.model.state import Situation
from agent.policy.bounces import decide_bounce
from agent.policy.case import Case
from agent.policy.complaints import decide_complaint
from agent.policy.opt_outs import decide_opt_out
from agent.policy.orders import decide_order
from agent.policy.own import is_own
from agent.policy.preferences import decide_preference
from agent.policy.privacy import decide_privacy
from agent.policy.replies import decide_auto_reply, decide_human_reply
from agent.policy.reply_words import decide_milder, decide_reason, milder
from agent.policy.resubscribe import decide_resubscribe
from agent.policy.reviews import decide_decision
from agent.policy.ticks import decide_tick


def decide(signal: Signal, situation: Situation, settings: Settings, now: datetime) -> Plan:
    """What shall be done about one signal, by which row of the policy, and why."""
    case = Case(situation=situation, settings=settings, now=now)
    lifting = isinstance(signal, Order) and signal.kind is OrderKind.LIFT
    if signal.address is not None and not lifting and is_own(case.key, settings):
        return Plan(
            row="own", reason="The address is our own: it never gets a state and no letter, it is only counted."
        )
    if situation.origin.junk and signal.evidence.strength < Strength.E2:
        return Plan(row="junk", reason="The provider took it for spam, and nothing proves who sent it: only recorded.")
    return _dispatch(signal, case)


def _dispatch(signal: Signal, case: Case) -> Plan:  # noqa: C901 - one flat match over a closed union
    match signal:
        case Bounce():
            return decide_bounce(signal, case)
        case Complaint():
            return decide_complaint(signal, case)
        case OptOut(manner=Manner.REASON):
            return decide_reason(signal, case)
        case OptOut():
            return decide_opt_out(signal, case)
        case Preference() if milder(signal, case):
            return decide_milder(signal, case)
        case Preference():
            return decide_preference(signal, case)
        case Resubscribe():
            return decide_resubscribe(signal, case)
        case Privacy():
            return decide_privacy(signal, case)
        case AutoReply():
            return decide_auto_reply(signal, case)
        case HumanReply():
            return decide_human_reply(signal, case)
        case Order():
            return decide_order(signal, case)
        case Decision():
            return decide_decision(signal, case)
        case Tick():
            return decide_tick(signal, case)
        case _:
            assert_never(signal)
