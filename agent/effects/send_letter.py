"""Sends one letter. A retry is the same mail with the same Message-ID; what the relay said becomes the Outcome."""

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import assert_never

from agent.effects.relay import Answer, HandOver, Parcel, Verdict, deliver, tls_context
from agent.effects.retry import HALT, next_try
from agent.effects.sign import Signer, open_signer
from agent.model.address import AddressKey, parse_address
from agent.model.mail import Purpose, Role
from agent.model.plan import Done, GaveUp, Halt, LetterKind, Outcome, RetryAt, SendLetter, Unknown
from agent.model.settings import Settings
from agent.render.letter import LetterFacts, compose
from agent.render.letters import choose
from agent.trust.tokens import KeyRing, mint

NULL_SENDER = ""  # aiosmtplib writes it as `<>` and refuses the brackets themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every letter is written with. `chance` gives a number from 0 to 1."""

    settings: Settings
    texts: Mapping[str, str]
    ring: KeyRing | None
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    signer: Signer | None = None


def open_desk(
    settings: Settings,
    texts: Mapping[str, str],
    ring: KeyRing | None,
    clock: Callable[[], datetime],
    chance: Callable[[], float],
) -> Desk:
    """A desk whose relay is checked against the system's certificates and relay.ca_file (OSError: unreadable), and
    whose letters are signed when a key is configured (SignError: it is none).
    """
    tls = tls_context(settings.relay)
    signer = open_signer(settings.letters, _domain(from_address(settings)))
    return Desk(settings=settings, texts=texts, ring=ring, clock=clock, chance=chance, tls=tls, signer=signer)


async def carry_out(letter: SendLetter, attempts: int, hand_over: HandOver, desk: Desk) -> Outcome:
    """Compose the letter and give it to the relay; `attempts` counts this one."""
    recipient = envelope_recipient(letter.to)
    if recipient is None:
        return GaveUp(why="not an address that mail can be sent to")
    letter = replace(letter, to=replace(letter.to, raw=recipient))
    try:
        parcel = _packed(letter, recipient, desk)
    except ValueError as error:  # a value that breaks out of its place, a letter too long: no later try mends it
        return GaveUp(why=f"cannot be written: {error}")
    if desk.signer is not None:
        parcel = replace(parcel, message=await desk.signer.signed(parcel.message))
    answer = await deliver(desk.settings.relay, desk.tls, parcel, partial(hand_over, parcel.message))
    return _outcome(answer, attempts, desk)


def envelope_sender(letter: SendLetter, settings: Settings, ring: KeyRing | None) -> str:
    """The configured one, else a token address of ours, else the login (providers refuse `<>`), else null."""
    fixed = settings.letters.envelope_from
    if fixed:
        return NULL_SENDER if fixed == "<>" else _plain(fixed)
    domain = settings.addresses.token_domain
    if ring is not None and domain:
        return f"{mint(ring, Purpose.BOUNCE, letter.token_id, domain)}@{domain}"
    return _plain(settings.relay.user) if parse_address(settings.relay.user) else NULL_SENDER


def envelope_recipient(to: AddressKey) -> str | None:
    """The one address to send to, its local part as it came in; None when it is not one that reads back as `to`.

    aiosmtplib would send `Name <x@y>, z@q` to x@y without a word.
    """
    found = parse_address(to.raw)
    local = found.raw.rpartition("@")[0] if found else to.local
    address = f"{local}@{to.domain}"
    return address if parse_address(address) == to else None


def from_address(settings: Settings) -> str:
    """The From of every letter."""
    return _plain(settings.letters.from_address or settings.identity.contact)


def reply_to(settings: Settings) -> str:
    """Where an answer reaches us: never an unsubscribe address, where every mail is an opt-out."""
    mailboxes = (account.user for account in settings.imap if account.role is Role.REPLY)
    wanted = (settings.letters.reply_to, *settings.addresses.reply, *mailboxes, settings.identity.contact)
    return next((_plain(address) for address in wanted if parse_address(address)), "")


def _plain(address: str) -> str:
    """An address of ours as mail can carry it, its domain an A-label (RFC 5890)."""
    key = parse_address(address)
    return (envelope_recipient(key) if key else None) or address


def _packed(letter: SendLetter, recipient: str, desk: Desk) -> Parcel:
    settings = desk.settings
    return Parcel(
        sender=envelope_sender(letter, settings, desk.ring),
        recipient=recipient,
        message=_composed(letter, desk),
        helo=settings.smtp.hostname or _domain(from_address(settings)),
    )


def _composed(letter: SendLetter, desk: Desk) -> bytes:
    settings = desk.settings
    text = choose(desk.texts, letter.kind, letter.language, settings.identity.language, letter.tone)
    way_back = _way_back(letter, desk) if letter.kind is LetterKind.START_CONFIRM else ""
    facts = LetterFacts(
        company=settings.identity.company,
        postal_address=settings.identity.postal_address,
        contact=settings.identity.contact,
        from_address=from_address(settings),
        reply_to=reply_to(settings),
        message_id=message_id(letter, settings, desk.ring),
        date=desk.clock(),
        language=text.language,
        start_word=text.start_word,
        pause_word=text.pause_word,
        less_word=text.less_word,
        pause_days=settings.policy.pause_days,
        reply_token=_subject_token(Purpose.REPLY, letter, desk.ring, settings) if desk.ring else "",
        confirm_address=reply_to(settings) if way_back else "",
        confirm_subject=f"{text.start_word} {way_back}" if way_back else "",
    )
    return compose(letter, text.template, facts)


def message_id(letter: SendLetter, settings: Settings, ring: KeyRing | None) -> str:
    """The same at every try, so that a second copy is known as one (RFC 5322 section 3.6.4). It holds a token of ours,
    so that an answer proves by its In-Reply-To which letter it answers, with no address to be minted for it.
    """
    domain = settings.addresses.token_domain or _domain(from_address(settings))
    name = mint(ring, Purpose.REPLY, letter.token_id, domain) if ring else letter.token_id
    return f"<{name}@{domain}>"


def _way_back(letter: SendLetter, desk: Desk) -> str:
    """The one-use token of the Subject."""
    if desk.ring is None:
        raise ValueError("there is no key ring to make the way back with")
    return _subject_token(Purpose.CONFIRM, letter, desk.ring, desk.settings)


def _subject_token(purpose: Purpose, letter: SendLetter, ring: KeyRing, settings: Settings) -> str:
    """A token that stands beside no domain in a Subject: it is minted for ours, or for none when we have none."""
    return mint(ring, purpose, letter.token_id, settings.addresses.token_domain)


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _outcome(answer: Answer, attempts: int, desk: Desk) -> Outcome:
    match answer.verdict:
        case Verdict.TAKEN:
            return Done(detail=answer.said)
        case Verdict.LATER:
            return RetryAt(when=next_try(desk.clock(), attempts, desk.chance()), why=answer.said)
        case Verdict.REFUSED:
            return GaveUp(why=answer.said)
        case Verdict.UNKNOWN:
            return Unknown(why=answer.said)
        case Verdict.OURS:
            return Halt(when=desk.clock() + HALT, why=answer.said)
        case _:
            assert_never(answer.verdict)
