"""The content key of a mail: the same mail by two ways, or fetched twice, has one key; trace headers do not count."""

import hashlib

from agent.model.mail import Headers, Role

_FIELDS = ("From", "Date", "Message-ID", "Subject")


def content_key(role: Role | None, headers: Headers, body: bytes) -> str:
    """SHA-256 over role, From, Date, Message-ID, Subject and the body as sent, line endings and its tail aside."""
    digest = hashlib.sha256((role.value if role else "").encode())
    for name in _FIELDS:
        for value in headers.all(name):
            digest.update(b"\0" + name.encode() + b"\0" + value.encode("utf-8", "replace"))
    digest.update(b"\0\0" + body.replace(b"\r", b"").rstrip())
    return digest.hexdigest()
