"""The listening side: takes connections within the limits, and stops in the order in which no mail is lost."""

import asyncio
import logging
import shutil
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING

from agent.intake.smtp.connection import STOPPING
from agent.intake.smtp.delivery import Delivery, log
from agent.intake.smtp.hooks import Terms
from agent.intake.smtp.limits import Crowd, Memory, host_of, network_of
from agent.intake.smtp.recipients import directory
from agent.intake.smtp.session import Desk, Session
from agent.intake.smtp.sockets import ListenError, bind_all
from agent.intake.smtp.tls import SOON, expires, load
from agent.model.settings import Settings
from agent.obs.clock import utc_now
from agent.obs.log import event
from agent.trust.tokens import KeyRing

if TYPE_CHECKING:
    from agent.process import Sink

BACKLOG = 128
LOOK_SECONDS = 0.2
MAILS_IN_MEMORY = 8  # full-sized ones
CROWDED = "421 4.3.2 Too many connections, try again later"

# aiosmtpd writes every command, with its addresses, at INFO, and every line of a mail at DEBUG.
logging.getLogger("mail.log").setLevel(logging.WARNING)


async def run(
    settings: Settings,
    sink: "Sink",
    ring: KeyRing | None = None,
    *,
    sockets: tuple[socket.socket, ...] = (),
    ready: Callable[["Listener"], object] = lambda _: None,
    free_bytes: Callable[[], int] | None = None,
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Serve SMTP until cancelled; `ready` is told the listener as soon as it takes connections.

    `sockets` are those the service manager passed; entries of smtp.listen with the same port are not bound again.
    Raises ListenError before anything is served. After a cancel nobody new comes in, running mails may finish for
    drain_seconds, the others are told 421.
    """
    listener = Listener(settings, ring, free_bytes=free_bytes, now=now)
    taken = bind_all(settings.smtp.listen, sockets)
    async with asyncio.TaskGroup() as tasks:
        busy_seconds = settings.store.busy_seconds
        await listener.serve(taken, Delivery(sink, tasks, busy_seconds=busy_seconds, now=now), ready)


class Listener:
    """The open door: where it listens, and who is inside."""

    def __init__(
        self,
        settings: Settings,
        ring: KeyRing | None,
        *,
        free_bytes: Callable[[], int] | None,
        now: Callable[[], datetime],
    ) -> None:
        self.addresses: tuple[tuple[str, int], ...] = ()
        self._settings = settings
        self._terms = Terms(
            judge=directory(settings, ring).judge,
            free_bytes=free_bytes or FreeSpace(settings.store.directory),
            needed_bytes=max(settings.limits.message_bytes * 3 // 2, settings.store.free_bytes),
        )
        self._crowd = Crowd(total=settings.smtp.connections, per_network=settings.smtp.connections_per_network)
        self._sessions: set[Session] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._stopping = False
        self._crowded = False
        self._now = now
        self._tls = self._first_context()

    @property
    def sessions(self) -> int:
        """How many peers are inside."""
        return len(self._sessions)

    def reload(self) -> None:
        """Read the certificate again, for the sessions that begin from now on; a bad one changes nothing."""
        try:
            self._tls = self._context()
        except OSError as error:
            event(log, "certificate_unreadable", level=logging.ERROR, error=error)
        else:
            event(log, "certificate_loaded", file=self._settings.smtp.tls_cert)

    async def serve(
        self, taken: tuple[socket.socket, ...], delivery: Delivery, ready: Callable[["Listener"], object]
    ) -> None:
        """Serve at these sockets until cancelled."""
        desk = self._desk(delivery)
        loop = asyncio.get_running_loop()
        servers = [await loop.create_server(lambda: Gate(self, desk), sock=one, backlog=BACKLOG) for one in taken]
        self.addresses = tuple(one.getsockname()[:2] for one in taken)
        try:
            ready(self)
            await asyncio.Event().wait()
        finally:
            self._stopping = True
            await _shut(servers, taken)
            await self._drain()

    def admit(self, transport: asyncio.Transport, desk: Desk) -> Session | str:
        """A session for this peer, or what he is told instead."""
        network = network_of(host_of(transport.get_extra_info("peername")))
        if self._stopping:
            return STOPPING
        if not self._crowd.enter(network):
            self._say_crowded(network)
            return CROWDED
        self._crowded = False

        def left() -> None:
            self._crowd.leave(network)
            self._sessions.discard(session)
            if not self._sessions:
                self._empty.set()

        session = Session(desk, self._tls, left)
        self._sessions.add(session)
        self._empty.clear()
        return session

    def _say_crowded(self, network: str) -> None:
        """Once, and not for each of a thousand."""
        if not self._crowded:
            event(log, "crowded", level=logging.WARNING, network=network, inside=len(self._crowd))
        self._crowded = True

    async def _drain(self) -> None:
        for session in tuple(self._sessions):
            session.stop()
        try:
            # Not asyncio.timeout: in a task that was cancelled, Python 3.11.2 (Debian 12) never lets it time out.
            await asyncio.wait_for(self._empty.wait(), self._settings.smtp.drain_seconds)
        except TimeoutError:
            for session in tuple(self._sessions):
                session.cut(STOPPING)
            await self._empty.wait()

    def _context(self) -> ssl.SSLContext | None:
        context = load(self._settings.smtp)
        if context:
            end = expires(self._settings.smtp.tls_cert)
            if end - self._now() < SOON:
                event(log, "certificate_expires", level=logging.WARNING, file=self._settings.smtp.tls_cert, end=end)
        return context

    def _first_context(self) -> ssl.SSLContext | None:
        try:
            return self._context()
        except OSError as error:
            name = self._settings.smtp.tls_cert
            raise ListenError(f"smtp.tls_cert, smtp.tls_key: {name} cannot be used: {error}") from error

    def _desk(self, delivery: Delivery) -> Desk:
        limits = self._settings.limits
        return Desk(
            settings=self._settings.smtp,
            message_bytes=limits.message_bytes,
            hostname=self._settings.smtp.hostname or socket.getfqdn(),
            terms=self._terms,
            delivery=delivery,
            memory=Memory(MAILS_IN_MEMORY * limits.message_bytes),
        )


async def _shut(servers: list[asyncio.Server], taken: tuple[socket.socket, ...]) -> None:
    """Accept nobody more. Who was accepted in this turn of the loop comes in before the end, to be told 421: asyncio
    gives a connection of a closed server to nobody and leaves it open.
    """
    for one in taken:
        asyncio.get_running_loop().remove_reader(one)
    try:
        await asyncio.sleep(0)
    finally:
        for server in servers:
            server.close()


class FreeSpace:
    """The room on a disk, looked at no more often than it can change by much."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._looked_at = -LOOK_SECONDS
        self._free = 0

    def __call__(self) -> int:
        now = monotonic()
        if now - self._looked_at >= LOOK_SECONDS:
            self._free, self._looked_at = shutil.disk_usage(self._directory).free, now
        return self._free


class Gate(asyncio.Protocol):
    """The first moment of a connection: a crowd is turned away before a session, which is dear, is made."""

    def __init__(self, listener: Listener, desk: Desk) -> None:
        self._listener = listener
        self._desk = desk

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the peer in, or tell him to come again."""
        assert isinstance(transport, asyncio.Transport)
        found = self._listener.admit(transport, self._desk)
        if isinstance(found, Session):
            transport.set_protocol(found)
            found.connection_made(transport)
        else:
            transport.write(found.encode("ascii") + b"\r\n")
            transport.close()
