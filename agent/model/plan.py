"""What shall be done, as values: a Plan from `decide`, Effects to carry out, Outcomes of having tried."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from agent.model.address import AddressKey
from agent.model.state import AddressState


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


Effect = SendLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The decision on one signal: the policy row, why, the states to store (none: recorded only), the effects."""

    row: str
    reason: str
    states: tuple[AddressState, ...] = ()
    effects: tuple[Effect, ...] = ()
    uses_token: bool = False  # the token has acted and shall not act again
    alert: str = ""  # something the operator must see


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
