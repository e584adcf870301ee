"""The inbox: mail as it came, from accept to done; an attempt is counted before it is made, so that poison shows."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import apsw

from agent.model.mail import Door, RawMessage, Role, Source
from agent.model.settings import Limits, Retention
from agent.store import ledger
from agent.store.db import Db, as_json
from agent.store.errors import StoreError
from agent.store.ledger import MailboxPlace
from agent.store.times import from_sql, to_sql

# Where fresh and retried mail both wait, every so manieth take is for the retried: neither starves.
_TURN_OF_THE_RETRIED = 4
DROPPED = "dropped"
_DIED = "the program died while working on it"
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A mail to work on. `token_applied`: its token has acted; what the body says may only add. `put_off`: how often
    it had to wait for the DNS.
    """

    id: int
    attempts: int
    token_applied: bool
    message: RawMessage
    put_off: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A mail that was set aside."""

    id: int
    reference: str
    envelope_from: str | None
    peer: str
    size: int
    attempts: int
    why: str
    received_at: datetime
    set_aside_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """So many mails that nothing more is done with now: done, quarantined or observed."""

    status: str
    kind: str
    mails: int


def accept(db: Db, message: RawMessage, place: MailboxPlace | None = None) -> int:
    """Stores a mail and its place in the mailbox together; the same reference again gives the same id."""
    return accept_many(db, ((message, place),))[0]


def accept_many(db: Db, mails: Sequence[tuple[RawMessage, MailboxPlace | None]]) -> tuple[int, ...]:
    """Stores mails and their places together, in their order; the same reference again gives the same id."""
    references = [message.source.reference for message, _ in mails]
    ids: dict[str, int] = dict(db.sql.inbox_known(references_json=as_json(references)))
    fresh = {reference: mail[0] for reference, mail in zip(references, mails, strict=True) if reference not in ids}
    if fresh:
        ids.update(_add(db, fresh))
    stored = tuple(ids[reference] for reference in references)
    ledger.store_many(db, [(mail[1], number) for mail, number in zip(mails, stored, strict=True) if mail[1]])
    return stored


def _add(db: Db, fresh: Mapping[str, RawMessage]) -> Iterator[tuple[str, int]]:
    """Two statements for all of them: between one statement and the next the loop may take the interpreter away."""
    last: int = db.sql.inbox_last() or 0
    db.sql.inbox_add_many(last=last, rows=as_json(list(map(_row, fresh.values()))))
    db.sql.inbox_add_raws(last=last, raws=apsw.carray(tuple(message.raw for message in fresh.values())))
    return zip(fresh, count(last + 1), strict=False)


def _row(message: RawMessage) -> tuple[str | int | None, ...]:
    source, role = message.source, message.role
    return (
        source.reference,
        source.door.value,
        source.account,
        role.value if role else None,
        message.envelope_from,
        as_json(message.envelope_to) if message.envelope_to else "[]",
        message.peer,
        len(message.raw),
        to_sql(message.received_at),
    )


def take(db: Db, limits: Limits, now: datetime) -> tuple[Taken, ...]:
    """The next mails to work on: a batch of fresh ones, or a single one that was tried before.

    What has used up its attempts is set aside with its last error. One worker at a time calls this.
    """
    for inbox_id, error in tuple(db.sql.inbox_exhausted(attempts=limits.attempts)):
        set_aside(db, inbox_id, error or _DIED, now)
    return tuple(_taken(db.sql.inbox_attempt(id=inbox_id)) for inbox_id in _next_ids(db, limits.batch, now))


def _next_ids(db: Db, batch: int, now: datetime) -> tuple[int, ...]:
    # Further off than any wait is only what a wrong clock wrote down.
    at, far = to_sql(now), to_sql(now + _LONGEST_WAIT)
    fresh = tuple(row[0] for row in db.sql.inbox_fresh(batch=batch, now=at, far=far))
    tried: int | None = db.sql.inbox_tried(now=at, far=far)
    if tried is None:
        return fresh
    if fresh and db.sql.inbox_count_take() % _TURN_OF_THE_RETRIED:
        return fresh
    return (tried,)


def _taken(row: Sequence[object]) -> Taken:
    inbox_id, attempts, status, reference, door, account, role, envelope_from, envelope_to, peer, at, raw, put_off = row
    assert isinstance(inbox_id, int)
    assert isinstance(attempts, int)
    assert isinstance(at, int)
    assert isinstance(raw, bytes)
    assert put_off is None or isinstance(put_off, int)
    return Taken(
        id=inbox_id,
        put_off=put_off or 0,
        attempts=attempts,
        token_applied=status == "token_applied",
        message=RawMessage(
            source=Source(door=Door(door), reference=str(reference), account=str(account)),
            envelope_from=None if envelope_from is None else str(envelope_from),
            envelope_to=tuple(json.loads(str(envelope_to))),
            peer=str(peer),
            raw=raw,
            received_at=from_sql(at),
            role=None if role is None else Role(role),
        ),
    )


def finish(db: Db, inbox_id: int, reading_kind: str, content_key: str, now: datetime) -> None:
    """The mail is understood and applied."""
    db.sql.inbox_finish(id=inbox_id, kind=reading_kind, content_key=content_key, now=to_sql(now))


def token_applied(db: Db, inbox_id: int, content_key: str = "") -> None:
    """Its token has acted; it comes again, with fresh attempts, for its body to be read."""
    db.sql.inbox_token_applied(id=inbox_id, content_key=content_key)


def failed(db: Db, inbox_id: int, why: str) -> None:
    """This attempt came to nothing; there will be another."""
    db.sql.inbox_failed(id=inbox_id, why=why)


def release(db: Db, inbox_id: int) -> None:
    """Takes the counted attempt back: it ended by a fault of ours, not of the mail."""
    db.sql.inbox_release(id=inbox_id)


def observed(db: Db, inbox_id: int, reading_kind: str) -> None:
    """It was looked at without acting: it waits for `resume_observed` as if it had just come."""
    db.sql.inbox_observed(id=inbox_id, kind=reading_kind)


def resume_observed(db: Db) -> int:
    """A start in earnest: what was only looked at so far is fresh mail now; how many."""
    return len(tuple(db.sql.inbox_resume_observed()))


def newest(db: Db) -> int:
    """The highest id there is."""
    found: int = db.sql.inbox_newest()
    return found


def ends(db: Db, ids: Collection[int]) -> tuple[End, ...]:
    """How many of these mails came to which end; those that are still waiting are in none."""
    rows = db.sql.inbox_ends(ids=json.dumps(list(ids)))
    return tuple(End(status=row[0], kind=row[1], mails=row[2]) for row in rows)


def put_off(db: Db, inbox_id: int, until: datetime) -> None:
    """It comes again then; nothing was tried, so nothing counts against it."""
    release(db, inbox_id)
    db.sql.put_off(inbox_id=inbox_id, due_at=to_sql(until))


def set_aside(db: Db, inbox_id: int, why: str, now: datetime) -> None:
    """No more attempts: kept in quarantine until the operator or time decides."""
    db.sql.inbox_set_aside(id=inbox_id, why=why, now=to_sql(now))


def quarantine_list(db: Db) -> tuple[Quarantined, ...]:
    """What was set aside, oldest first."""
    return tuple(
        Quarantined(
            id=row[0],
            reference=row[1],
            envelope_from=row[2],
            peer=row[3],
            size=row[4],
            attempts=row[5],
            why=row[6],
            received_at=from_sql(row[7]),
            set_aside_at=from_sql(row[8]),
        )
        for row in db.sql.quarantine_all()
    )


def quarantine_show(db: Db, inbox_id: int) -> bytes:
    """The mail itself; StoreError when no such mail is set aside."""
    raw: bytes | None = db.sql.quarantine_raw(id=inbox_id)
    if raw is None:
        raise _not_there(inbox_id)
    return raw


def quarantine_retry(db: Db, inbox_id: int) -> None:
    """Back into the inbox with fresh attempts."""
    if db.sql.quarantine_retry(id=inbox_id) is None:
        raise _not_there(inbox_id)


def quarantine_drop(db: Db, inbox_id: int, now: datetime) -> None:
    """Forgets the bytes; the row stays, so that the same mail is not fetched again."""
    if db.sql.quarantine_drop(id=inbox_id, now=to_sql(now)) is None:
        raise _not_there(inbox_id)
    db.sql.inbox_forget(id=inbox_id)


def _not_there(inbox_id: int) -> StoreError:
    return StoreError(f"no mail {inbox_id} is in quarantine")


def forget_raw(db: Db, now: datetime, retention: Retention) -> int:
    """Deletes the bytes of old mail, done or set aside; how many."""
    old = to_sql(now - timedelta(days=retention.quarantine_days))
    stale = tuple(row[0] for row in db.sql.quarantine_old(before=old))
    for inbox_id in stale:
        quarantine_drop(db, inbox_id, now)
    done = tuple(db.sql.inbox_forget_done(before=to_sql(now - timedelta(days=retention.raw_days))))
    return len(stale) + len(done)
