"""The listening side: takes connections within the limits, and stops in the order in which no mail is lost."""

import asyncio
import logging
import shutil
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.intake.smtp.connection import STOPPING
from agent.intake.smtp.delivery import Delivery, log
from agent.intake.smtp.hooks import Terms
from agent.intake.smtp.limits import Crowd, Memory, host_of, network_of
from agent.intake.smtp.recipients import directory
from agent.intake.smtp.session import Desk, Session
from agent.intake.smtp.sockets import ListenError, bind_all
from agent.intake.smtp.tls import load
from agent.model.settings import Settings
from agent.obs.clock import utc_now
from agent.obs.log import event
from agent.trust.tokens import KeyRing

if TYPE_CHECKING:
    from agent.process import Sink

BACKLOG = 128
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
    listener = Listener(settings, ring, free_bytes=free_bytes)
    taken = bind_all(settings.smtp.listen, sockets)
    async with asyncio.TaskGroup() as tasks:
        busy_seconds = settings.store.busy_seconds
        await listener.serve(taken, Delivery(sink, tasks, busy_seconds=busy_seconds, now=now), ready)


class Listener:
    """The open door: where it listens, and who is inside."""

    def __init__(self, settings: Settings, ring: KeyRing | None, *, free_bytes: Callable[[], int] | None) -> None:
        self.addresses: tuple[tuple[str, int], ...] = ()
        self._settings = settings
        self._terms = Terms(
            judge=directory(settings, ring).judge,
            free_bytes=free_bytes or (lambda: shutil.disk_usage(settings.store.directory).free),
            needed_bytes=max(settings.limits.message_bytes * 3 // 2, settings.store.free_bytes),
        )
        self._crowd = Crowd(total=settings.smtp.connections, per_network=settings.smtp.connections_per_network)
        self._sessions: set[Session] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._stopping = False
        self._tls = _first_context(settings)

    @property
    def sessions(self) -> int:
        """How many peers are inside."""
        return len(self._sessions)

    def reload(self) -> None:
        """Read the certificate again, for the sessions that begin from now on; a bad one changes nothing."""
        try:
            self._tls = load(self._settings.smtp)
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
            for server in servers:
                server.close()
            await self._drain()

    def admit(self, transport: asyncio.Transport, desk: Desk) -> Session | str:
        """A session for this peer, or what he is told instead."""
        network = network_of(host_of(transport.get_extra_info("peername")))
        if self._stopping:
            return STOPPING
        if not self._crowd.enter(network):
            return CROWDED

        def left() -> None:
            self._crowd.leave(network)
            self._sessions.discard(session)
            if not self._sessions:
                self._empty.set()

        session = Session(desk, self._tls, left)
        self._sessions.add(session)
        self._empty.clear()
        return session

    async def _drain(self) -> None:
        for session in tuple(self._sessions):
            session.stop()
        try:
            async with asyncio.timeout(self._settings.smtp.drain_seconds):
                await self._empty.wait()
        except TimeoutError:
            for session in tuple(self._sessions):
                session.cut(STOPPING)
                session.abort()
            await self._empty.wait()

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
            event(log, "turned_away", peer=host_of(transport.get_extra_info("peername")), reply=found)
            transport.write(found.encode("ascii") + b"\r\n")
            transport.close()


def _first_context(settings: Settings) -> ssl.SSLContext | None:
    try:
        return load(settings.smtp)
    except OSError as error:
        name = Path(settings.smtp.tls_cert).name
        raise ListenError(f"smtp.tls_cert, smtp.tls_key: {name} cannot be used: {error}") from error
