"""Complaints as JSON: what Amazon SES sends by mail through SNS when a provider's feedback report reached it."""

import json

from agent.mail.arf import MAX_RECIPIENTS, feedback_type
from agent.model.report import Arf

_MAX_JSON = 65_536


def read_complaint_event(text: str) -> Arf | None:
    """The complaint a mail is, or None; what stands behind the closing brace does not count."""
    opening = text.lstrip()[:_MAX_JSON]
    if not opening.startswith("{") or "complain" not in opening:
        return None
    complaint = _fields(_object(opening).get("complaint"))
    people = complaint.get("complainedRecipients")
    if not isinstance(people, list):
        return None
    addresses = (str(_fields(person).get("emailAddress", "")) for person in people[:MAX_RECIPIENTS])
    return Arf(
        feedback_type=feedback_type(str(complaint.get("complaintFeedbackType") or "abuse")),
        user_agent=str(complaint.get("userAgent") or "Amazon SES")[:200],
        original_rcpt_to=tuple(filter(None, addresses)),
    )


def _object(text: str) -> dict[str, object]:
    """The object itself, or the one that SNS wraps as a string."""
    value = _decoded(text)
    inner = value.get("Message")
    return _decoded(inner[:_MAX_JSON]) if isinstance(inner, str) else value


def _decoded(text: str) -> dict[str, object]:
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return _fields(value)


def _fields(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
