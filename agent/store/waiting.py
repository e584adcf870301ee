"""What waits: timers for the time, reviews and tickets for a person, breakers for the end of a flood.

Written only in the transaction of the decision that asks for it, and ended in that of the decision that answers it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from agent.model.address import AddressKey
from agent.model.plan import Closed, NewReview, NewTicket, SetTimer
from agent.model.signal import Evidence, Origin, Signal, Timer, Verdict
from agent.model.state import Objections, Review, Situation, Ticket, TicketKind
from agent.store.address_state import key_from_sql
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.times import from_sql, optional_from_sql, optional_to_sql, to_sql

BATCH = 100
BREAKER_REST = timedelta(hours=1)  # a flood that pauses for less is still the same one


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTimer:
    """A timer that ran out."""

    key: AddressKey
    timer: Timer
    about: str


def set_timer(db: Db, wanted: SetTimer) -> None:
    """Sets or moves a timer."""
    db.sql.timer_set(key=str(wanted.key), timer=wanted.timer.value, about=wanted.about, due_at=to_sql(wanted.due_at))


def due_timers(db: Db, now: datetime, *, domains: bool = False) -> tuple[DueTimer, ...]:
    """What ran out, the longest waiting first, a batch of it: those that ask the DNS, or all others."""
    rows = db.sql.timers_due(now=to_sql(now), domains=domains, batch=BATCH)
    return tuple(DueTimer(key=key_from_sql(row[0]), timer=Timer(row[1]), about=row[2]) for row in rows)


def end_timer(db: Db, due: DueTimer) -> None:
    """It has been heard; the decision may set it anew."""
    db.sql.timer_end(key=str(due.key), timer=due.timer.value, about=due.about)


def open_review(db: Db, wanted: NewReview, signal: Signal, situation: Situation, row: str, event_id: int,
                now: datetime) -> None:  # fmt: skip
    """Puts a mail before a person; what waits for nobody's clock waits once for each address and row."""
    key = situation.state.key
    if wanted.due_at is None and db.sql.review_is_open(key=str(key), row=row):
        return
    db.sql.review_add(
        key=str(key),
        raw=key.raw,
        row=row,
        why=wanted.why,
        evidence=_json(signal.evidence),
        answerable=signal.answerable,
        scope=getattr(signal, "scope", "all"),
        first=wanted.first.value,
        second=wanted.second.value,
        timeout=wanted.timeout.value if wanted.timeout else "",
        opened_at=to_sql(now),
        due_at=optional_to_sql(wanted.due_at),
        origin=_json(situation.origin),
        event_id=event_id,
    )


def find_review(db: Db, number: int) -> Review | None:
    """One review, open or decided."""
    row = db.sql.review_find(id=number)
    return None if row is None else _review(row)


def review_of(db: Db, number: int) -> Review:
    """One review; StoreError when there is none with this number."""
    found = find_review(db, number)
    if found is None:
        raise StoreError(f"there is no review {number}")
    return found


def open_reviews(db: Db) -> tuple[Review, ...]:
    """All that nobody has decided, the most urgent first."""
    return tuple(_review(row) for row in db.sql.reviews_open())


def decided_reviews(db: Db) -> tuple[Review, ...]:
    """All that a person has decided, oldest first."""
    return tuple(_review(row) for row in db.sql.reviews_decided())


def due_reviews(db: Db, now: datetime) -> tuple[int, ...]:
    """Reviews whose time ran out; a batch of them."""
    return tuple(row[0] for row in db.sql.reviews_due(now=to_sql(now), batch=BATCH))


def out_of_time(db: Db, number: int) -> None:
    """Nobody decided in time, and silence decides nothing: it stays open."""
    db.sql.review_out_of_time(id=number)


def open_ticket(db: Db, wanted: NewTicket, situation: Situation, event_id: int, now: datetime) -> None:
    """A task for the operator, unless the same one is open for this address."""
    key = situation.state.key
    if db.sql.ticket_is_open(key=str(key), kind=wanted.kind.value, what=wanted.what):
        return
    db.sql.ticket_add(
        kind=wanted.kind.value,
        key=str(key),
        raw=key.raw,
        what=wanted.what,
        opened_at=to_sql(now),
        due_at=optional_to_sql(wanted.due_at),
        event_id=event_id,
        inbox_id=situation.origin.inbox_id,
    )


def find_ticket(db: Db, number: int) -> Ticket | None:
    """One ticket, open or done."""
    row = db.sql.ticket_find(id=number)
    return None if row is None else _ticket(row)


def ticket_of(db: Db, number: int) -> Ticket:
    """One ticket; StoreError when there is none with this number."""
    found = find_ticket(db, number)
    if found is None:
        raise StoreError(f"there is no ticket {number}")
    return found


def tickets(db: Db, *, done: bool) -> tuple[Ticket, ...]:
    """The open tickets, the most urgent first; with `done` all of them, oldest first."""
    return tuple(_ticket(row) for row in (db.sql.tickets_all() if done else db.sql.tickets_open()))


def close(db: Db, closed: Closed, now: datetime) -> None:
    """Writes who decided what; the first decision stands."""
    if closed.review is not None:
        db.sql.review_decide(
            id=closed.review, verdict=closed.verdict.value, by=closed.by, note=closed.note, now=to_sql(now)
        )
    if closed.ticket is not None:
        db.sql.ticket_close(id=closed.ticket, by=closed.by, note=closed.note, now=to_sql(now))


def object_to(db: Db, objections: Objections, domain: str, event_id: int, now: datetime, *, told: bool) -> None:
    """Counts one objection of a receiving domain to us (policy row 4)."""
    db.sql.objection_add(
        event_id=event_id, domain=domain, our_domain=objections.our_domain, our_ip=objections.our_ip, now=to_sql(now),
        told=told,
    )  # fmt: skip


def breaker_fell(db: Db, batch: str, now: datetime) -> None:
    """A breaker is open, or still open: `NAME-time` is its batch."""
    db.sql.breaker_open(name=batch.rpartition("-")[0], batch=batch, now=to_sql(now))


def open_breakers(db: Db, now: datetime) -> tuple[str, ...]:
    """The batches of the breakers that are open now."""
    return tuple(row[0] for row in db.sql.breakers_open(since=to_sql(now - BREAKER_REST)))


def batch_keys(db: Db, batch: str) -> tuple[AddressKey, ...]:
    """Every address that still has a state of this batch."""
    return tuple(key_from_sql(row[0]) for row in db.sql.batch_keys(batch=batch))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _review(row: Sequence[object]) -> Review:
    (number, key, raw, policy_row, why, evidence, answerable, scope, first, second, timeout, opened_at, due_at, origin,
     verdict, by, decided_at) = row  # fmt: skip
    assert isinstance(number, int)
    assert isinstance(opened_at, int)
    return Review(
        id=number,
        key=key_from_sql(str(key), str(raw)),
        row=str(policy_row),
        why=str(why),
        evidence=msgspec.json.decode(str(evidence), type=Evidence),
        answerable=bool(answerable),
        scope=str(scope),
        first=Verdict(first),
        second=Verdict(second),
        timeout=Verdict(timeout) if timeout else None,
        opened_at=from_sql(opened_at),
        due_at=_time(due_at),
        origin=msgspec.json.decode(str(origin), type=Origin),
        verdict=Verdict(verdict) if verdict else None,
        by=str(by),
        decided_at=_time(decided_at),
    )


def _ticket(row: Sequence[object]) -> Ticket:
    number, kind, key, raw, what, opened_at, due_at, inbox_id, done_at, by, note = row
    assert isinstance(number, int)
    assert isinstance(opened_at, int)
    assert inbox_id is None or isinstance(inbox_id, int)
    return Ticket(
        id=number,
        kind=TicketKind(kind),
        key=key_from_sql(str(key), str(raw)),
        what=str(what),
        opened_at=from_sql(opened_at),
        due_at=_time(due_at),
        inbox_id=inbox_id,
        done_at=_time(done_at),
        by=str(by),
        note=str(note),
    )


def _time(stored: object) -> datetime | None:
    assert stored is None or isinstance(stored, int)
    return optional_from_sql(stored)
