"""The decision on one signal: pure, and every kind of signal is named here; nothing else may change a state."""

from datetime import datetime
from typing import assert_never

from agent.model.plan import Plan
from agent.model.settings import Settings
from agent.model.signal import (
    AutoReply,
    Bounce,
    Complaint,
    HumanReply,
    OptOut,
    Order,
    OrderKind,
    Preference,
    Privacy,
    Resubscribe,
    Signal,
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
from agent.policy.resubscribe import decide_resubscribe


def decide(signal: Signal, situation: Situation, settings: Settings, now: datetime) -> Plan:
    """What shall be done about one signal, by which row of the policy, and why."""
    case = Case(situation=situation, settings=settings, now=now)
    lifting = isinstance(signal, Order) and signal.kind is OrderKind.LIFT
    if signal.address is not None and not lifting and is_own(case.key, settings):
        return Plan(
            row="own", reason="The address is our own: it never gets a state and no letter, it is only counted."
        )
    return _dispatch(signal, case)


def _dispatch(signal: Signal, case: Case) -> Plan:  # noqa: C901 - one flat match over a closed union
    match signal:
        case Bounce():
            return decide_bounce(signal, case)
        case Complaint():
            return decide_complaint(signal, case)
        case OptOut():
            return decide_opt_out(signal, case)
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
        case Tick():
            return Plan(row="tick", reason=f"The timer {signal.timer[:40]!r} ran out: recorded without effect.")
        case _:
            assert_never(signal)
