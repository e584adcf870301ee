"""Times in SQL: whole microseconds since 1970 UTC inside, `YYYY-MM-DDTHH:MM:SSZ` in the public list; aware always."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_sql(when: datetime) -> int:
    """An aware time as it is stored; a naive one raises TypeError."""
    return (when - _EPOCH) // _MICROSECOND


def from_sql(stored: int) -> datetime:
    """The aware time behind a stored one."""
    return _EPOCH + stored * _MICROSECOND


def optional_to_sql(when: datetime | None) -> int | None:
    """Like `to_sql`, None for none."""
    return None if when is None else to_sql(when)


def optional_from_sql(stored: int | None) -> datetime | None:
    """Like `from_sql`, None for none."""
    return None if stored is None else from_sql(stored)


def to_public(when: datetime) -> str:
    """A time as the public list shows it; parts of a second are cut off."""
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
