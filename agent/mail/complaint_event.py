"""Complaints as JSON: what Amazon SES sends by mail through SNS when a provider's feedback report reached it."""

from agent.mail.arf import MAX_RECIPIENTS, feedback_type
from agent.mail.json_object import as_object, as_text, read_object
from agent.model.report import Arf

_MAX_JSON = 65_536


def read_complaint_event(text: str) -> Arf | None:
    """The complaint a mail is, or None; what stands behind the closing brace does not count."""
    opening = text.lstrip()[:_MAX_JSON]
    if not opening.startswith("{") or "complain" not in opening:
        return None
    complaint = as_object(_object(opening).get("complaint"))
    people = complaint.get("complainedRecipients")
    if not isinstance(people, list):
        return None
    addresses = (as_text(as_object(person).get("emailAddress")) for person in people[:MAX_RECIPIENTS])
    return Arf(
        feedback_type=feedback_type(as_text(complaint.get("complaintFeedbackType")) or "abuse"),
        user_agent=as_text(complaint.get("userAgent"))[:200] or "Amazon SES",
        original_rcpt_to=tuple(filter(None, addresses)),
    )


def _object(text: str) -> dict[str, object]:
    """The object itself, or the one that SNS wraps as a string."""
    value = read_object(text)
    inner = value.get("Message")
    return read_object(inner[:_MAX_JSON]) if isinstance(inner, str) else value
