"""Feedback reports (RFC 5965) and their real dialects, read; whether the reporter is believed is not decided here.

A report is known by its form alone, never by words about one: a mail that people pass on or talk about is none.
"""

import re
from collections.abc import Sequence

from agent.mail.fields import address_value, field_blocks, first_word, without_type
from agent.mail.headers import Block
from agent.mail.original import holds_original
from agent.mail.parts import Part
from agent.model.mail import Headers
from agent.model.report import Arf

MAX_DEPTH = 3
MAX_RECIPIENTS = 50
MAX_FIELDS_PART = 20_000

_KIND = re.compile(r"(?:message|text|application)/(?:x-)?feedback[-_]?reports?")
# What a part that lost its type is sent as.
_UNTYPED = ("text/plain", "application/octet-stream", "message/report", "text/rfc822-headers")
_TYPE_LINE = re.compile(rb"^feedback[-_]type[ \t]*:", re.IGNORECASE | re.MULTILINE)
# A field, a line that goes on, or nothing: a part of which all lines are so is no prose.
_NO_FIELD = re.compile(rb"^(?![A-Za-z][A-Za-z0-9_-]{1,40}[ \t]*:|[ \t]|\r?$)", re.MULTILINE)
_HOTMAIL_SUBJECT = re.compile(r"\s*complaint about message from\b", re.IGNORECASE)
_HOTMAIL_SENDER = re.compile(r"\bstaff@(?:[\w-]{1,60}\.)*(?:hotmail|outlook|live|msn|microsoft)\.", re.IGNORECASE)
_SPELT = {
    "authfailure": "auth-failure",  # RFC 6591
    "authenticationfailure": "auth-failure",
    "dkim": "auth-failure",  # the drafts of RFC 6591 named the method
    "spf": "auth-failure",
    "adsp": "auth-failure",
    "notspam": "not-spam",  # RFC 6430
    "notjunk": "not-spam",
    "optout": "opt-out",  # the drafts of RFC 5965
    "optoutlist": "opt-out-list",
}


def read_arf(parts: Sequence[Part], content_type: str, headers: Headers, original: Block | None = None) -> Arf | None:
    """The report among the leaves of a mail, or None."""
    typed = [part for part in parts if "feedback" in part.kind and part.depth <= MAX_DEPTH]
    part = next((part for part in typed if _KIND.fullmatch(part.kind)), None)
    part = part or _untyped(parts, content_type)
    marked = None if part else _hotmail(parts, headers, original)
    if (part is None and marked is None) or (content_type != "multipart/report" and passed_on(headers)):
        return None
    return parse_arf(part.decoded(), part.charset) if part else marked


def parse_arf(body: bytes, charset: str = "") -> Arf:
    """The fields of a feedback-report part; where RFC 5965 section 3.1 allows one, the first counts."""
    fields = [field for block in field_blocks(body, charset) for field in block]
    single: dict[str, str] = {}
    for name, value in fields:
        single.setdefault(name.replace("_", "-"), value)
    return Arf(
        feedback_type=feedback_type(single.get("feedback-type", "")),
        user_agent=single.get("user-agent", ""),
        version=single.get("version", ""),
        original_mail_from=address_value(single.get("original-mail-from", "")),
        original_envelope_id=single.get("original-envelope-id", ""),
        original_rcpt_to=_addresses(fields, "original-rcpt-to"),
        removal_recipients=_addresses(fields, "removal-recipient"),
        source_ip=single.get("source-ip", single.get("source", "")),
        reported_domain=without_type(single.get("reported-domain", "")),
        incidents=_count(single.get("incidents", "")),
    )


def feedback_type(value: str) -> str:
    """The type as registered (RFC 5965 section 7.3), where a reporter spells it otherwise."""
    word = first_word(value.strip().strip('"'))
    return _SPELT.get(re.sub(r"[-_\"]", "", word), word)


def _untyped(parts: Sequence[Part], content_type: str) -> Part | None:
    """The report part that came as plain text or as an attachment: in a multipart/report by its first field, in any
    other mail only when it is all fields and the reported mail lies beside it.
    """
    kinds = [part.kind for part in parts]
    if not content_type.startswith("multipart/") or "message/delivery-status" in kinds or not holds_original(parts):
        return None
    for part in parts:
        if part.kind in _UNTYPED and part.depth <= MAX_DEPTH and len(part.body) <= MAX_FIELDS_PART:
            body = part.decoded().strip(b"\r\n \t")
            if _TYPE_LINE.search(body) and (content_type == "multipart/report" or not _NO_FIELD.search(body)):
                return part
    return None


def _hotmail(parts: Sequence[Part], headers: Headers, original: Block | None) -> Arf | None:
    """Microsoft's older reports have no report part: a mark stands in the reported mail, and the subject says it."""
    if original is None or not holds_original(parts):
        return None
    marks = tuple(address_value(value) for value in original.wire.all("X-HmXmrOriginalRecipient"))
    if marks or (
        _HOTMAIL_SUBJECT.match(headers.first("Subject")) and _HOTMAIL_SENDER.search(headers.first("From")[:300])
    ):
        return Arf(feedback_type="abuse", original_rcpt_to=marks[:MAX_RECIPIENTS])
    return None


def passed_on(headers: Headers) -> bool:
    """A person answers or forwards a report; no reporter refers to an earlier mail."""
    return bool(headers.first("In-Reply-To") or headers.first("References"))


def _addresses(fields: list[tuple[str, str]], wanted: str) -> tuple[str, ...]:
    lines = (value for name, value in fields if name.replace("_", "-") == wanted)
    values = (address_value(one) for line in lines for one in (line.split(",") if line.count("@") > 1 else (line,)))
    return tuple(dict.fromkeys(value for value in values if value))[:MAX_RECIPIENTS]


def _count(value: str) -> int:
    word = first_word(value)
    return max(1, int(word)) if word.isascii() and word.isdigit() and len(word) < 7 else 1
