"""One SMTP connection: aiosmtpd with its endless waits and unclean replies mended. It ends, and it ends once.

Where a method of aiosmtpd is replaced, its docstring says what was wrong with the original.
"""

import asyncio
import logging
import re
import ssl
from collections.abc import Callable
from enum import Enum
from typing import AnyStr, NoReturn

from aiosmtpd.smtp import SMTP, TLSSetupException

from agent.intake.receiving import Receiving
from agent.intake.smtp.data import MAX_LINE
from agent.intake.smtp.delivery import log, trouble
from agent.intake.smtp.limits import host_of
from agent.model.settings import SmtpSettings
from agent.obs.log import event

GRACE_SECONDS = 5  # what a peer that was told to go has to read it
MAX_REPLIES = 250  # without a mail between them: a hundred recipients, twice, and some
MAX_UNBROKEN_COMMAND = 100_000
MAX_REPLY = 500  # RFC 5321 section 4.5.3.1.5, less the line end

TOO_MANY_ERRORS = "421 4.7.0 Too many errors"
TOO_MUCH_TALK = "421 4.7.0 Too many commands without a mail"
TOO_SLOW = "421 4.4.2 Too slow"
TOO_LONG = "421 4.4.2 This connection has lasted too long"
STOPPING = "421 4.3.2 Going down, try again"

_UNCLEAN = re.compile(r"[^ -~]")


class Phase(Enum):
    """Where a conversation is; a stop waits only for the last two."""

    COMMANDS = "commands"
    RECEIVING = "receiving"
    STORING = "storing"


class Connection(SMTP, Receiving):
    """The life of a connection: its timers, its budgets, its replies, its end. The commands are in Session."""

    line_length_limit = MAX_LINE  # what the stream keeps before it stops reading

    def __init__(
        self,
        hooks: object,
        settings: SmtpSettings,
        *,
        hostname: str,
        message_bytes: int,
        tls: ssl.SSLContext | None,
        left: Callable[[], None],
    ) -> None:
        super().__init__(
            hooks,
            data_size_limit=message_bytes,
            hostname=hostname,  # else it asks DNS, and waits, for every connection
            ident="ESMTP",
            tls_context=tls,
            timeout=settings.idle_seconds,
            loop=asyncio.get_running_loop(),
        )
        self._settings = settings
        self._left = left
        self._phase = Phase.COMMANDS
        self._farewell = ""  # said as soon as the mail that is coming in has its reply
        self._ending = False
        self._lost = False
        self._errors = 0
        self._replies = 0
        self._unbroken = 0
        self._peer = "unknown"
        self._silence_ends = 0.0
        self._deadline: asyncio.TimerHandle | None = None
        self._abort_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Also starts the one timer that no command can wind up again; called a second time when TLS is up."""
        again = self._original_transport is not None
        super().connection_made(transport)
        if not again:
            self._peer = host_of(transport.get_extra_info("peername"))
            self._deadline = self.loop.call_later(self._settings.session_seconds, self._too_long)
            assert self._handler_coroutine is not None
            self._handler_coroutine.add_done_callback(_ignore_lost_peer)

    def connection_lost(self, error: Exception | None) -> None:
        """Also takes the timers down; called twice when a TLS handshake fails."""
        if self._lost:
            return
        self._lost = True
        for timer in (self._deadline, self._abort_timer):
            if timer:
                timer.cancel()
        super().connection_lost(error)
        self._left()

    def data_received(self, data: bytes) -> None:
        """Without this a command line that never ends would be read for as long as the session lives."""
        last = data.rfind(b"\n")
        self._unbroken = self._unbroken + len(data) if last < 0 else len(data) - 1 - last
        if self._phase is Phase.COMMANDS and self._unbroken > MAX_UNBROKEN_COMMAND:
            self.cut(TOO_MANY_ERRORS)
        else:
            super().data_received(data)

    def stop(self) -> None:
        """Say 421 and close, or let the mail that is just coming in have its reply first."""
        if self._phase is Phase.COMMANDS:
            self.cut(STOPPING)
        self._farewell = STOPPING

    def cut(self, reply: str) -> None:
        """Say a last word, from outside the conversation, and close."""
        if self.transport is None or self._ending:
            return
        event(log, "cut", peer=self._peer, reply=reply)
        silent = self._is_handshaking() or self.transport.is_closing()
        if not silent and isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(reply.encode("ascii") + b"\r\n")
        self._end()

    def abort(self) -> None:
        """Close without waiting for a peer that does not read."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    def _end(self) -> None:
        """`close` alone waits for ever until a peer has read what was written to it, and lets commands go on."""
        self._ending = True
        assert self.transport is not None
        assert self._handler_coroutine is not None
        self.transport.close()
        self._abort_timer = self.loop.call_later(GRACE_SECONDS, self.abort)
        self._handler_coroutine.cancel()
        if self._is_handshaking():  # the TLS layer tells nobody above it when it ends before it has begun
            self.loop.call_soon(self.connection_lost, None)

    def _is_handshaking(self) -> bool:
        return self._tls_protocol is not None and (self.session is None or not self.session.ssl)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """aiosmtpd makes and cancels a timer for every line; this one is only moved when it would come too late."""
        now = self.loop.time()
        self._silence_ends = now + (duration or self._settings.idle_seconds)
        timer = self._timeout_handle
        if timer is None or timer.cancelled() or not now < timer.when() <= self._silence_ends:
            if timer is not None:
                timer.cancel()
            self._timeout_handle = self.loop.call_at(self._silence_ends, self._silent)

    def _silent(self) -> None:
        if self.loop.time() < self._silence_ends:
            self._timeout_handle = self.loop.call_at(self._silence_ends, self._silent)
        else:
            self._timeout_cb()

    def _timeout_cb(self) -> None:
        if self._ending or self.transport is None or self.transport.is_closing():
            self.abort()
        elif self._phase is not Phase.STORING:  # then it waits for us, and that has its own end
            self.cut(TOO_SLOW)

    def _too_long(self) -> None:
        if self._phase is Phase.STORING:
            self._farewell = TOO_LONG
        else:
            self.cut(TOO_LONG)

    async def push(self, status: AnyStr) -> None:
        """aiosmtpd writes what it is given: control characters of the peer, letters that raise; and counts nothing."""
        if self._ending or self.transport is None or self.transport.is_closing():
            self._gone()
        text = self._counted(_clean(status))
        await super().push(text)
        if text.startswith("421"):
            event(log, "closed", peer=self._peer, reply=text)
            self._gone()

    def _counted(self, reply: str) -> str:
        self._replies += 1
        self._errors += reply.startswith("5")
        if self._errors >= self._settings.errors:
            return TOO_MANY_ERRORS
        if self._replies > MAX_REPLIES:
            return TOO_MUCH_TALK
        return reply

    def _gone(self) -> NoReturn:
        """End the conversation here: no command that is already in the buffer may be carried out."""
        if self.transport is not None and not self._ending:
            self._end()
        raise asyncio.CancelledError

    async def handle_exception(self, error: Exception) -> str:
        """aiosmtpd says 500, which loses the mail, and the text of the exception, which tells secrets."""
        self._set_rset_state()  # type: ignore[no-untyped-call]
        if isinstance(error, TLSSetupException | OSError) and (self.transport is None or self.transport.is_closing()):
            return STOPPING  # the peer has left in the middle; nobody will read it
        if isinstance(error, TLSSetupException):
            event(log, "tls_failed", peer=self._peer)
            return STOPPING
        return trouble(error)


def _clean(status: str | bytes) -> str:
    text = status.decode("ascii", "replace") if isinstance(status, bytes) else status
    return _UNCLEAN.sub("?", text)[:MAX_REPLY]


def _ignore_lost_peer(task: "asyncio.Task[None]") -> None:
    """A peer that vanished is no fault of ours; anything else that ends a conversation is."""
    if not task.cancelled() and (error := task.exception()) and not isinstance(error, OSError):
        event(log, "trouble", level=logging.ERROR, error=error)
