"""Is our clock right? Nobody is asked for it: mail servers tell theirs in passing."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from agent.doctor.finding import Finding, broken, ok, warning

SLACK = timedelta(minutes=2)
MUCH = timedelta(hours=12)  # tokens allow a day
MEND = "sudo timedatectl set-ntp true"
# RFC 5322 dates as Sendmail, Exim and Exchange greet with them.
_DATE = re.compile(r"(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


def by_greeting(greeting: str, now: datetime) -> tuple[Finding, ...]:
    """Compared with the date a mail server greets with, where it does."""
    found = _DATE.search(greeting)
    if found is None:
        return ()
    try:
        theirs = parsedate_to_datetime(found[0]).astimezone(UTC)
    except ValueError:
        return ()
    return (_judged(now - theirs, "the relay's"),)


def by_newest_mail(arrived_at: datetime | None, now: datetime) -> tuple[Finding, ...]:
    """A mail cannot have come in later than now."""
    if arrived_at is None or arrived_at <= now + SLACK:
        return ()
    return (_judged(now - arrived_at, "the mailbox's"),)


def _judged(off: timedelta, whose: str) -> Finding:
    if abs(off) <= SLACK:
        return ok("clock", f"agrees with {whose}")
    seconds = round(abs(off).total_seconds())
    size = f"{seconds // 60} minutes" if seconds < 7200 else f"{seconds // 3600} hours"
    said = f"this machine's clock is {size} {'ahead of' if off > timedelta() else 'behind'} {whose}"
    return (broken if abs(off) > MUCH else warning)("clock", said, MEND)
