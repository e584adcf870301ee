"""When the whole record was last checked, and how many faults were found."""

from dataclasses import dataclass
from datetime import datetime

from agent.store.db import Db
from agent.store.times import from_sql, to_sql

_AT, _FAULTS = "checked:at", "checked:faults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check that came to its end."""

    at: datetime
    faults: int


def last(db: Db) -> Checked | None:
    """The newest; None when there was none yet."""
    at = db.sql.digest_last(name=_AT)
    return None if at is None else Checked(at=from_sql(at), faults=db.sql.digest_last(name=_FAULTS) or 0)


def remember(db: Db, found: Checked) -> None:
    """It is the newest now."""
    db.sql.digest_told(name=_AT, at=to_sql(found.at))
    db.sql.digest_told(name=_FAULTS, at=found.faults)
