"""The returned or reported mail inside a report: its header block, from a part of its own or pasted into the text."""

import re
from collections.abc import Sequence

from agent.mail.headers import Block, read_block
from agent.mail.parts import Part
from agent.model.settings import Limits

# RFC 6522 section 3 knows message/rfc822 and text/rfc822-headers; the others are RFC 6533's and misspelt ones.
KINDS = frozenset({
    "message/rfc822", "message/rfc822-headers", "message/rfc822-header", "message/global", "message/global-headers",
    "message/news", "text/rfc822", "text/rfc822-headers", "text/rfc822-header",
})  # fmt: skip
# The lines by which mailers announce a pasted copy: Exim, qmail, sendmail, MMDF, Exchange, IMail and their kin.
_ANNOUNCED = (
    b"this is a copy of", b"line is a copy", b"copy of the message", b"copy of your message", b"copy of the original",
    b"message follows", b"message header", b"original message", b"undelivered message", b"unsent message",
    b"returned message", b"rejected message", b"headers follow", b"headers of ", b"header of ", b"message text follows",
    b"original mail", b"returned mail", b"your message", b"message is ", b"message below",
)  # fmt: skip
_FIRST_FIELD = re.compile(
    rb"^(?:return-path|received|dkim-signature|domainkey-signature|message-id|from|date|to|subject|mime-version"
    rb"|content-type|delivered-to|x-[a-z-]{2,30}|reply-to|sender|errors-to)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_WINDOW = 65_536
_MAX_ANNOUNCED = 8
_TRACE = ("received", "message-id", "return-path")
_TRACE_LINES = tuple(b"\n" + name.encode() for name in _TRACE)


def read_original(parts: Sequence[Part], limits: Limits) -> Block | None:
    """The header block of the first part that holds a whole mail or its headers."""
    for part in parts:
        if part.kind in KINDS:
            block = read_block(part.decoded(), limits)
            if block.headers.fields:
                return block
    return None


def holds_original(parts: Sequence[Part]) -> bool:
    """Whether a whole mail or its headers came as a part, not pasted into the text."""
    return not KINDS.isdisjoint([part.kind for part in parts])


def read_pasted(parts: Sequence[Part], limits: Limits) -> Block | None:
    """A header block pasted into the text below one of the known announcements."""
    for part in parts:
        if part.kind == "text/plain":
            body = part.decoded()[:_WINDOW]
            lowered = body.lower()
            last = max(map(lowered.rfind, _TRACE_LINES))  # what is announced below it can hold no trace field
            for end in _announcements(lowered[: last + 1]) if last > 0 else ():
                first = _FIRST_FIELD.search(body, end, end + 400)
                block = read_block(body[first.start() :], limits) if first else None
                if block and not block.headers.by_name.keys().isdisjoint(_TRACE):
                    return block
    return None


def _announcements(lowered: bytes) -> list[int]:
    """Where the lines that announce a copy end."""
    ends: set[int] = set()
    for words in filter(lowered.__contains__, _ANNOUNCED):
        at = lowered.find(words)
        for _ in range(_MAX_ANNOUNCED):
            if at < 0:
                break
            end = lowered.find(b"\n", at)
            if end < 0:
                break
            ends.add(end)
            at = lowered.find(words, end)
    return sorted(ends)[:_MAX_ANNOUNCED]
