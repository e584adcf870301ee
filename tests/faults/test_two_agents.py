"""What automatic mail can do at worst: two agents that write to each other, and ten thousand opt-outs by nobody."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

import pytest

from agent.effects import runner, send_letter
from agent.effects.letter_files import read_letters
from agent.effects.relay import HandOver
from agent.intake import smtp
from agent.intake.smtp.sockets import bind
from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door, Purpose, RawMessage, Source
from agent.model.plan import Done, Outcome, SendLetter
from agent.model.settings import (
    Addresses,
    Identity,
    PolicySettings,
    RelaySettings,
    Settings,
    SmtpSettings,
    StoreSettings,
    TlsMode,
)
from agent.model.state import SentMail
from agent.opening import Books, open_books
from agent.process import Process
from agent.store import reads, sent
from agent.store.db import Db
from agent.trust import tokens
from agent.worker.kit import load_kit
from tests.faults.test_stop_at_every_step import InProcess
from tests.support.child_server import free_ports
from tests.support.load import Peer

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
ROUNDS = 100


@dataclass(eq=False)
class Agent:
    """One installation, driven step by step; `letters` counts what it gave to its relay."""

    name: str
    settings: Settings
    books: Books
    process: Process
    now: datetime = NOW
    letters: list[SendLetter] = field(default_factory=list)

    @property
    def person(self) -> str:
        """Its reply address: a person to the other one."""
        return f"sales@{self.name}.example"

    async def settle(self) -> None:
        """Work off what has come in, then what is to go out."""
        while await self.process.process_next():
            pass
        await runner.run_due(self.queue)

    @cached_property
    def queue(self) -> runner.Queue:
        """Its outbox, with letters that really go to its relay when it has one."""
        desk = send_letter.open_desk(self.settings, read_letters(), self.books.ring, lambda: self.now, lambda: 0.5)
        real = partial(send_letter.carry_out, desk=desk)

        async def send(letter: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
            self.letters.append(letter)
            if self.settings.relay.host:
                return await real(letter, attempts, hand_over)
            await hand_over(b"the letter")
            return Done(detail="250 taken")

        return runner.Queue(
            writer=self.books.writer, executors=runner.Executors(send_letter=send), letters=self.settings.letters,
            clock=lambda: self.now, chance=lambda: 0.5,
        )  # fmt: skip


def settings(directory: Path, name: str, *, relay_port: int = 0, policy: PolicySettings | None = None) -> Settings:
    """An installation at NAME.example."""
    return Settings(
        identity=Identity(
            company=name, postal_address="1 Road", contact=f"sales@{name}.example", domains=(f"{name}.example",)
        ),
        store=StoreSettings(directory=f"{directory}/{name}", public_directory=f"{directory}/{name}.list", free_bytes=0),
        addresses=Addresses(
            unsubscribe=(f"unsubscribe@{name}.example",), reply=(f"sales@{name}.example",),
            token_domain=f"{name}.example",
        ),
        smtp=SmtpSettings(hostname=f"mx.{name}.example"),
        relay=RelaySettings(host="127.0.0.1" if relay_port else "", port=relay_port or 25, tls=TlsMode.NONE),
        policy=policy or PolicySettings(),
    )  # fmt: skip


@asynccontextmanager
async def agent(directory: Path, name: str, **options: object) -> AsyncIterator[Agent]:
    """An open store and a spine."""
    config = settings(directory, name, **options)  # type: ignore[arg-type]  # the caller names them
    async with open_books(config) as books:
        kit = load_kit(config, books.ring)
        made: list[Agent] = []
        process = Process(
            writer=books.writer, reader=InProcess(kit), settings=config, ring=books.ring, clock=lambda: made[0].now
        )
        made.append(Agent(name, config, books, process))
        yield made[0]


def key(text: str) -> AddressKey:
    """The address, which must be one."""
    found = parse_address(text)
    assert found is not None
    return found


async def minted(one: Agent, count: int, address: str) -> list[str]:
    """So many unsubscribe addresses for one person, each of its own marketing mail."""
    ring, domain = one.books.ring, one.settings.addresses.token_domain
    ids = [tokens.token_id(number.to_bytes(8, "big")) for number in range(count)]

    def job(db: Db) -> None:
        for name in ids:
            mail = SentMail(id=name, address=key(address), list="", campaign="", minted_at=NOW, letter=False)
            sent.record(db, mail)

    await one.books.writer.run(job)
    return [f"{tokens.mint(ring, Purpose.UNSUBSCRIBE, name, domain)}@{domain}" for name in ids]


# hazard A23
# hazard D9
async def test_two_agents_write_at_most_one_letter_to_each_other(tmp_path: Path) -> None:
    ports = free_ports(2)
    async with (
        agent(tmp_path, "east", relay_port=ports[1]) as east,
        agent(tmp_path, "west", relay_port=ports[0]) as west,
        asyncio.TaskGroup() as doors,
    ):
        open_doors: list[asyncio.Task[None]] = []
        for one, port in ((east, ports[0]), (west, ports[1])):
            ready: asyncio.Future[smtp.Listener] = asyncio.get_running_loop().create_future()
            door = smtp.run(
                one.settings, one.process, one.books.ring, sockets=(bind(f"127.0.0.1:{port}"),), now=lambda: NOW,
                ready=ready.set_result,
            )  # fmt: skip
            open_doors.append(doors.create_task(door))
            await ready
        ways = {east: await minted(east, ROUNDS, west.person), west: await minted(west, ROUNDS, east.person)}
        for number in range(ROUNDS):
            # each time a person's mail from one asks the other to stop; whatever they answer, the other one reads
            for one, other, port in ((east, west, ports[0]), (west, east, ports[1])):
                async with Peer(port) as peer:
                    await _opt_out(peer, other.person, ways[one][number], number)
            for one in (east, west, east):
                await one.settle()
        for opened in open_doors:
            opened.cancel()
        for one in (east, west):
            assert (await one.books.writer.run(reads.counts)).inbox == {"done": ROUNDS + 1}, "each read the other's"
    for one in (east, west):
        assert len(one.letters) == 1, "one confirmation of the first opt-out; nothing after it, nothing on the answer"


async def _opt_out(peer: Peer, sender: str, to: str, number: int) -> None:
    await peer.say(f"MAIL FROM:<{sender}>", "250")
    await peer.say(f"RCPT TO:<{to}>", "250")
    await peer.say("DATA", "354")
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: unsubscribe\r\nMessage-ID: <{number}@{sender}>\r\n"
    raw = f"{head}\r\nSTOP {number}\r\n"
    await peer.say(f"{raw}.", "250")


FLOODS = {
    "at once": (timedelta(0), PolicySettings(breaker_per_minute=60)),
    "in a day": (timedelta(milliseconds=1600), PolicySettings(breaker_per_minute=60)),  # below the breaker
}


# hazard D10
@pytest.mark.parametrize("pace", FLOODS)
@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_forged_opt_outs_are_all_obeyed_and_hardly_answered(count: int, pace: str, tmp_path: Path) -> None:
    step, policy = FLOODS[pace]
    people = [f"p{number}@{'known' if number % 2 else 'stranger'}{number % 50}.example" for number in range(count)]
    sent_at: list[datetime] = []
    async with agent(tmp_path, "shop", policy=policy) as shop:
        await shop.books.writer.run(lambda db: _known(db, people[1::2]))
        for start in range(0, count, 64):
            batch = people[start : start + 64]
            await asyncio.gather(*(shop.process.accept(_forged(shop, address)) for address in batch))
            before = len(shop.letters)
            await shop.settle()
            sent_at += [shop.now] * (len(shop.letters) - before)
            shop.now += step * len(batch)
        listed = await shop.books.writer.run(lambda db: {str(s.key) for s in reads.suppressed(db, shop.now)})
        waiting = (await shop.books.writer.run(reads.counts)).outbox
    assert listed == set(people), "every one is honoured"
    limits = shop.settings.letters
    assert all(letter.to.domain.startswith("known") for letter in shop.letters), "no stranger is ever written to"
    assert Counter(letter.to for letter in shop.letters).most_common(1)[0][1] == 1
    for begin in sent_at:
        within = [at for at in sent_at if begin <= at < begin + timedelta(hours=1)]
        assert len(within) <= limits.per_hour
    assert len(sent_at) > 0
    assert pace == "at once" or waiting.get("waiting", 0) > 0 or count < limits.per_hour, "the rest waits"


def _known(db: Db, people: list[str]) -> None:
    """These had a marketing mail of ours."""
    for number, address in enumerate(people):
        name = tokens.token_id(number.to_bytes(8, "big"))
        sent.record(db, SentMail(id=name, address=key(address), list="", campaign="", minted_at=NOW, letter=False))


def _forged(shop: Agent, sender: str) -> RawMessage:
    raw = (
        f"From: {sender}\r\nTo: unsubscribe@shop.example\r\nSubject: unsubscribe\r\n"
        f"Message-ID: <forged.{sender}>\r\n\r\nSTOP\r\n"
    )
    return RawMessage(
        source=Source(door=Door.SMTP, reference=f"smtp:{sender}"), envelope_from=sender,
        envelope_to=("unsubscribe@shop.example",), peer="192.0.2.66", raw=raw.encode(), received_at=shop.now,
    )  # fmt: skip
