"""Mail that comes in bulk: people who were sent marketing mail, what they send back, and an SMTP client that counts."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from enum import Enum
from types import TracebackType

from agent.model.address import parse_address
from agent.model.mail import Purpose
from agent.model.settings import Settings
from agent.model.state import SentMail
from agent.obs.clock import utc_now
from agent.store import sent
from agent.store.db import open_db
from agent.store.key_file import load_ring
from agent.trust import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who was sent a marketing mail, and that mail's token addresses."""

    address: str
    unsubscribe: str
    bounce: str


class What(Enum):
    """What comes back from a person."""

    TOKEN = "token"
    PLAIN = "plain"  # to the unsubscribe address, without a token
    WORD = "word"  # a reply that says stop
    BOUNCE = "bounce"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail as it is sent: always the same bytes, however often."""

    person: Person
    what: What
    envelope_from: str
    to: str
    raw: bytes


REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@mx.{domain}>
To: <{to}>
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: <{what}.{number}@mx.{domain}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_r"

--=_r
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--=_r
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.{domain}

Final-Recipient: rfc822; {person}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <{person}>: Recipient address rejected: User unknown

--=_r--
"""
LETTER = """\
From: {person}
To: {to}
Subject: {subject}
Date: {date}
Message-ID: <{what}.{number}@{domain}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{text}
"""
SUBJECT_AND_TEXT = {
    What.TOKEN: ("unsubscribe", "This message was automatically generated."),
    What.PLAIN: ("unsubscribe", "Please take me off."),
    What.WORD: ("Re: Nets for the new season", "STOP"),
}


def mint_people(
    settings: Settings, count: int, address: str = "buyer{number}@garden{number}.example"
) -> tuple[Person, ...]:
    """So many people, each at a domain of their own, entered into the send log."""
    db = open_db(settings.store)
    try:
        ring, domain = load_ring(settings, db), settings.addresses.token_domain
        people: list[Person] = []
        with db.transaction():
            for number in range(count):
                key = parse_address(address.format(number=number))
                assert key is not None
                name = tokens.token_id(secrets.token_bytes(8))
                mail = SentMail(id=name, address=key, list="", campaign="", minted_at=utc_now(), letter=False)
                sent.record(db, mail)
                leave, back = (
                    f"{tokens.mint(ring, p, name, domain)}@{domain}" for p in (Purpose.UNSUBSCRIBE, Purpose.BOUNCE)
                )
                people.append(Person(address=str(key), unsubscribe=leave, bounce=back))
    finally:
        db.close()
    return tuple(people)


def write(person: Person, what: What, settings: Settings) -> Mail:
    """What this person, or the server that does not know him, sends back."""
    number, _, domain = person.address.removeprefix("buyer").partition("@")
    to = {
        What.TOKEN: person.unsubscribe,
        What.PLAIN: settings.addresses.unsubscribe[0],
        What.WORD: settings.addresses.reply[0],
        What.BOUNCE: person.bounce,
    }[what]
    subject, text = SUBJECT_AND_TEXT.get(what, ("", ""))
    mail = (REPORT if what is What.BOUNCE else LETTER).format(
        person=person.address, to=to, subject=subject, text=text, date=format_datetime(utc_now()), what=what.value,
        number=number, domain=domain,
    )  # fmt: skip
    sender = "" if what is What.BOUNCE else person.address
    return Mail(person=person, what=what, envelope_from=sender, to=to, raw=mail.replace("\n", "\r\n").encode())


class Peer:
    """One SMTP connection that sends mail after mail; OSError or EOFError when the other side is no more."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Peer":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self.hear("220")
        await self.say("EHLO peer.example", "250")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.writer.close()

    async def send(self, mail: Mail, dotted: Callable[[], object] = lambda: None) -> str:
        """The reply to the final dot; `dotted` is called when that dot is out."""
        await self.begin(mail)
        self.writer.write(mail.raw + b".\r\n")
        await self.writer.drain()
        dotted()
        return await self.hear("")

    async def begin(self, mail: Mail) -> None:
        """Up to the point where the mail itself is wanted."""
        await self.say(f"MAIL FROM:<{mail.envelope_from}>", "250")
        await self.say(f"RCPT TO:<{mail.to}>", "250")
        await self.say("DATA", "354")

    async def say(self, command: str, wanted: str) -> str:
        """One command and its reply."""
        self.writer.write(command.encode() + b"\r\n")
        return await self.hear(wanted)

    async def hear(self, wanted: str) -> str:
        """The last line of a reply, which has to begin so."""
        while True:
            line = (await self.reader.readline()).decode("ascii")
            if not line.endswith("\r\n"):
                raise EOFError("the line was cut")
            assert line.startswith(wanted), line
            if line[3:4] == " ":
                return line.rstrip()
