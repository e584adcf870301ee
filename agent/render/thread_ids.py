"""Threading ids of the mail that is answered: the only thing of it that goes back, so only well-formed and few."""

import re

# RFC 5322 section 3.6.4, visible ASCII without brackets; longer ids than these belong to no honest mail program.
_ID = re.compile(r"<[!-;=?-~]{1,128}@[!-;=?-~]{1,128}>")
_MAX_ID = 200
_MAX_REFERENCES = 600


def in_reply_to(message_id: str) -> str:
    """The one id, or nothing when it is not well formed."""
    stripped = message_id.strip()
    return stripped if len(stripped) <= _MAX_ID and _ID.fullmatch(stripped) else ""


def references(earlier: str, message_id: str) -> str:
    """The last of the thread's ids and the one that is answered, one a line (RFC 5322 section 3.6.4)."""
    known = [found for found in _ID.findall(earlier[-16_384:]) if len(found) <= _MAX_ID]
    last = in_reply_to(message_id)
    if last:
        known = [*(found for found in known if found != last), last]
    room, kept = _MAX_REFERENCES, list[str]()
    for found in reversed(known):
        room -= len(found) + 3
        if room < 0:
            break
        kept.insert(0, found)
    return "\r\n ".join(kept)
