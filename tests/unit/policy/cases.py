"""Signals, situations and settings for the policy tests, each with the plainest values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door, Purpose, Token
from agent.model.settings import Addresses, Identity, Settings
from agent.model.signal import (
    Bounce,
    BounceReason,
    Complaint,
    Confidence,
    Evidence,
    Manner,
    OptOut,
    Origin,
    Resubscribe,
    Strength,
)
from agent.model.state import AddressState, SentMail, Situation, Standing, State

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
E0, E1, E2, E3 = Strength.E0, Strength.E1, Strength.E2, Strength.E3


def key(text: str) -> AddressKey:
    address = parse_address(text)
    assert address is not None
    return address


BUYER = key("Ana@buyer.example")
STRANGER = key("somebody@else.example")
SETTINGS = Settings(
    identity=Identity(
        company="Example Export",
        postal_address="1 Harbour Road, Exampleton",
        contact="sales@exporter.example",
        domains=("exporter.example",),
    ),
    addresses=Addresses(unsubscribe=("optout@role.example",), token_domain="t.exporter.example"),
)
SENT = SentMail(id="a" * 13, address=BUYER, list="news", campaign="spring", minted_at=NOW - 5 * DAY, letter=False)
START_LETTER = replace(SENT, list="", campaign="", minted_at=NOW - DAY, letter=True)


def token(purpose: Purpose) -> Token:
    return Token(purpose=purpose, key_id="a", id=SENT.id, place="recipient")


def evidence(
    strength: Strength, purpose: Purpose | None = None, confidence: Confidence = Confidence.SURE, rule: str = "rule"
) -> Evidence:
    """Evidence as the reading would make it: E3 by a token, E2 by the From."""
    return Evidence(
        rule=rule,
        strength=strength,
        confidence=confidence,
        token=token(purpose) if purpose else None,
        authenticated=strength is E2,
    )


def bounce(
    strength: Strength,
    reason: BounceReason = BounceReason.USER_UNKNOWN,
    status: str = "5.1.1",
    *,
    delayed: bool = False,
    about: str = "<mail-2@exporter.example>",
    rule: str = "rule",
) -> Bounce:
    purpose = Purpose.BOUNCE if strength is E3 else None
    return Bounce(
        address=BUYER,
        evidence=evidence(strength, purpose, rule=rule),
        status=status,
        hard=status.startswith("5."),
        reason=reason,
        delayed=delayed,
        original_message_id=about,
    )


def complaint(strength: Strength, kind: str = "abuse", *, verified: bool = False, known: bool = True) -> Complaint:
    purpose = Purpose.FEEDBACK if strength is E3 else None
    return Complaint(
        address=BUYER if known else None,
        evidence=evidence(strength, purpose),
        feedback_type=kind,
        verified_reporter=verified,
    )


def opt_out(
    strength: Strength,
    manner: Manner = Manner.ADDRESS,
    *,
    answerable: bool = True,
    scope: str = "all",
    confidence: Confidence = Confidence.SURE,
    purpose: Purpose = Purpose.UNSUBSCRIBE,
) -> OptOut:
    return OptOut(
        address=BUYER,
        evidence=evidence(strength, purpose if strength is E3 else None, confidence),
        answerable=answerable,
        manner=manner,
        scope=scope,
    )


def start(strength: Strength, *, confirmed: bool = False, answerable: bool = True) -> Resubscribe:
    purpose = Purpose.CONFIRM if confirmed else Purpose.REPLY if strength is E3 else None
    return Resubscribe(
        address=BUYER,
        evidence=replace(evidence(strength, purpose), authenticated=strength is E2),
        answerable=answerable,
        confirmed=confirmed,
    )


def standing(state: State, until: datetime | None = None, scope: str = "all") -> Standing:
    return Standing(
        state=state,
        scope=scope,
        reason="earlier",
        rule="earlier",
        strength=E3,
        since=NOW - 10 * DAY,
        until=until,
        by="policy",
    )


def origin(**change: object) -> Origin:
    plain = Origin(
        door=Door.IMAP,
        received_at=NOW,
        inbox_id=1,
        content_key="content-1",
        message_id="<incoming-1@buyer.example>",
        sender=BUYER,
        written_at=NOW,
    )
    return replace(plain, **change)  # type: ignore[arg-type]  # a test names the fields it changes


def situation(*standings: Standing, **change: object) -> Situation:
    plain = Situation(state=AddressState(key=BUYER, standings=standings), origin=origin())
    return replace(plain, **change)  # type: ignore[arg-type]  # a test names the fields it changes
