"""A company with a buyer, whole but for the network's far ends: the store, the spine, the reading, the policy, and the
letters as they leave.
"""

import email
import email.policy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import parse_qs, unquote, urlsplit

from agent.effects.letter_files import read_letters
from agent.effects.relay import HandOver
from agent.effects.runner import Executors, Queue, run_due
from agent.effects.send_letter import carry_out, open_desk
from agent.model.address import AddressKey, parse_address
from agent.model.dkim import KeyAnswer
from agent.model.mail import Door, Purpose, RawMessage, Role, Source
from agent.model.plan import Outcome, SendLetter
from agent.model.reading import Reading
from agent.model.settings import Settings
from agent.model.state import AddressState, SentMail, State
from agent.process import Process
from agent.store import address_state, sent
from agent.store.writer import Writer
from agent.trust.tokens import KeyRing, mint
from agent.worker.read import ReadingKit, read
from tests.support.fake_relay import FakeRelay

START = datetime(2026, 11, 2, 12, tzinfo=UTC)
RING = KeyRing(keys=(("a", b"0" * 32),))
ANA = "Ana@buyer.example"
TOKEN_ID = "b" * 13


def key(text: str) -> AddressKey:
    found = parse_address(text)
    assert found is not None
    return found


@dataclass(frozen=True)
class InProcess:
    """The reader without its process."""

    kit: ReadingKit

    async def read(self, message: RawMessage, keys: tuple[KeyAnswer, ...] = ()) -> Reading:
        return read(message, self.kit, keys)


@dataclass
class World:
    """A company, its buyer Ana, and a clock that is set by hand."""

    writer: Writer
    settings: Settings
    relay: FakeRelay
    kit: ReadingKit
    now: datetime = START
    sent: list[EmailMessage] = field(default_factory=list)
    mails: int = 0

    def __post_init__(self) -> None:
        kit = replace(self.kit, settings=self.settings)
        self.process = Process(
            writer=self.writer, reader=InProcess(kit), settings=self.settings, ring=RING, clock=self.clock
        )
        self.desk = open_desk(self.settings, read_letters(), RING, self.clock, lambda: 0.0)

    def clock(self) -> datetime:
        return self.now

    async def write(
        self, to: str, body: str = "", *, subject: str = "hello", sender: str = ANA, answers: str = "", extra: str = ""
    ) -> list[EmailMessage]:
        """A mail of Ana's, worked through; the letters that left because of it."""
        self.mails += 1
        head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{self.mails}@buyer.example>\r\n"
        head += f"Date: {format_datetime(self.now)}\r\nContent-Type: text/plain; charset=utf-8\r\n{extra}"
        head += f"In-Reply-To: {answers}\r\nReferences: {answers}\r\n" if answers else ""
        message = RawMessage(
            source=Source(door=Door.SMTP, reference=str(self.mails)), envelope_from=sender, envelope_to=(to,),
            peer="192.0.2.1", raw=f"{head}\r\n{body}\r\n".encode(), received_at=self.now, role=Role.REPLY,
        )  # fmt: skip
        await self.process.accept(message)
        while await self.process.process_next():
            pass
        return await self.letters()

    async def letters(self) -> list[EmailMessage]:
        async def sends(wanted: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
            return await carry_out(wanted, attempts, hand_over, self.desk)

        executors = Executors(send_letter=sends)
        queue = Queue(
            writer=self.writer, executors=executors, letters=self.settings.letters, clock=self.clock, chance=lambda: 0.0
        )
        before = len(self.relay.mails)
        await run_due(queue)
        return [email.message_from_bytes(m.content, policy=email.policy.default) for m in self.relay.mails[before:]]

    async def ana(self) -> AddressState:
        return await self.writer.run(lambda db: address_state.load(db, key(ANA)))

    async def states(self) -> set[State]:
        return {standing.state for standing in (await self.ana()).standings if standing.holds(self.now)}

    async def was_mailed(self) -> None:
        """A newsletter with a token went to Ana yesterday."""
        mail = SentMail(
            id=TOKEN_ID,
            address=key(ANA),
            list="news",
            campaign="",
            minted_at=self.now - timedelta(days=1),
            letter=False,
        )
        await self.writer.run(lambda db: sent.record(db, mail))

    async def opts_out(self) -> EmailMessage:
        """By the token address of a newsletter, or to the plain one; the confirmation."""
        await self.was_mailed()
        domain = self.settings.addresses.token_domain
        to = f"{mint(RING, Purpose.UNSUBSCRIBE, TOKEN_ID, domain)}@{domain}" if domain else "leave@shop.example"
        (letter,) = await self.write(to)
        assert State.OPT_OUT in await self.states()
        return letter

    async def starts(self, letter: EmailMessage, body: str = "START") -> EmailMessage:
        """Ana answers START; the letter that asks her to confirm."""
        (asking,) = await self.write("sales@shop.example", body, answers=letter["Message-ID"])
        assert State.OPT_OUT in await self.states()
        return asking

    async def confirms(self, asking: EmailMessage, extra: str = "", sender: str = ANA) -> list[EmailMessage]:
        to, subject = link_of(asking)
        return await self.write(to, subject=subject, extra=extra, sender=sender)


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link_of(letter: EmailMessage) -> tuple[str, str]:
    """The address and the Subject of the mail that the link of a letter prepares."""
    (line,) = [line for line in text_of(letter).splitlines() if line.startswith("mailto:")]
    link = urlsplit(line)
    return unquote(link.path), parse_qs(link.query)["subject"][0]


def touched(letter: EmailMessage, word: str) -> tuple[str, str]:
    """The same for a word of the page."""
    (href,) = [
        piece.partition('"')[0]
        for piece in text_of(letter, "html").split('href="')[1:]
        if f"subject={word}%20" in piece.partition('"')[0]
    ]
    link = urlsplit(href)
    return unquote(link.path), parse_qs(link.query)["subject"][0]
