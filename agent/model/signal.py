"""Signal, the waist: whatever comes in, by mail, form, command or clock, is one of these before it acts."""

from dataclasses import dataclass
from datetime import datetime

from agent.model.address import AddressKey
from agent.model.mail import Door, Role, Token
from agent.model.words import (
    BounceReason,
    Confidence,
    Manner,
    OptOutReason,
    OrderKind,
    PreferenceKind,
    PrivacyKind,
    Strength,
    Timer,
    Verdict,
)

__all__ = [  # the vocabularies too: a signal and its words are used together
    "KINDS",
    "MAX_EXCERPT",
    "AutoReply",
    "Bounce",
    "BounceReason",
    "Complaint",
    "Confidence",
    "Decision",
    "Evidence",
    "HumanReply",
    "Manner",
    "OptOut",
    "OptOutReason",
    "Order",
    "OrderKind",
    "Origin",
    "Preference",
    "PreferenceKind",
    "Privacy",
    "PrivacyKind",
    "Resubscribe",
    "Signal",
    "Strength",
    "Tick",
    "Timer",
    "Verdict",
    "is_only_possible",
    "kind_of",
    "weightiest_first",
]

MAX_EXCERPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What led to a signal. `authenticated`: the From itself is aligned (E2), whatever a token adds on top."""

    rule: str
    excerpt: str = ""
    strength: Strength = Strength.E0
    confidence: Confidence = Confidence.SURE
    token: Token | None = None
    authenticated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A delivery failed or is late (`delayed`). `hard` is a word about the report, not about the address."""

    address: AddressKey
    evidence: Evidence
    status: str  # RFC 3463, "" when none was found
    hard: bool
    reason: BounceReason
    diagnostic: str = ""
    delayed: bool = False
    original_message_id: str = ""
    own_signature: bool = False  # proven by our signature on the returned mail, which proves once
    answerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A feedback report. `verified_reporter`: its DKIM signer is one we trust to report."""

    address: AddressKey | None  # None: no recipient could be found (POLICY.md row 13)
    evidence: Evidence
    feedback_type: str
    verified_reporter: bool = False
    original_message_id: str = ""
    answerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """A person wants no more marketing mail. `scope` is `all`, `list:NAME` or `topic:NAME`."""

    address: AddressKey
    evidence: Evidence
    answerable: bool
    manner: Manner
    scope: str = "all"
    reason: OptOutReason | None = None
    doubtful: bool = False  # a negation or a business object stands beside the words: silence decides nothing
    possible: bool = False  # and no more than that: such texts are as often ordinary replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Less mail, a pause, or not this topic; not an opt-out of all."""

    address: AddressKey
    evidence: Evidence
    answerable: bool
    kind: PreferenceKind
    scope: str = "all"
    until: datetime | None = None
    interval_days: int | None = None
    reason: OptOutReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resubscribe:
    """START. `confirmed`: it carries the one-use confirm token, or came as a POST from a token page."""

    address: AddressKey
    evidence: Evidence
    answerable: bool
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """Erase me, or show me my data (GDPR articles 15 and 17)."""

    address: AddressKey
    evidence: Evidence
    answerable: bool
    kind: PrivacyKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReply:
    """Out of office, receipt, ticket, challenge: never acted on, never answered."""

    address: AddressKey | None
    evidence: Evidence
    until: datetime | None = None
    answerable: bool = False
    left: bool = False  # it says that the person works there no more
    successor: AddressKey | None = None  # and whom to write to instead


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanReply:
    """A person wrote something else."""

    address: AddressKey
    evidence: Evidence
    answerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command of the operator. `state` is the word to set or lift; empty with LIFT means all but a complaint."""

    address: AddressKey
    evidence: Evidence
    kind: OrderKind
    why: str
    by: str
    state: str = ""
    scope: str = "all"
    until: datetime | None = None
    answerable: bool = False
    batch: str = ""  # with LIFT: only what this batch set


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A person's word on what waited for one: the review or the ticket with this number."""

    address: AddressKey
    evidence: Evidence
    verdict: Verdict
    by: str
    review: int | None = None
    ticket: int | None = None
    note: str = ""
    until: datetime | None = None  # with PAUSE
    answerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time passed for one address: a timer ran out. `about` is the review, or what the timer was set for."""

    address: AddressKey
    evidence: Evidence
    timer: str
    answerable: bool = False
    about: str = ""


Signal = (
    Bounce | Complaint | OptOut | Preference | Resubscribe | Privacy | AutoReply | HumanReply | Order | Decision | Tick
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The message or act a signal came from, as far as the policy may know it."""

    door: Door
    received_at: datetime
    inbox_id: int | None = None
    role: Role | None = None
    content_key: str = ""
    message_id: str = ""
    sender: AddressKey | None = None
    language: str = ""
    written_at: datetime | None = None  # the Date header, when it can be read
    references: str = ""
    junk: bool = False  # the provider had sorted it out as spam
    batch: str = ""  # the run of the program, or the import, that it belongs to


KINDS = (
    "erase", "access", "complaint", "unsubscribe", "unsubscribe_topic", "pause", "change_frequency",
    "resubscribe", "bounce", "delay", "autoreply", "reply", "other",
)  # fmt: skip


def kind_of(signal: Signal) -> str:  # noqa: C901 - one flat match over a closed union
    """The word `classify --json` uses for a signal (DESIGN.md section 3)."""
    match signal:
        case Bounce():
            return "delay" if signal.delayed else "bounce"
        case Complaint():
            return "complaint"
        case OptOut(manner=Manner.COMPLAINT_WORDS):
            return "complaint"
        case OptOut(manner=Manner.PERSON_GONE):
            return "bounce"
        case OptOut():
            return "unsubscribe"
        case Preference(kind=PreferenceKind() as kind) | Privacy(kind=PrivacyKind() as kind):
            return str(kind.value)
        case Resubscribe():
            return "resubscribe"
        case AutoReply():
            return "autoreply"
        case HumanReply():
            return "reply"
        case Order() | Decision() | Tick():
            return "other"


def weightiest_first(signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """Signals in the order of KINDS, equal kinds in their own; what is only possible behind all else."""
    return tuple(sorted(signals, key=lambda signal: (is_only_possible(signal), KINDS.index(kind_of(signal)))))


def is_only_possible(signal: Signal) -> bool:
    """Whether it is not likely that this was meant: a person looks, and the mail counts as what else it says."""
    return isinstance(signal, OptOut) and signal.possible
