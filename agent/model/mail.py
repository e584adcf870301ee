"""Mail as bytes (RawMessage) and as what was read out of the bytes (ParsedMail)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from agent.model.address import AddressKey
from agent.model.report import Arf, Dsn


class Door(Enum):
    """Where a signal came in."""

    SMTP = "smtp"
    IMAP = "imap"
    FILES = "files"
    WEB = "web"
    ONE_CLICK = "one_click"
    OPERATOR = "operator"
    CLOCK = "clock"


class Role(Enum):
    """What one of our addresses is for."""

    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    REPLY = "reply"
    COMPLAINT = "complaint"


class Purpose(Enum):
    """The letter a token begins with; the place a token stands in fixes it (PROTOCOL.md P50)."""

    BOUNCE = "b"
    UNSUBSCRIBE = "u"
    REPLY = "r"
    FEEDBACK = "f"
    CONFIRM = "c"


class AutomaticMark(Enum):
    """Why a mail counts as written by a machine (RFC 3834 section 2, RFC 5230, practice)."""

    AUTO_SUBMITTED = "auto-submitted"  # anything but `no`
    AUTO_REPLIED = "auto-replied"  # Auto-Submitted: auto-replied, X-Autoreply, X-Autorespond
    NULL_SENDER = "null-sender"
    DAEMON_SENDER = "daemon-sender"  # MAILER-DAEMON, postmaster, owner-*, *-request, no-reply
    PRECEDENCE = "precedence"  # bulk, junk, list, auto_reply
    MAILING_LIST = "mailing-list"  # List-Id and its kin
    RESPONSE_SUPPRESS = "response-suppress"  # X-Auto-Response-Suppress
    REPORT = "report"  # multipart/report of any type
    LOOP = "loop"  # our own mark, or too many Received lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the bytes came from. `reference` is unique and repeatable: the same mail read again has the same one,
    for example `imap:sales/INBOX/1699/42`. `account` names the IMAP account, empty elsewhere.
    """

    door: Door
    reference: str
    account: str = ""

    @property
    def junk(self) -> bool:
        """Whether the provider had sorted it out as spam: such mail needs better evidence."""
        return self.reference.startswith("imap-junk:")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMessage:
    """A mail as it was handed to us. `envelope_from` is None when unknown (IMAP), `""` for the null sender.

    `role` is what the receiving address is for, when the door knows; `received_at` is our own clock, aware.
    """

    source: Source
    envelope_from: str | None
    envelope_to: tuple[str, ...]
    peer: str
    raw: bytes
    received_at: datetime
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Header fields in order, names as written, values unfolded and decoded, control characters removed.

    `by_name`: the values of each field, names in lower case, topmost first.
    """

    fields: tuple[tuple[str, str], ...] = ()
    by_name: Mapping[str, list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        values: dict[str, list[str]] = {}
        for name, value in self.fields:
            values.setdefault(name.lower(), []).append(value)
        object.__setattr__(self, "by_name", values)  # a mail's headers are asked some forty times

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, topmost first."""
        return tuple(self.by_name.get(name.lower(), ()))

    def first(self, name: str) -> str:
        """The topmost value of a field, or an empty string."""
        values = self.by_name.get(name.lower())
        return values[0] if values else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenText:
    """Text shaped like a token, and where it stood; nothing is proven yet. `domain` is the domain beside it."""

    purpose: Purpose
    key_id: str
    id: str
    mac: str
    domain: str
    place: str  # recipient, subject, message-id, return-path, envelope-id, list-unsubscribe, references, feedback-id


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token whose MAC was verified; `id` is the key of a row in `sent`."""

    purpose: Purpose
    key_id: str
    id: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedMail:
    """A mail as values. Reading never fails: what could not be read is named in `defects`."""

    headers: Headers
    subject: str
    sender: AddressKey | None  # exactly one From address, else None
    to: tuple[AddressKey, ...]  # To, Cc, Delivered-To, X-Original-To and the envelope
    return_path: str | None  # "" for the null sender, None when unknown
    message_id: str
    text: str  # all readable text, bounded
    own_text: str  # quotes, signature and disclaimer off
    language_hint: str  # BCP 47, or ""
    subject_repeated: bool = False  # "Re:" stands before the Subject, or what it is in another language
    dsn: Dsn | None = None
    inner_dsn: Dsn | None = None  # a report inside the returned mail: a gateway wrapped it, or somebody forged it
    arf: Arf | None = None
    other_report: str = ""  # the type of a report that is no complaint: "dmarc-aggregate", "xarf:phishing"
    original: Headers | None = None  # headers of the returned or reported mail
    original_raw: bytes = b""  # its header block as bytes, for a signature check
    tokens: tuple[TokenText, ...] = ()
    automatic: tuple[AutomaticMark, ...] = ()
    authentication: tuple[str, ...] = ()  # Authentication-Results values, topmost first
    content_type: str = ""
    html: bool = False  # own_text was taken from HTML
    content_key: str = ""  # DESIGN: SHA-256 over role, From, Date, Message-ID, Subject and body
    defects: tuple[str, ...] = field(default=())
