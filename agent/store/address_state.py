"""The state of an address, loaded and saved whole; every save gets the next version, by which the list is published."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter

from agent.model.address import AddressKey, parse_address
from agent.model.signal import Strength
from agent.model.state import AddressState, Points, Standing, State
from agent.store import erased
from agent.store.db import Db
from agent.store.times import from_sql, optional_from_sql, optional_to_sql, to_sql


def key_from_sql(stored: str, raw: str = "") -> AddressKey:
    """The key behind its stored form, which is the address as one writes it."""
    if stored.startswith('"') and (quoted := parse_address(stored)) is not None:
        return replace(quoted, raw=raw)
    local, _, domain = stored.rpartition("@")
    return AddressKey(local=local, domain=domain, raw=raw)


def load(db: Db, key: AddressKey) -> AddressState:
    """What is known of an address or domain; an unknown one is clean. Whoever was erased is still kept from mail."""
    found = _load(db, key)
    hashed = erased.pseudonym(db, key)
    return found if hashed is None else erased.merged(found, _load(db, hashed))


def _load(db: Db, key: AddressKey) -> AddressState:
    row = db.sql.address_load(key=str(key))
    if row is None:
        return AddressState(key=key)
    *points, language, engaged_at, away_until, interval_days, raw = row
    return AddressState(
        key=key if key.raw else replace(key, raw=raw),
        standings=tuple(_standing(found) for found in db.sql.standings(key=str(key))),
        points=_points(*points),
        language=language,
        engaged_at=optional_from_sql(engaged_at),
        away_until=optional_from_sql(away_until),
        interval_days=interval_days,
    )


def _points(  # the columns of the query, in its order
    total: float, full: float, first_at: int | None, last_at: int | None, today: float, unclear: int,
    unclear_at: int | None, refused: int, refused_at: int | None,
) -> Points:  # fmt: skip
    return Points(
        total=total,
        full=full,
        first_at=optional_from_sql(first_at),
        last_at=optional_from_sql(last_at),
        today=today,
        unclear=unclear,
        unclear_at=optional_from_sql(unclear_at),
        refused=refused,
        refused_at=optional_from_sql(refused_at),
    )


def save(db: Db, state: AddressState, event_id: int) -> None:
    """Makes this the whole truth about the address; `event_id` is remembered beside each standing it changed."""
    points = state.points
    db.sql.address_save(
        key=str(state.key),
        raw=state.key.raw,
        points=points.total,
        points_full=points.full,
        points_first_at=optional_to_sql(points.first_at),
        points_last_at=optional_to_sql(points.last_at),
        points_today=points.today,
        unclear=points.unclear,
        unclear_at=optional_to_sql(points.unclear_at),
        refused=points.refused,
        refused_at=optional_to_sql(points.refused_at),
        language=state.language,
        engaged_at=optional_to_sql(state.engaged_at),
        away_until=optional_to_sql(state.away_until),
        interval_days=state.interval_days,
        event_id=event_id,
        version=db.sql.next_version(),
    )
    hashed = erased.pseudonym(db, state.key)
    if hashed is not None:  # he is met again: what was kept under the hash is his own again
        db.sql.standings_forget(key=str(hashed))
    kept = {(standing.scope, standing.state) for standing in state.standings}
    for row in tuple(db.sql.standings(key=str(state.key))):
        stored = _standing(row)
        if (stored.scope, stored.state) not in kept:
            db.sql.standing_remove(key=str(state.key), scope=stored.scope, state=stored.state.value)
    for standing in state.standings:
        _save_standing(db, state.key, standing, event_id)


def _save_standing(db: Db, key: AddressKey, standing: Standing, event_id: int) -> None:
    db.sql.standing_save(
        key=str(key),
        scope=standing.scope,
        state=standing.state.value,
        reason=standing.reason,
        rule=standing.rule,
        strength=int(standing.strength),
        since=to_sql(standing.since),
        until=optional_to_sql(standing.until),
        by=standing.by,
        provisional=standing.provisional,
        batch=standing.batch,
        event_id=event_id,
    )


def all_states(db: Db) -> Iterator[AddressState]:
    """The standings of every address, one address at a time and in order: there may be millions."""
    for key, rows in groupby(db.sql.standings_all(), key=itemgetter(0)):
        yield AddressState(key=key_from_sql(key), standings=tuple(_standing(row[1:]) for row in rows))


def _standing(row: Sequence[object]) -> Standing:
    """A row of the query `standings`."""
    state, scope, reason, rule, strength, since, until, by, provisional, batch = row
    assert isinstance(strength, int)
    assert isinstance(since, int)
    assert until is None or isinstance(until, int)
    return Standing(
        state=State(state),
        scope=str(scope),
        reason=str(reason),
        rule=str(rule),
        strength=Strength(strength),
        since=from_sql(since),
        until=optional_from_sql(until),
        by=str(by),
        provisional=bool(provisional),
        batch=str(batch),
    )
