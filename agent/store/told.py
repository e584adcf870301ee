"""What the operator was told, and when; and what is new since."""

from collections.abc import Iterator
from datetime import datetime

from agent.model.address import ERASED_DOMAIN
from agent.store import address_state
from agent.store.address_state import key_from_sql
from agent.store.db import Db
from agent.store.reads import Suppressed
from agent.store.times import optional_from_sql, to_sql


def last(db: Db, what: str) -> datetime | None:
    """When he was last told this; None when he never was."""
    return optional_from_sql(db.sql.digest_last(name=f"told:{what}"))


def remember(db: Db, what: str, at: datetime) -> None:
    """He has been told."""
    db.sql.digest_told(name=f"told:{what}", at=to_sql(at))


def newly_suppressed(db: Db, since: datetime, now: datetime) -> Iterator[Suppressed]:
    """Who may not be mailed now by something that began since then, in the order of the addresses."""
    for (stored,) in tuple(db.sql.digest_keys(since=to_sql(since))):
        key = key_from_sql(stored)
        standings = address_state.load(db, key).effective(now) if key.domain != ERASED_DOMAIN else ()
        yield from (Suppressed(key=key, standing=one) for one in standings if one.since >= since)


def objections(db: Db, since: datetime) -> tuple[tuple[str, str], ...]:
    """Providers that began to refuse us (their domain, our IP), as the policy found."""
    return tuple((row[0], row[1]) for row in db.sql.digest_objections(since=to_sql(since)))
