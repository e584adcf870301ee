"""Effects that wait to be carried out: each once, by its dedupe key; one that may have happened is not done again."""

import json
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from agent.model.plan import Done, Effect, GaveUp, Halt, Outcome, RetryAt, SendLetter, Unknown
from agent.model.settings import LetterSettings, Retention
from agent.model.state import SentMail
from agent.store import sent
from agent.store.db import Db
from agent.store.times import from_sql, to_sql

_RESEND_AFTER = timedelta(minutes=15)
_STOPPED = "the program stopped between the final dot and the answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An effect to carry out now; `attempts` counts this one."""

    id: int
    effect: Effect
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Letters handed over in the last hour or being handed over now, by domain."""

    domains: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(count for _, count in self.domains)


def add(db: Db, effect: Effect, now: datetime) -> bool:
    """Plans an effect; False when its dedupe key was planned before. A letter enters the send log with it."""
    outbox_id: int | None = db.sql.outbox_add(
        dedupe_key=effect.dedupe_key,
        kind=effect.kind.value,
        domain=effect.to.domain,
        effect=msgspec.json.encode(effect).decode(),
        now=to_sql(now),
    )
    if outbox_id is None:
        return False
    db.sql.letter_add(outbox_id=outbox_id, key=str(effect.to), kind=effect.kind.value, now=to_sql(now))
    minted = SentMail(id=effect.token_id, address=effect.to, list=effect.list, campaign="", minted_at=now, letter=True)
    sent.record(db, minted)
    return True


def claim(db: Db, now: datetime, limit: int, letters: LetterSettings | None = None) -> tuple[Claimed, ...]:
    """Up to `limit` effects that are due, oldest first; with `letters`, no more than its hourly rates allow."""
    used = rate(db, now)
    counts = Counter(dict(used.domains))
    room = limit if letters is None else min(limit, letters.per_hour - used.total)
    claimed: list[Claimed] = []
    while len(claimed) < room:
        full = () if letters is None else [name for name, count in counts.items() if count >= letters.per_domain_hour]
        due = db.sql.outbox_due(now=to_sql(now), full_domains=json.dumps(full))
        if due is None:
            break
        claimed.append(_claimed(db.sql.outbox_claim(id=due[0], now=to_sql(now))))
        counts[due[1]] += 1
    return tuple(claimed)


def _claimed(row: Sequence[object]) -> Claimed:
    outbox_id, effect, attempts, created_at = row
    assert isinstance(outbox_id, int)
    assert isinstance(attempts, int)
    assert isinstance(created_at, int)
    return Claimed(
        id=outbox_id,
        effect=msgspec.json.decode(str(effect), type=SendLetter),
        attempts=attempts,
        created_at=from_sql(created_at),
    )


def handing_over(db: Db, outbox_id: int, message: bytes) -> None:
    """From here on it may have been done; committed just before these very bytes and the final dot are sent."""
    db.sql.outbox_handing_over(id=outbox_id)
    db.sql.letter_raw_keep(outbox_id=outbox_id, packed=zlib.compress(message))


def outcome(db: Db, outbox_id: int, result: Outcome, now: datetime) -> None:
    """What became of a claimed effect."""
    match result:
        case Done():
            _end(db, outbox_id, "done", result.detail, now, sent_at=now)
        case RetryAt() | Halt():
            db.sql.outbox_wait(id=outbox_id, due_at=to_sql(result.when), detail=result.why)
        case GaveUp():
            _end(db, outbox_id, "gave_up", result.why, now, sent_at=None)
            db.sql.letter_raw_drop(outbox_id=outbox_id)  # nobody was sent it
        case Unknown():
            _in_doubt(db, outbox_id, result.why, resend_at=now + _RESEND_AFTER, now=now)
        case _:
            assert_never(result)


def _end(db: Db, outbox_id: int, status: str, detail: str, now: datetime, *, sent_at: datetime | None) -> None:
    db.sql.outbox_end(id=outbox_id, status=status, detail=detail, now=to_sql(now))
    db.sql.letter_over(outbox_id=outbox_id, sent_at=None if sent_at is None else to_sql(sent_at))


def _in_doubt(db: Db, outbox_id: int, why: str, *, resend_at: datetime, now: datetime) -> None:
    """A courtesy is not sent twice; a START letter is, once: without it the person has no way back."""
    if db.sql.outbox_resend(id=outbox_id, due_at=to_sql(resend_at), detail=why) is None:
        _end(db, outbox_id, "unknown", why, now, sent_at=now)


def recover(db: Db) -> None:
    """At a start, before anything is claimed: what was claimed waits again, what was handed over stays in doubt."""
    db.sql.outbox_unclaim()
    for outbox_id, due_at, handed_over_at in tuple(db.sql.outbox_in_doubt()):
        _in_doubt(db, outbox_id, _STOPPED, resend_at=from_sql(due_at), now=from_sql(handed_over_at))


def forget_letters(db: Db, now: datetime, retention: Retention) -> int:
    """Deletes the bytes of old letters; how many."""
    return len(tuple(db.sql.letter_raw_forget(before=to_sql(now - timedelta(days=retention.letter_days)))))


def rate(db: Db, now: datetime) -> Rate:
    """How much of the hourly allowance is used."""
    rows = db.sql.outbox_rate(since=to_sql(now - timedelta(hours=1)))
    return Rate(domains=tuple((row[0], row[1]) for row in rows))
