"""Sends the digest and the alerts: at most one a day, and one a day for each cause. What fails is tried again later.

Law: a mail that the relay may have taken counts as sent, so a silent relay costs one mail and never brings two.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from agent.config import Loaded, with_passwords
from agent.digest import mail
from agent.digest.facts import DAY, closed, collect, urgent
from agent.digest.words import words
from agent.doctor.patient import opened
from agent.effects.relay import Answer, Parcel, Verdict, deliver, tls_context
from agent.effects.retry import HALT
from agent.effects.send_letter import NULL_SENDER, envelope_recipient, from_address
from agent.effects.sign import open_signer
from agent.intake.troubles import Shut
from agent.model.address import parse_address
from agent.model.settings import Settings
from agent.obs.log import event
from agent.store import told
from agent.store.errors import StoreError
from agent.store.writer import Writer

LOOK_SECONDS = 300.0
DIGEST = "digest"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail that is ready, and what is remembered once it is out. An empty one only moves the day on."""

    what: str
    at: datetime
    message: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the digest is made and sent with."""

    loaded: Loaded
    writer: Writer
    now: Callable[[], datetime]
    send: Callable[[Settings, bytes], Awaitable[Answer]]
    shut: Callable[[], tuple[Shut, ...]] = tuple  # the mailboxes that cannot be read
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.loaded.settings


async def run(desk: Desk) -> None:
    """Look again and again until cancelled; without `digest.to` or a relay there is nothing to do."""
    while desk.settings.digest.to and desk.settings.relay.host:
        try:
            await look(desk)
        except (StoreError, OSError, ValueError) as error:  # ValueError: what cannot be put into an envelope
            event(_log, "digest_delayed", level=logging.WARNING, why=str(error))
        await desk.sleep(LOOK_SECONDS)


async def look(desk: Desk) -> None:
    """Send what is due now."""
    for letter in await asyncio.to_thread(due, desk.loaded, desk.shut(), desk.now()):
        if letter.message:
            answer = await desk.send(with_passwords(desk.settings, desk.loaded.secrets), letter.message)
            if answer.verdict not in (Verdict.TAKEN, Verdict.UNKNOWN):
                event(_log, "digest_delayed", level=logging.WARNING, what=letter.what, why=answer.said)
                if answer.verdict is Verdict.OURS:  # providers lock an account that keeps failing to log in
                    await desk.sleep(HALT.total_seconds())
                    return
                continue
            event(_log, "digest_sent", what=letter.what, said=answer.said)
        await desk.writer.run(partial(told.remember, what=letter.what, at=letter.at))


def due(loaded: Loaded, shut: tuple[Shut, ...], now: datetime) -> tuple[Letter, ...]:
    """The alerts that were not sent today, and the digest when its day is over; the first look only begins the day."""
    settings = loaded.settings
    said, sender, to = words(settings.identity.language), from_address(settings), settings.digest.to
    with opened(loaded, lambda: now) as patient:
        if (db := patient.db) is None:
            return ()
        letters: list[Letter] = []
        bad = (*urgent(patient, db, said, now), *closed(shut, now))
        for about in dict.fromkeys(one.about for one in bad):
            what = f"alert:{about}"
            if (before := told.last(db, what)) is None or before <= now - DAY:
                found = tuple(one for one in bad if one.about == about)
                message = mail.alert(found, said, sender=sender, to=to, name=_name(what, now), now=now)
                letters.append(Letter(what=what, at=now, message=message))
        since = told.last(db, DIGEST)
        if since is None:
            return (*letters, Letter(what=DIGEST, at=now))
        if since > now - DAY:
            return tuple(letters)
        facts = collect(patient, db, since, now)
        name = _name(DIGEST, now)
        message = mail.digest(facts, said, sender=sender, to=to, name=name) if facts.worth_telling else b""
        return (*letters, Letter(what=DIGEST, at=now, message=message))


async def post(settings: Settings, message: bytes) -> Answer:
    """Through the relay of the letters, signed as they are."""
    sender = settings.letters.envelope_from or settings.relay.user
    key = parse_address(settings.digest.to)
    recipient = envelope_recipient(key) if key else None
    if recipient is None:
        raise ValueError("digest.to is not an address that mail can be sent to")
    own_domain = from_address(settings).rpartition("@")[2]
    if signer := open_signer(settings.letters, own_domain):
        message = await signer.signed(message)
    parcel = Parcel(
        sender=sender if parse_address(sender) else NULL_SENDER,
        recipient=recipient,
        message=message,
        helo=settings.smtp.hostname or own_domain,
    )
    return await deliver(settings.relay, tls_context(settings.relay), parcel, _nothing_to_note)


async def _nothing_to_note() -> None:
    """It may be sent again after a crash: it is to ourselves."""


def _name(what: str, now: datetime) -> str:
    plain = "".join(character if character.isalnum() else "-" for character in what if character.isascii())
    return f"{plain}-{now:%Y%m%dT%H%M%S}"
