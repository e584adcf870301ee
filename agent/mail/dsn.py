"""Delivery status notifications (RFC 3464, RFC 6533), read with patience for what mailers really write."""

from collections.abc import Sequence

from agent.mail.content_type import content_type
from agent.mail.encoded import decode_words
from agent.mail.fields import address_value, field_blocks, first_word, without_type
from agent.mail.headers import read_block
from agent.mail.parts import Part, leaves
from agent.mail.status import find_status
from agent.mail.token import xtext
from agent.model.report import Action, Dsn, RecipientReport
from agent.model.settings import Limits

MAX_RECIPIENTS = 200
# What stands deeper is no longer the report itself but something somebody put into it.
MAX_DEPTH = 3
_HEAD = 8_192
_REPORT = "multipart/report"

_KINDS = ("message/delivery-status", "message/global-delivery-status", "message/delivery_status")
_ACTIONS = {
    "failed": Action.FAILED,
    "failure": Action.FAILED,
    "fail": Action.FAILED,
    "error": Action.FAILED,  # OpenSMTPD
    "expired": Action.FAILED,
    "bounced": Action.FAILED,
    "dropped": Action.FAILED,
    "rejected": Action.FAILED,
    "delayed": Action.DELAYED,
    "delay": Action.DELAYED,
    "deferred": Action.DELAYED,
    "delivered": Action.DELIVERED,
    "relayed": Action.RELAYED,
    "expanded": Action.EXPANDED,
    "deliverable": Action.DELIVERED,  # Postfix, asked by `sendmail -bv`
    "undeliverable": Action.FAILED,
}
_ADDRESSES = ("final-recipient", "original-recipient")
_RECIPIENT_FIELDS = (*_ADDRESSES, "action", "status", "diagnostic-code", "remote-mta", "x-powermta-bouncecategory")
_CATEGORY = _RECIPIENT_FIELDS[-1]
_Fields = dict[str, str]


def read_dsn(parts: Sequence[Part], kind: str) -> Dsn | None:
    """The report among the leaves of a mail, or None; a plain text part counts inside a multipart/report only."""
    for part in parts:
        if part.kind in _KINDS and part.depth <= MAX_DEPTH:
            return parse_dsn(part.decoded(), part.charset)
    if kind == _REPORT:
        for part in parts:
            if part.kind == "text/plain" and b"final-recipient:" in part.body[:20_000].lower():
                return parse_dsn(part.decoded(), part.charset)
    return None


def read_inner_dsn(parts: Sequence[Part], limits: Limits) -> Dsn | None:
    """The report that is itself the returned mail, for a gateway that wraps it; one level, never deeper."""
    for part in parts:
        if part.kind == "message/rfc822" and b"multipart/report" in part.body[:_HEAD].lower():
            body = part.decoded()
            block = read_block(body, limits)
            kind = content_type(block.headers.first("Content-Type"))
            return read_dsn(leaves(block, body[block.body_at :], limits)[0], kind) if kind == _REPORT else None
    return None


def parse_dsn(body: bytes, charset: str = "") -> Dsn:
    """The fields of a delivery-status part."""
    message: _Fields = {}
    recipients: list[_Fields] = []
    for block in field_blocks(body, charset):
        _sort_fields(block, message, recipients)
    return Dsn(
        reporting_mta=without_type(message.get("reporting-mta", "")),
        original_envelope_id=xtext(message.get("original-envelope-id", "")),
        recipients=tuple(_recipient(fields) for fields in recipients[:MAX_RECIPIENTS] if _says_something(fields)),
    )


def _sort_fields(block: list[tuple[str, str]], message: _Fields, recipients: list[_Fields]) -> None:
    """Give each field to the message or to a recipient; a repeated field, or a new address, opens the next one."""
    fresh = any(name in _ADDRESSES for name, _ in block)
    for name, value in block:
        if name not in _RECIPIENT_FIELDS:
            message.setdefault(name, value)
        elif fresh or not recipients or (name in recipients[-1] and name in _ADDRESSES):
            recipients.append({name: value})
            fresh = False
        else:
            recipients[-1].setdefault(name, value)


def _says_something(fields: _Fields) -> bool:
    return any(fields.get(name) for name in (*_ADDRESSES, "status", "action", "diagnostic-code"))


def _recipient(fields: _Fields) -> RecipientReport:
    stated = fields.get("diagnostic-code", "")
    said = without_type(stated)
    return RecipientReport(
        final_recipient=address_value(fields.get("final-recipient", "")),
        original_recipient=address_value(fields.get("original-recipient", "")),
        action=_ACTIONS.get(first_word(fields.get("action", ""))),
        status=find_status(fields.get("status", "")),
        diagnostic=_with_category(decode_words(said), fields),
        diagnostic_type=first_word(stated) if said != stated else "",
        remote_mta=without_type(fields.get("remote-mta", "")),
    )


def _with_category(said: str, fields: _Fields) -> str:
    """PowerMTA adds its own reading of the answer, and anybody may add a comment to the Status where all else fails."""
    category, comment = fields.get(_CATEGORY, ""), fields.get("status", "").partition("(")[2].rpartition(")")[0]
    if category:
        return f"{said} [{_CATEGORY}: {category}, {comment}]"
    return said or comment
