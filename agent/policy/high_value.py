"""High-value contacts: suppressed as fast as everybody; a task for a person, never a second mail."""

from agent.model.plan import NewTicket
from agent.model.state import TicketKind
from agent.policy.case import Case

_CALL = "A high-value contact wants no more mail: please call, a second mail would break the law."


def kept_warm(case: Case) -> tuple[NewTicket, ...]:
    """The task for whoever looks after this contact."""
    return (NewTicket(kind=TicketKind.TASK, what=_CALL),) if case.high_value else ()
