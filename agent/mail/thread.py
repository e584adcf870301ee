"""When a mail was written and what it answers, as its headers say."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agent.model.mail import Headers

MAX_REFERENCES = 10

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")


def written_at(headers: Headers) -> datetime | None:
    """The Date header in UTC, None when it cannot be read."""
    try:
        written = parsedate_to_datetime(headers.first("Date"))
        # RFC 5322 section 3.3: -0000 tells the time in UTC but nothing of the zone.
        return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def references(headers: Headers) -> str:
    """RFC 5322 section 3.6.4: the parent's References, else its In-Reply-To; the first and the latest of a long one."""
    ids = _MESSAGE_ID.findall(headers.first("References")) or _MESSAGE_ID.findall(headers.first("In-Reply-To"))[:1]
    if len(ids) > MAX_REFERENCES:
        ids = ids[:1] + ids[1 - MAX_REFERENCES :]
    return " ".join(ids)
