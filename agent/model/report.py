"""What a delivery status notification (RFC 3464) or a feedback report (RFC 5965) says, as read, not yet believed."""

from dataclasses import dataclass
from enum import Enum


class Action(Enum):
    """RFC 3464 section 2.3.3; odd spellings are mapped to the nearest."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientReport:
    """One per-recipient block (RFC 3464 section 2.3); addresses as written, types taken off."""

    final_recipient: str = ""
    original_recipient: str = ""
    action: Action | None = None
    status: str = ""
    diagnostic: str = ""
    diagnostic_type: str = ""  # smtp, x-unix, ..., in lower case
    remote_mta: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsn:
    """A `message/delivery-status` part."""

    reporting_mta: str = ""
    original_envelope_id: str = ""
    recipients: tuple[RecipientReport, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arf:
    """A `message/feedback-report` part (RFC 5965 section 3)."""

    feedback_type: str = ""
    user_agent: str = ""
    version: str = ""
    original_mail_from: str = ""
    original_envelope_id: str = ""
    original_rcpt_to: tuple[str, ...] = ()
    removal_recipients: tuple[str, ...] = ()
    source_ip: str = ""
    reported_domain: str = ""
    incidents: int = 1
