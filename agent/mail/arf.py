"""Feedback reports (RFC 5965) and their older dialects, read; whether the reporter is believed is not decided here."""

from collections.abc import Sequence

from agent.mail.fields import address_value, field_blocks, first_word, without_type
from agent.mail.headers import Block
from agent.mail.parts import Part
from agent.model.report import Arf

MAX_DEPTH = 3
MAX_RECIPIENTS = 50

_KINDS = ("message/feedback-report", "message/feedback_report", "text/feedback-report")


def read_arf(parts: Sequence[Part], content_type: str, original: Block | None = None) -> Arf | None:
    """The report among the leaves of a mail, or None; a plain text part counts inside a multipart/report only.

    Microsoft's older reports have no report part: a mark stands in the reported mail itself.
    """
    for part in parts:
        if part.kind in _KINDS and part.depth <= MAX_DEPTH:
            return parse_arf(part.decoded(), part.charset)
    if content_type == "multipart/report":
        for part in parts:
            if part.kind == "text/plain" and b"feedback-type:" in part.body[:20_000].lower():
                return parse_arf(part.decoded(), part.charset)
    return _hotmail(original) if original else None


def _hotmail(original: Block) -> Arf | None:
    recipients = tuple(address_value(value) for value in original.wire.all("X-HmXmrOriginalRecipient"))
    if not recipients:
        return None
    return Arf(feedback_type="abuse", original_rcpt_to=recipients[:MAX_RECIPIENTS])


def parse_arf(body: bytes, charset: str = "") -> Arf:
    """The fields of a feedback-report part; where RFC 5965 section 3.1 allows one, the first counts."""
    fields = [field for block in field_blocks(body, charset) for field in block]
    single: dict[str, str] = {}
    for name, value in fields:
        single.setdefault(name, value)
    return Arf(
        feedback_type=first_word(single.get("feedback-type", "")),
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


def _addresses(fields: list[tuple[str, str]], wanted: str) -> tuple[str, ...]:
    values = (address_value(value) for name, value in fields if name == wanted)
    return tuple(dict.fromkeys(value for value in values if value))[:MAX_RECIPIENTS]


def _count(value: str) -> int:
    word = first_word(value)
    return max(1, int(word)) if word.isascii() and word.isdigit() and len(word) < 7 else 1
