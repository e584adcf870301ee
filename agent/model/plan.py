"""What shall be done, as values: a Plan from `decide`, Effects to carry out, Outcomes of having tried."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from agent.model.address import AddressKey
from agent.model.signal import Timer, Verdict
from agent.model.state import AddressState, TicketKind


class LetterKind(Enum):
    """Every letter the program can write; one text a language each."""

    OPT_OUT = "opt_out"
    OPT_OUT_UNVERIFIED = "opt_out_unverified"
    TOPIC = "topic"
    PAUSE = "pause"
    FREQUENCY = "frequency"
    START_CONFIRM = "start_confirm"
    RESUBSCRIBED = "resubscribed"
    ERASE_RECEIPT = "erase_receipt"
    ACCESS_RECEIPT = "access_receipt"


class Tone(Enum):
    """How a letter speaks. A valued contact gets the same letter at the same speed, in kinder words."""

    PLAIN = "plain"
    HIGH_VALUE = "high_value"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendLetter:
    """One letter to one address. `token_id` is made from the dedupe key, so that a retry is the same mail."""

    dedupe_key: str
    to: AddressKey
    kind: LetterKind
    language: str
    token_id: str
    list: str = ""
    until: datetime | None = None
    in_reply_to: str = ""
    references: str = ""
    tone: Tone = Tone.PLAIN


Effect = SendLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReview:
    """A mail for a person to read. Both readings are proposals; `timeout` is what happens at `due_at` without one."""

    why: str
    first: Verdict
    second: Verdict
    timeout: Verdict | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """A task for the operator. One of a kind is open for an address at a time."""

    kind: TicketKind
    what: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Comes back as a Tick at this time; one of a kind for each address and `about`, the later call moves it."""

    key: AddressKey
    timer: Timer
    due_at: datetime
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A review or ticket is decided."""

    verdict: Verdict
    by: str
    note: str = ""
    review: int | None = None
    ticket: int | None = None
    erase: bool = False  # the person's data goes with it


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The decision on one signal: the policy row, why, the states to store (none: recorded only), the effects."""

    row: str
    reason: str
    states: tuple[AddressState, ...] = ()
    effects: tuple[Effect, ...] = ()
    uses_token: bool = False  # the token has acted and shall not act again
    alert: str = ""  # something the operator must see
    reviews: tuple[NewReview, ...] = ()
    tickets: tuple[NewTicket, ...] = ()
    timers: tuple[SetTimer, ...] = ()
    closed: Closed | None = None
    asked_too_late: int | None = None  # the review whose time ran out; it stays open without effect
    objection: bool = False  # counted for policy row 4
    batch: str = ""  # the breaker or run it belongs to


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It is done; `detail` is the peer's word."""

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    when: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GaveUp:
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have been done: the peer fell silent after the final dot. A courtesy is not sent twice."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Nothing of this kind can be done until the operator acts: the relay refuses our login."""

    when: datetime
    why: str


Outcome = Done | RetryAt | GaveUp | Unknown | Halt
