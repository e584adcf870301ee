"""Delivery status notifications (RFC 3464, RFC 6533), read with patience for what mailers really write."""

from collections.abc import Sequence

from agent.mail.fields import address_value, field_blocks, first_word, without_type
from agent.mail.headers import decode_words
from agent.mail.parts import Part
from agent.mail.status import find_status
from agent.mail.token import xtext
from agent.model.report import Action, Dsn, RecipientReport

MAX_RECIPIENTS = 200
# What stands deeper is no longer the report itself but something somebody put into it.
MAX_DEPTH = 3

_KINDS = ("message/delivery-status", "message/global-delivery-status", "message/delivery_status")
_ACTIONS = {
    "failed": Action.FAILED,
    "failure": Action.FAILED,
    "fail": Action.FAILED,
    "error": Action.FAILED,  # OpenSMTPD
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
_RECIPIENT_FIELDS = (*_ADDRESSES, "action", "status", "diagnostic-code", "remote-mta")
_Fields = dict[str, str]


def read_dsn(parts: Sequence[Part], content_type: str) -> Dsn | None:
    """The report among the leaves of a mail, or None; a plain text part counts inside a multipart/report only."""
    for part in parts:
        if part.kind in _KINDS and part.depth <= MAX_DEPTH:
            return parse_dsn(part.decoded(), part.charset)
    if content_type == "multipart/report":
        for part in parts:
            if part.kind == "text/plain" and b"final-recipient:" in part.body[:20_000].lower():
                return parse_dsn(part.decoded(), part.charset)
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
    return RecipientReport(
        final_recipient=address_value(fields.get("final-recipient", "")),
        original_recipient=address_value(fields.get("original-recipient", "")),
        action=_ACTIONS.get(first_word(fields.get("action", ""))),
        status=find_status(fields.get("status", "")),
        diagnostic=decode_words(without_type(fields.get("diagnostic-code", ""))),
        remote_mta=without_type(fields.get("remote-mta", "")),
    )
