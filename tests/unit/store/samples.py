"""Short ways to make the values these tests store."""

from datetime import UTC, datetime

from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door, Purpose, RawMessage, Source, Token
from agent.model.plan import LetterKind, Plan, SendLetter
from agent.model.settings import Identity, Settings
from agent.model.signal import Bounce, BounceReason, Evidence, Manner, OptOut, Origin, Signal, Strength
from agent.model.state import AddressState, SentMail, Situation, Standing, State
from agent.store import events
from agent.store.db import Db

NOW = datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=UTC)
SETTINGS = Settings(
    identity=Identity(company="Acme", postal_address="1 Road", contact="info@acme.example", domains=("acme.example",))
)


def address(text: str = "Buyer@Example.com") -> AddressKey:
    key = parse_address(text)
    assert key is not None
    return key


def message(reference: str = "smtp:1", raw: bytes = b"Subject: hi\r\n\r\nhello\r\n") -> RawMessage:
    return RawMessage(
        source=Source(door=Door.SMTP, reference=reference),
        envelope_from="",
        envelope_to=("unsubscribe@acme.example",),
        peer="192.0.2.1",
        raw=raw,
        received_at=NOW,
    )


def token(token_id: str = "aaaaaaaaaaaaa", purpose: Purpose = Purpose.UNSUBSCRIBE) -> Token:
    return Token(purpose=purpose, key_id="a", id=token_id, place="recipient")


def evidence(strength: Strength = Strength.E1, proof: Token | None = None) -> Evidence:
    return Evidence(rule="test", excerpt="please stop", strength=strength, token=proof)


def opt_out(who: str = "Buyer@Example.com", proof: Token | None = None, strength: Strength = Strength.E1) -> OptOut:
    return OptOut(address=address(who), evidence=evidence(strength, proof), answerable=True, manner=Manner.ADDRESS)


def hard_bounce(who: str = "buyer@example.com", about: str = "<1@acme.example>") -> Bounce:
    return Bounce(
        address=address(who),
        evidence=evidence(),
        status="5.1.1",
        hard=True,
        reason=BounceReason.USER_UNKNOWN,
        original_message_id=about,
    )


def origin(inbox_id: int | None = None, content_key: str = "") -> Origin:
    return Origin(door=Door.SMTP, received_at=NOW, inbox_id=inbox_id, content_key=content_key)


def standing(state: State = State.OPT_OUT, scope: str = "all", until: datetime | None = None) -> Standing:
    return Standing(
        state=state,
        scope=scope,
        reason="asked",
        rule="16 test",
        strength=Strength.E2,
        since=NOW,
        until=until,
        by="policy",
    )


def happened(
    db: Db, signal: Signal | None = None, at: datetime = NOW, *, where: Origin | None = None, plan: Plan | None = None
) -> int:
    """Appends an event and gives its id."""
    signal = signal or opt_out()
    key = signal.address or AddressKey(local="", domain="")
    situation = Situation(state=AddressState(key=key), origin=where or origin())
    return events.append(db, events.describe(signal, situation, plan or Plan(row="16", reason="asked"), at))


def sent_mail(who: str = "buyer@example.com", token_id: str = "aaaaaaaaaaaaa", *, letter: bool = False) -> SentMail:
    return SentMail(id=token_id, address=address(who), list="news", campaign="spring", minted_at=NOW, letter=letter)


def letter(who: str = "buyer@example.com", kind: LetterKind = LetterKind.OPT_OUT, n: int = 1) -> SendLetter:
    return SendLetter(
        dedupe_key=f"{kind.value}:{who}:{n}", to=address(who), kind=kind, language="en", token_id=f"{n:a>13}"
    )
