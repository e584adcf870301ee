"""One SMTP conversation: what aiosmtpd takes too easily is refused, and every mail is whole or still with the peer.

Where a method of aiosmtpd is replaced, its docstring says what was wrong with the original.
"""

import asyncio
import collections
import re
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from agent.intake.smtp.connection import Connection, Phase
from agent.intake.smtp.data import CHUNK, Fault, FloodError, Incoming
from agent.intake.smtp.delivery import Delivery, Parcel, log
from agent.intake.smtp.hooks import Hooks, Terms
from agent.intake.smtp.limits import Loan, Memory
from agent.model.settings import SmtpSettings
from agent.obs.log import event

MIN_RATE = 500  # octets a second in DATA, as Postfix's smtpd_min_data_rate
MAX_COMMAND = 512  # RFC 5321 section 4.5.3.1.4

_LOCAL = r'(?:[^\s@<>()\[\],;:\\"\x00-\x1f\x7f-\xff]+|"(?:[ !#-\[\]-~]|\\[ -~])*")'
_DOMAIN = r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|\[[A-Za-z0-9.:]+\])"
_PATH = re.compile(rf"[ ]?<((?:{_LOCAL}(?:@{_DOMAIN})?)?)>(?:$|[ ]+(?=\S))", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the sessions of one listener share."""

    settings: SmtpSettings
    message_bytes: int
    hostname: str
    terms: Terms
    delivery: Delivery
    memory: Memory


class Session(Connection):
    """The commands, and the way of a mail from DATA to its reply."""

    def __init__(self, desk: Desk, tls: ssl.SSLContext | None, left: Callable[[], None]) -> None:
        self._hooks = Hooks(desk.terms)
        super().__init__(
            self._hooks,
            desk.settings,
            hostname=desk.hostname,
            message_bytes=desk.message_bytes,
            tls=tls,
            left=left,
        )
        # aiosmtpd shares one table among all sessions: it grows with every EHLO and is emptied by every newcomer.
        self.command_size_limits = collections.defaultdict(lambda: MAX_COMMAND)
        self._desk = desk

    def _set_post_data_state(self) -> None:
        super()._set_post_data_state()  # type: ignore[no-untyped-call]
        self._hooks.accepted.clear()

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """aiosmtpd's parser takes addresses without brackets, source routes and comments, and raises on junk."""
        found = _PATH.match(arg)
        return (found[1] or "<>", arg[found.end() :]) if found else (None, None)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Every EHLO would allow longer MAIL commands than the one before."""
        self.command_size_limits.clear()
        await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """A second STARTTLS inside TLS would be begun."""
        if self._tls_protocol:
            await self.push("503 5.5.1 TLS is already in use")
        else:
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Nobody can log in here."""
        await self.push("502 5.5.1 No AUTH here")

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Says nothing about any address (RFC 5321 section 3.5.3)."""
        await self.push("252 2.5.0 Send some mail and see")

    async def smtp_HELP(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Short, and without the peer's words."""
        await self.push("214 2.0.0 RFC 5321")

    async def smtp_GET(self, _arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """A browser that was sent here by a web page must not get to send mail."""
        self.cut("554 5.5.1 This is not a web server")
        self._gone()

    smtp_POST = smtp_PUT = smtp_HEAD = smtp_OPTIONS = smtp_CONNECT = smtp_GET  # noqa: N815 - aiosmtpd's names

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """aiosmtpd's keeps an endless line in memory, bounces long ones, takes bare CR and LF, and has one fixed timer.

        The reply is 250 only when the mail is stored; whatever happens before that leaves the mail with the peer.
        """
        if await self.check_helo_needed():
            return
        if not self._hooks.accepted:
            await self.push("503 5.5.1 Need RCPT first")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        reply = await self._take_mail()
        self._set_post_data_state()
        if reply.startswith("250"):
            self._replies = 0
        await self.push(reply)
        self._reset_timeout()
        if self._farewell:
            await self.push(self._farewell)

    async def _take_mail(self) -> str:
        loan = Loan(self._desk.memory)
        try:
            self._phase = Phase.RECEIVING
            with ExitStack() as unless_handed_over:
                unless_handed_over.callback(loan.close)
                incoming = await self._receive(loan)
                if incoming.fault:
                    return incoming.fault.value
                parcel = self._parcel(incoming.content())
                unless_handed_over.pop_all()
            self._phase = Phase.STORING
            return await self._desk.delivery.hand_over(parcel, loan)
        except asyncio.CancelledError:  # aiosmtpd has no hook for it
            event(log, "broken_off", peer=self._peer, phase=self._phase)
            raise
        finally:
            self._phase = Phase.COMMANDS

    async def _receive(self, loan: Loan) -> Incoming:
        incoming = Incoming(self._desk.message_bytes)
        started = self.loop.time()
        while not incoming.ended:
            chunk = await self._reader.read(CHUNK)
            try:
                incoming.feed(chunk)
            except FloodError:
                self.cut(Fault.TOO_BIG.value)
                self._gone()
            if not loan.cover(incoming.held):
                incoming.give_up(Fault.CROWDED)
            elapsed = self.loop.time() - started
            self._reset_timeout(patience(self._desk.settings.idle_seconds, elapsed, incoming.received))
        self._reader._buffer[:0] = incoming.rest  # type: ignore[attr-defined]  # noqa: SLF001 - as aiosmtpd does
        return incoming

    def _parcel(self, content: bytes) -> Parcel:
        assert self.envelope is not None
        assert self.session is not None
        sender = self.envelope.mail_from or ""
        return Parcel(
            envelope_from="" if sender == "<>" else sender,
            envelope_to=tuple(self._hooks.accepted),
            roles=frozenset(self._hooks.accepted.values()),
            peer=self._peer,
            raw=content,
        )


def patience(idle_seconds: float, elapsed: float, received: int) -> float:
    """How long the next octets of a mail may take: the idle time, but on the whole no less than the least rate."""
    return max(min(idle_seconds, idle_seconds + received / MIN_RATE - elapsed), 0.001)
