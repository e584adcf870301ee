"""Mail out of files on its way to the inbox: the same bytes are the same mail, and what has no date is old.

An archive is obeyed, but it is not a conversation: who wrote years ago must not get an answer today.
"""

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agent.mail.headers import read_headers
from agent.mail.thread import written_at
from agent.model.mail import Door, Headers, RawMessage, Source
from agent.model.settings import Limits

HEAD_BYTES = 262_144  # of a mail that is too large to be read whole
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def message_of(raw: bytes, limits: Limits, now: datetime) -> RawMessage:
    """The mail as the rest of the house knows it; nothing is known of its envelope."""
    kept = raw if len(raw) <= limits.message_bytes else raw[:HEAD_BYTES]
    return RawMessage(
        source=Source(door=Door.FILES, reference=f"file:{hashlib.sha256(raw).hexdigest()}"),
        envelope_from=None,
        envelope_to=(),
        peer="",
        raw=kept,
        received_at=min(_arrived_at(read_headers(kept, limits)), now),
    )


def _arrived_at(headers: Headers) -> datetime:
    """What the last server wrote (RFC 5321 section 4.4: the topmost Received), else the Date, else long ago."""
    stamp = headers.first("Received").rpartition(";")[2]
    try:
        arrived = parsedate_to_datetime(stamp)
        return arrived.replace(tzinfo=UTC) if arrived.tzinfo is None else arrived.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return written_at(headers) or LONG_AGO
