"""Questions the commands ask of optoutd.db; nothing here writes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from agent.model.address import AddressKey
from agent.model.mail import Door
from agent.model.signal import Strength
from agent.model.state import AddressState, Standing
from agent.store import address_state
from agent.store.address_state import key_from_sql
from agent.store.db import Db
from agent.store.times import from_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """Why one address or domain may not be mailed now, in one scope and family."""

    key: AddressKey
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """One line of an address's history. `signal` is JSON: the type's name and its fields."""

    id: int
    at: datetime
    inbox_id: int | None
    key: AddressKey
    kind: str
    strength: Strength
    has_token: bool
    rule: str
    excerpt: str
    row: str
    reason: str
    by: str
    before: AddressState
    after: tuple[AddressState, ...]
    alert: str
    content_key: str
    about: str
    signal: str
    batch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail of the inbox and how far it came."""

    id: int
    door: Door
    status: str
    kind: str
    error: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rows there are of each status; a status without rows is missing."""

    inbox: Mapping[str, int]
    outbox: Mapping[str, int]

    @property
    def quarantine(self) -> int:
        """Mails that were set aside."""
        return self.inbox.get("quarantined", 0)


def suppressed(db: Db, now: datetime) -> Iterator[Suppressed]:
    """Everybody who may not be mailed now, in the order of the addresses; a stream, there may be millions."""
    for state in address_state.all_states(db):
        for standing in state.effective(now):
            yield Suppressed(key=state.key, standing=standing)


def check(db: Db, key: AddressKey, now: datetime) -> tuple[Suppressed, ...]:
    """What stands against mailing this address, by itself or by its domain; empty: it may be mailed."""
    keys = (key,) if key == key.domain_key else (key, key.domain_key)
    states = (address_state.load(db, asked) for asked in keys)
    return tuple(Suppressed(key=state.key, standing=standing) for state in states for standing in state.effective(now))


def history(db: Db, key: AddressKey) -> tuple[PastEvent, ...]:
    """All that ever touched this address or domain, oldest first."""
    return tuple(_past_event(row) for row in db.sql.event_history(key=str(key)))


def messages(db: Db) -> tuple[Message, ...]:
    """Every mail of the inbox, oldest first."""
    return tuple(
        Message(id=row[0], door=Door(row[1]), status=row[2], kind=row[3], error=row[4], received_at=from_sql(row[5]))
        for row in db.sql.inbox_messages()
    )


def events_of(db: Db, inbox_id: int) -> tuple[PastEvent, ...]:
    """What one mail led to, in order."""
    return tuple(_past_event(row) for row in db.sql.event_of_mail(inbox_id=inbox_id))


def counts(db: Db) -> Counts:
    """How much lies where."""
    return Counts(inbox=dict(db.sql.read_inbox_counts()), outbox=dict(db.sql.read_outbox_counts()))


def _past_event(row: Sequence[object]) -> PastEvent:
    (
        event_id,
        at,
        inbox_id,
        key,
        kind,
        strength,
        has_token,
        *texts,
        before,
        after,
        alert,
        content,
        about,
        signal,
        batch,
    ) = row
    rule, excerpt, policy_row, reason, by = map(str, texts)
    assert isinstance(event_id, int)
    assert isinstance(at, int)
    assert inbox_id is None or isinstance(inbox_id, int)
    assert isinstance(strength, int)
    return PastEvent(
        id=event_id,
        at=from_sql(at),
        inbox_id=inbox_id,
        key=key_from_sql(str(key)),
        kind=str(kind),
        strength=Strength(strength),
        has_token=bool(has_token),
        rule=rule,
        excerpt=excerpt,
        row=policy_row,
        reason=reason,
        by=by,
        before=msgspec.json.decode(str(before), type=AddressState),
        after=msgspec.json.decode(str(after), type=tuple[AddressState, ...]),
        alert=str(alert),
        content_key=str(content),
        about=str(about),
        signal=str(signal),
        batch=str(batch),
    )
