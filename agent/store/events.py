"""The record of everything that happened: appended in the transaction it tells of, never changed, never deleted."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from agent.model.address import AddressKey
from agent.model.plan import Plan, SendLetter
from agent.model.signal import (
    Bounce,
    BounceReason,
    Complaint,
    Decision,
    OptOut,
    Order,
    Preference,
    Privacy,
    PrivacyKind,
    Signal,
    Strength,
    kind_of,
)
from agent.model.state import AddressState, Situation
from agent.store import chain
from agent.store.db import Db
from agent.store.times import to_sql

_NOT_THE_MAILBOX = frozenset({BounceReason.HOST_UNKNOWN, BounceReason.NOT_ACCEPT})  # the domain's fault: policy row 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One signal and what it led to. `after` holds every state that was stored; none: recorded only."""

    at: datetime
    inbox_id: int | None
    key: AddressKey
    signal: Signal
    row: str
    reason: str
    by: str
    before: AddressState
    after: tuple[AddressState, ...]
    letter: bool
    alert: str
    content_key: str
    batch: str = ""


def describe(signal: Signal, situation: Situation, plan: Plan, now: datetime) -> Event:
    """The event of a decision."""
    return Event(
        at=now,
        inbox_id=situation.origin.inbox_id,
        key=situation.state.key,
        signal=signal,
        row=plan.row,
        reason=plan.reason,
        by=signal.by if isinstance(signal, Order | Decision) else "policy",
        before=situation.state,
        after=plan.states,
        letter=any(isinstance(effect, SendLetter) for effect in plan.effects),
        alert=plan.alert,
        content_key=situation.origin.content_key,
        batch=plan.batch or situation.origin.batch,
    )


def append(db: Db, event: Event) -> int:
    """Its id; ids only grow."""
    signal, evidence = event.signal, event.signal.evidence
    facts: dict[str, object] = {
        "at": to_sql(event.at),
        "inbox_id": event.inbox_id,
        "key": str(event.key),
        "domain": event.key.domain,
        "kind": kind_of(signal),
        "strength": int(evidence.strength),
        "has_token": int(evidence.token is not None),
        "weak": _weakness(signal),
        "hard": int(_says_hard(signal)),
        "letter": int(event.letter),
        "rule": evidence.rule,
        "excerpt": evidence.excerpt,
        "row": event.row,
        "reason": event.reason,
        "by": event.by,
        "before": _json(event.before),
        "after": _json(event.after),
        "alert": event.alert,
        "content_key": event.content_key,
        "about": signal.original_message_id if isinstance(signal, Bounce | Complaint) else "",
        "signal": _json((type(signal).__name__, signal)),
        "batch": event.batch,
    }
    event_id: int = db.sql.event_add(**facts)
    keys = {str(event.key), *(str(state.key) for state in event.after)}
    for key in keys:
        db.sql.event_add_key(key=key, event_id=event_id)
    chain.append(db, facts | {"id": event_id}, keys)
    return event_id


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _weakness(signal: Signal) -> str:
    """What the breakers count: unproven wishes that stop mail and complaints (B1), unproven hard bounces (B2)."""
    proven = signal.evidence.token is not None
    stops = isinstance(signal, OptOut | Complaint | Preference) or (
        isinstance(signal, Privacy) and signal.kind is PrivacyKind.ERASE
    )
    if stops and not proven and signal.evidence.strength < Strength.E2:
        return "opt_out"
    if _says_hard(signal) and signal.evidence.strength < Strength.E3:
        return "hard"
    return ""


def _says_hard(signal: Signal) -> bool:
    """A report that this mailbox does not exist (policy row 1), proven or not."""
    return isinstance(signal, Bounce) and signal.hard and not signal.delayed and signal.reason not in _NOT_THE_MAILBOX
