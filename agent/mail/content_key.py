"""The content key of a mail: the same mail by two ways, or fetched twice, has one key; trace headers do not count."""

import hashlib

from agent.model.mail import Headers, Role

_FIELDS = tuple((name.lower(), f"\0{name}\0") for name in ("From", "Date", "Message-ID", "Subject"))
_CHUNK = 65_536  # a large mail is never copied as a whole
_TAIL = 1_024


def content_key(role: Role | None, headers: Headers, raw: bytes, body_at: int = 0) -> str:
    """SHA-256 over role, From, Date, Message-ID, Subject and the body as sent, line endings and its tail aside."""
    values = headers.by_name
    stated = [before + value for name, before in _FIELDS if name in values for value in values[name]]
    digest = hashlib.sha256("".join((role.value if role else "", *stated, "\0\0")).encode("utf-8", "replace"))
    end = _end(raw, body_at)
    for at in range(body_at, end, _CHUNK):
        digest.update(raw[at : min(at + _CHUNK, end)].replace(b"\r", b""))
    return digest.hexdigest()


def _end(raw: bytes, start: int) -> int:
    """Where the white space at the end of the body begins."""
    end = len(raw)
    while end > start:
        piece = raw[max(start, end - _TAIL) : end]
        kept = len(piece.rstrip())
        if kept:
            return end - len(piece) + kept
        end -= len(piece)
    return start
