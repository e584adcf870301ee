"""Bounce events as JSON: what Amazon SES sends by mail through SNS."""

import json
from collections.abc import Iterator

from agent.classify.bounces.failure import MAX_RECIPIENTS, Failure, address_of
from agent.classify.bounces.notice import Notice
from agent.mail.fields import without_type
from agent.mail.status import find_status
from agent.model.mail import ParsedMail
from agent.model.report import RecipientReport

_MAX_JSON = 65_536
_Fields = dict[str, object]


def from_event(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """The recipients of a bounce notification; what is behind the closing brace does not count."""
    event = _object(mail.text.lstrip()[:_MAX_JSON])
    bounce = event.get("bounce") if event else None
    if not isinstance(bounce, dict):
        return ()
    found = (_failure(recipient, bounce) for recipient in _recipients(bounce))
    return tuple(failure for failure in found if failure is not None)


def _object(text: str) -> _Fields | None:
    """The object itself, or the one that SNS wraps as a string."""
    if not text.startswith("{"):
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    inner = value.get("Message")
    return _object(inner[:_MAX_JSON]) if isinstance(inner, str) else value


def _recipients(bounce: _Fields) -> Iterator[_Fields]:
    listed = bounce.get("bouncedRecipients")
    for recipient in listed[:MAX_RECIPIENTS] if isinstance(listed, list) else ():
        if isinstance(recipient, dict):
            yield recipient


def _failure(recipient: _Fields, bounce: _Fields) -> Failure | None:
    address = address_of(str(recipient.get("emailAddress", "")).rpartition("<")[2].strip(" >"))
    if address is None:
        return None
    said = " ".join(str(bounce.get(name, "")) for name in ("bounceType", "bounceSubType"))
    report = RecipientReport(
        final_recipient=str(address),
        status=find_status(str(recipient.get("status", ""))),
        diagnostic=without_type(str(recipient.get("diagnosticCode", ""))) or said,
    )
    return Failure(address=address, report=report, delayed=str(recipient.get("action", "")).lower() == "delayed")
