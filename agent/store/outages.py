"""Since when which mailbox cannot be read: kept in the store, so that a restart does not begin to count anew."""

from collections.abc import Mapping
from datetime import datetime

from agent.store.db import Db
from agent.store.times import from_sql, to_sql

_PREFIX = "shut:"


def load(db: Db) -> dict[str, datetime]:
    """By account."""
    return {row[0].removeprefix(_PREFIX): from_sql(row[1]) for row in db.sql.outages_all()}


def save(db: Db, since: Mapping[str, datetime]) -> None:
    """These and no others."""
    db.sql.outages_forget()
    for account, at in since.items():
        db.sql.outages_add(name=_PREFIX + account, at=to_sql(at))
