"""A door on a free loopback port, a sink that remembers, and a peer that speaks line by line."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from socket import socket

from agent.intake.smtp import Listener, run
from agent.model.mail import Purpose, RawMessage
from agent.model.settings import Addresses, Identity, Limits, Settings, SmtpSettings
from agent.store.ledger import MailboxPlace
from agent.trust.tokens import KeyRing, mint, token_id

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PATIENCE = 30  # seconds; never a measure, only an end for a test that hangs
RING = KeyRing(keys=(("1", b"k" * 32),))
TOKENS = "t.example.com"
ENOUGH = 10**12

SETTINGS = Settings(
    identity=Identity(company="Example", postal_address="1 Way", contact="me@example.com", domains=("example.com",)),
    addresses=Addresses(
        unsubscribe=("leave@example.com",),
        bounce=("bounces@example.com",),
        reply=("sales@example.com",),
        complaint=("fbl@example.com",),
        token_domain=TOKENS,
    ),
    smtp=SmtpSettings(listen=("127.0.0.1:0",), hostname="mx.example.com"),
    limits=Limits(message_bytes=1_000_000),
)


def settings(*, message_bytes: int = 1_000_000, busy_seconds: int = 30, **smtp: object) -> Settings:
    """The settings of the tests with some limits changed."""
    return replace(
        SETTINGS,
        smtp=replace(SETTINGS.smtp, **smtp),  # type: ignore[arg-type]  # names and values come from the tests
        limits=replace(SETTINGS.limits, message_bytes=message_bytes),
        store=replace(SETTINGS.store, busy_seconds=busy_seconds),
    )


def token(purpose: Purpose, number: int = 1) -> str:
    """A minted address of ours."""
    return f"{mint(RING, purpose, token_id(number.to_bytes(8, 'big')), TOKENS)}@{TOKENS}"


@dataclass
class FakeSink:
    """Keeps what it is given; fails or waits when told to."""

    messages: list[RawMessage] = field(default_factory=list)
    error: BaseException | None = None
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    arrivals: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.go_on.set()

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one message."""
        assert place is None
        self.arrivals.put_nowait(None)
        await self.go_on.wait()
        if self.error:
            raise self.error
        self.messages.append(message)
        self.stored.set()
        return len(self.messages)


class Peer:
    """The other side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def line(self) -> str:
        """One line of the door; empty when it closed."""
        async with asyncio.timeout(PATIENCE):
            return (await self.reader.readline()).decode("ascii").rstrip("\r\n")

    async def reply(self) -> str:
        """The last line of one reply."""
        while True:
            line = await self.line()
            if line[3:4] != "-":
                return line

    async def say(self, line: str) -> str:
        """Send a command, return the reply."""
        await self.send(line.encode() + b"\r\n")
        return await self.reply()

    async def send(self, octets: bytes) -> None:
        """Send as it is."""
        self.writer.write(octets)
        async with asyncio.timeout(PATIENCE):
            await self.writer.drain()

    async def rest(self) -> bytes:
        """All that comes until the door closes, by FIN or by reset."""
        found = b""
        try:
            async with asyncio.timeout(PATIENCE):
                while octets := await self.reader.read(65_536):
                    found += octets
        except ConnectionError:
            pass
        return found

    async def begin(self, sender: str = "a@remote.test", *recipients: str) -> str:
        """From EHLO up to 354."""
        assert (await self.say("EHLO remote.test")).startswith("250")
        return await self.mail(sender, *recipients)

    async def mail(self, sender: str = "a@remote.test", *recipients: str) -> str:
        """From MAIL up to 354."""
        assert (await self.say(f"MAIL FROM:<{sender}>")).startswith("250")
        for recipient in recipients or ("leave@example.com",):
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250"), recipient
        return await self.say("DATA")

    async def data(self, content: bytes = b"Subject: stop\r\n\r\nPlease.\r\n") -> str:
        """The mail and its end, return the reply."""
        await self.send(content + b".\r\n")
        return await self.reply()

    async def starttls(self, context: ssl.SSLContext) -> None:
        """Go over to TLS."""
        assert (await self.say("STARTTLS")).startswith("220")
        async with asyncio.timeout(PATIENCE):
            await self.writer.start_tls(context)


@dataclass
class Door:
    """What a test needs of a running door."""

    listener: Listener
    sink: FakeSink
    task: "asyncio.Task[None]"

    @asynccontextmanager
    async def silent_peer(self, source: str = "127.0.0.1") -> AsyncIterator[Peer]:
        """A connected peer that has not read the greeting."""
        host, port = self.listener.addresses[0]
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
        try:
            yield Peer(reader, writer)
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def peer(self, source: str = "127.0.0.1") -> AsyncIterator[Peer]:
        """A connected peer that was greeted."""
        async with self.silent_peer(source) as peer:
            assert (await peer.reply()).startswith("220 mx.example.com ESMTP")
            yield peer

    async def deserted(self) -> None:
        """Wait until nobody is inside."""
        async with asyncio.timeout(PATIENCE):
            await self.listener._empty.wait()


@asynccontextmanager
async def door(
    config: Settings = SETTINGS,
    sink: FakeSink | None = None,
    *,
    sockets: tuple[socket, ...] = (),
    free_bytes: Callable[[], int] = lambda: ENOUGH,
) -> AsyncIterator[Door]:
    """A running door; it is stopped as the daemon stops it, and then nobody may be left inside."""
    sink = sink or FakeSink()
    ready: asyncio.Future[Listener] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(
            run(config, sink, RING, sockets=sockets, ready=ready.set_result, free_bytes=free_bytes, now=lambda: NOW)
        )
        async with asyncio.timeout(PATIENCE):
            opened = Door(await ready, sink, task)
        try:
            yield opened
        finally:
            task.cancel()
    assert opened.listener.sessions == 0
