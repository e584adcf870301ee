"""Policy row 4: reputation, rules and content are our own business, never the address's; the operator hears of it."""

from agent.model.plan import Plan
from agent.model.signal import Bounce
from agent.model.state import Objections
from agent.policy.case import Case


def our_side(bounce: Bounce, case: Case) -> Plan:
    """Counted for each of our domains and IPs and each receiving domain; told once a day, when it is no accident."""
    return Plan(
        row="4",
        reason="The receiver objects to us or to the mail, not to the address: counted.",
        alert=_alert(bounce, case),
        objection=True,
    )


def _alert(bounce: Bounce, case: Case) -> str:
    found = case.situation.objections
    if found is None or found.told or not _too_many(found, case):
        return ""
    ours = " and ".join(filter(None, (found.our_domain, found.our_ip))) or "us"
    return (
        f"{case.key.domain} turned away {found.earlier + 1} of our mails in a day ({bounce.reason.value}) and objects "
        f"to {ours}: look at our sending, not at the addresses, and pause mail to that domain meanwhile."
    )


def _too_many(found: Objections, case: Case) -> bool:
    count = found.earlier + 1
    share = found.send_size > 0 and count * 100 > case.policy.objection_percent * found.send_size
    return count >= case.policy.objection_count or share
