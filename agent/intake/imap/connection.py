"""One IMAP connection: opened safely, every command within a deadline, dropped after whatever goes wrong first."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address

from aioimaplib.aioimaplib import AUTH, SELECTED

from agent.intake.imap.folders import Response, wire
from agent.intake.imap.protocol import Ask, Idle, Protocol
from agent.intake.imap.trouble import ImapTrouble, Mistake, Worry, said
from agent.model.settings import ImapAccount, TlsMode

_UIDVALIDITY = re.compile(rb"OK \[UIDVALIDITY (\d{1,10})\]", re.I)
_PERMANENT = re.compile(rb"OK \[PERMANENTFLAGS \(([^)]*)\)\]", re.I)
KEEPALIVE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The deadlines of one connection, in seconds."""

    connect: float = 30.0
    command: float = 60.0
    fetch: float = 300.0  # one batch of bodies over a thin line
    idle: float = 540.0  # below ten minutes: routers forget quieter connections, servers end them at 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said to one command."""

    ok: bool
    text: str
    responses: tuple[Response, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """A folder that is open; UIDs mean something only together with `uidvalidity`."""

    name: str
    uidvalidity: int
    keywords: bool  # the server keeps flags it does not know


class Connection:
    """One command at a time. After a timeout, a cancellation or a lost line it is aborted and of no further use."""

    def __init__(self, protocol: Protocol, timing: Timing) -> None:
        self._protocol = protocol
        self._timing = timing
        self._turn = asyncio.Lock()  # two may want to ask: who fetches, and who settles what was fetched before
        self.capabilities: frozenset[str] = frozenset()

    def has(self, capability: str) -> bool:
        """Whether the server offers it."""
        return capability in self.capabilities

    @property
    def news(self) -> asyncio.Event:
        """Set when the server announced mail since it was last cleared."""
        return self._protocol.news

    async def ask(self, name: str, *args: str, uid: bool = False, seconds: float | None = None) -> Answer:
        """One command and its whole answer; NO and BAD are answers too."""
        async with self._turn, self._deadline(seconds or self._timing.command, name):
            command = Ask(name, self._protocol.new_tag(), *args, prefix="UID" if uid else None)
            self._protocol.start(command)
            await command.wait()
        result, lines = command.response
        return Answer(ok=result == "OK", text=said(lines[-1]), responses=tuple(command.responses))

    async def demand(self, name: str, *args: str, uid: bool = False, seconds: float | None = None) -> Answer:
        """Like `ask`, where anything but OK is trouble."""
        answer = await self.ask(name, *args, uid=uid, seconds=seconds)
        if not answer.ok:
            raise ImapTrouble(f"{name} was refused: {answer.text}")
        return answer

    async def fetch(self, uids: str, items: str) -> Answer:
        """UID FETCH, with the longer deadline of bodies."""
        return await self.demand("FETCH", uids, f"(UID {items})", uid=True, seconds=self._timing.fetch)

    async def learn_capabilities(self) -> None:
        """Ask what the server can do: once before, once after login."""
        answer = await self.demand("CAPABILITY")
        words = [part[0].decode("ascii", "replace").upper().split() for part in answer.responses]
        self.capabilities = frozenset(word for line in words if line[:1] == ["CAPABILITY"] for word in line[1:])

    def logged_in(self) -> None:
        """The server took the password."""
        self._protocol.state = AUTH

    async def select(self, name: str) -> Selected:
        """Open a folder; aioimaplib would not notice a NO here."""
        answer = await self.ask("SELECT", wire(name))
        if not answer.ok:
            raise Mistake(Worry.FOLDER, f"the folder {name!r} cannot be opened: {answer.text}")
        self._protocol.state = SELECTED
        lines = [response[0] for response in answer.responses]
        validity = next((int(m[1]) for line in lines if (m := _UIDVALIDITY.match(line))), None)
        if validity is None:
            raise Mistake(Worry.FOLDER, f"the server gives the folder {name!r} no UIDVALIDITY")
        permanent = next((m[1] for line in lines if (m := _PERMANENT.match(line))), b"")
        return Selected(name=name, uidvalidity=validity, keywords=b"\\*" in permanent)

    async def idle(self, seconds: float) -> None:
        """Wait until the server announces mail, at most so long (RFC 2177)."""
        command = Idle(self._protocol.new_tag(), self.news)
        async with self._deadline(self._timing.command, "IDLE"):
            self._protocol.start(command)
            await command.ready.wait()
        await self.rest(seconds)
        async with self._deadline(self._timing.command, "DONE"):
            if not command.ended:
                self._protocol.send("DONE")
            await command.wait()
        if command.response.result != "OK":
            raise ImapTrouble(f"IDLE was refused: {said(command.response.lines[-1])}")

    async def rest(self, seconds: float) -> None:
        """Send nothing for so long, or until there is news."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.news.wait()
        except asyncio.CancelledError:
            self.drop()
            raise

    async def greet(self) -> None:
        """Wait for the server's first line."""
        async with self._deadline(self._timing.connect, "greeting"):
            await self._protocol.greeted.wait()
        if self._protocol.failure is not None:
            raise self._protocol.failure

    def drop(self) -> None:
        """Cut the line without another word."""
        self._protocol.give_up(ImapTrouble("the connection was dropped"))

    async def close(self) -> None:
        """Cut the line and wait until the socket is gone."""
        self.drop()
        await self._protocol.closed.wait()

    @asynccontextmanager
    async def _deadline(self, seconds: float, what: str) -> AsyncIterator[None]:
        """A command that was abandoned still runs at the server, and its answer would be taken for the next one's."""
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError:
            self.drop()
            raise ImapTrouble(f"the server did not answer {what} in time") from None
        except BaseException:
            self.drop()
            raise


async def connect(account: ImapAccount, timing: Timing) -> Connection:
    """Open a connection: TLS with a verified certificate, or none on loopback; nothing else, and never a downgrade."""
    if account.tls is TlsMode.STARTTLS:
        raise Mistake(Worry.UNSAFE, 'STARTTLS can be stripped on the way: set tls = "implicit", port 993')
    loop = asyncio.get_running_loop()
    context = tls_context(account.ca_file) if account.tls is TlsMode.IMPLICIT else None
    try:
        async with asyncio.timeout(timing.connect):
            transport, protocol = await loop.create_connection(
                lambda: Protocol(loop), account.host, account.port, ssl=context
            )
    except ssl.SSLCertVerificationError as error:
        raise Mistake(
            Worry.TLS, f"the certificate of {account.host} is not to be trusted: {error.verify_message}"
        ) from None
    except UnicodeError:
        raise Mistake(Worry.HOST, f"{account.host!r} is no host name") from None
    connection = Connection(protocol, timing)
    try:
        _check_peer(transport, encrypted=context is not None)
        await connection.greet()
        await connection.learn_capabilities()
    except BaseException:
        await connection.close()
        raise
    return connection


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The system's trust anchors and, beside them, our own file."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise Mistake(Worry.TLS, f"ca_file {ca_file} cannot be used: {error}") from None
    return context


def _check_peer(transport: asyncio.Transport, *, encrypted: bool) -> None:
    peer = transport.get_extra_info("peername")
    if not encrypted and not (peer and ip_address(peer[0].partition("%")[0]).is_loopback):
        raise Mistake(Worry.UNSAFE, "without TLS only a server on this machine is spoken to")
    line = transport.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_SECONDS)
