"""aioimaplib's protocol with its parser and its end mended: any server may say anything, and no command ever hangs.

Laws: a response is read in one loop over whole logical lines (the library recurses per line and scans its lines
again per line), nothing larger than the cap is ever held, and a lost connection fails the waiting command at once.
"""

import asyncio
import re

from aioimaplib.aioimaplib import CONNECTED, NONAUTH, AioImapException, Command, IMAP4ClientProtocol

from agent.intake.imap.folders import Response
from agent.intake.imap.trouble import ImapTrouble, said
from agent.intake.receiving import Receiving

RESPONSE_BYTES = 64 * 1024 * 1024  # of one command, literals included; we never ask for so much
LINE_BYTES = 16 * 1024 * 1024  # a SEARCH over two million mails

_LITERAL = re.compile(rb"\{(\d+)\+?\}$")  # RFC 3501 section 4.3
# What a backlog is made of, as most servers write it: one look for each of very many mails.
_MAIL = re.compile(rb"\* (\d{1,10} FETCH \(UID \d{1,10} BODY\[\] \{(\d{1,7})\})\r\n", re.I)
_MAIL_END = b")\r\n"
_EXISTS = re.compile(rb"\d+ EXISTS", re.I)
_BYE = re.compile(rb"BYE\b", re.I)


class Ask(Command):  # type: ignore[misc]  # aioimaplib has no types
    """A command that keeps each untagged response whole and can be failed from outside."""

    def __init__(self, name: str, tag: str, *args: str, prefix: str | None = None) -> None:
        super().__init__(name, tag, *args, prefix=prefix)
        self.responses: list[Response] = []

    def take(self, response: Response) -> None:
        """Keep one untagged response."""
        self.responses.append(response)

    def fail(self, why: Exception) -> None:
        """End the wait for an answer that will not come."""
        self._exception = why
        self._event.set()


class Idle(Ask):
    """IDLE (RFC 2177): `ready` once the server waits, or once there is nothing to wait for."""

    def __init__(self, tag: str, news: asyncio.Event) -> None:
        super().__init__("IDLE", tag)
        self.ready = asyncio.Event()
        self.ended = False
        self._news = news

    def take(self, response: Response) -> None:
        """Keep nothing: the news event says all, and a chatty server fills no memory."""

    def close(self, line: bytes, result: str) -> None:
        """The server ended it, asked or unasked."""
        super().close(line, result)
        self._end()

    def fail(self, why: Exception) -> None:
        """The connection ended it."""
        super().fail(why)
        self._end()

    def _end(self) -> None:
        self.ended = True
        self.ready.set()
        self._news.set()


class Protocol(IMAP4ClientProtocol, Receiving):  # type: ignore[misc]  # aioimaplib has no types
    """One connection; one command at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.news = asyncio.Event()  # the server announced mail, or is gone
        self.greeted = asyncio.Event()
        self.closed = asyncio.Event()
        self.failure: ImapTrouble | None = None
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._literal: int | None = None  # octets of the literal that comes next
        self._received = 0
        self.pending_sync_command: Ask | None = None  # the library's name for the command that waits

    def start(self, command: Ask) -> None:
        """Send a command; its answer is awaited with `command.wait()`."""
        if self.failure is not None:
            raise self.failure
        self.pending_sync_command = command
        self.send(str(command))

    def send(self, line: str, scrub: str | None = None) -> None:
        """Write one line. Unlike the library's, nothing is logged: lines hold passwords."""
        self._received = 0
        self.transport.write(f"{line}\r\n".encode())

    def data_received(self, d: bytes) -> None:
        """Take what came and handle every response that is complete."""
        self._buffer += d
        self._received += len(d)
        try:
            if self._received > RESPONSE_BYTES:
                raise ImapTrouble("the server's answer is larger than 64 MB")
            self._consume()
        except ImapTrouble as trouble:
            self.give_up(trouble)
        except (AioImapException, UnicodeDecodeError) as error:
            self.give_up(ImapTrouble(f"the server speaks no IMAP: {said(str(error))}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for a server that is gone."""
        self._fail(ImapTrouble("the connection was lost" + (f": {type(exc).__name__}" if exc else "")))
        self.closed.set()

    def give_up(self, why: ImapTrouble) -> None:
        """Fail what waits and drop the connection."""
        self._buffer.clear()
        self._fail(why)
        if self.transport is not None:
            self.transport.abort()

    def _fail(self, why: ImapTrouble) -> None:
        self.failure = self.failure or why
        if self.pending_sync_command is not None:
            self.pending_sync_command.fail(self.failure)
        self.greeted.set()
        self.news.set()

    def _consume(self) -> None:
        """One loop over what is complete: lines, and literals as long as the line before announced."""
        buffer, done = self._buffer, 0
        with memoryview(buffer) as view:
            while self.failure is None:
                done = self._take_mails(view, done)
                if self._literal is not None:
                    end = done + self._literal
                    if end > len(buffer):
                        break
                    self._parts.append(bytes(view[done:end]))
                    self._literal, done = None, end  # the rest of the line follows
                    continue
                end = buffer.find(b"\r\n", done)
                if end < 0:
                    self._check_length(len(buffer) - done)
                    break
                line = bytes(view[done:end])
                done = end + 2
                self._take_line(line)
        del buffer[:done]

    def _take_mails(self, view: memoryview, done: int) -> int:
        """Hand on the mails that are here as a whole, if a response begins here; returns where they end."""
        command = self.pending_sync_command
        while command is not None and not self._parts and (head := _MAIL.match(self._buffer, done)):
            start, end = head.end(), head.end() + int(head[2])
            if not self._buffer.startswith(_MAIL_END, end):
                break
            command.take((head[1], bytes(view[start:end]), b")"))
            done = end + len(_MAIL_END)
        return done

    def _check_length(self, held: int) -> None:
        if held > LINE_BYTES:
            raise ImapTrouble("the server sends a line without an end")

    def _take_line(self, line: bytes) -> None:
        self._parts.append(line)
        announced = _LITERAL.search(line) if line.endswith(b"}") else None
        if announced:
            self._literal = int(announced[1].lstrip(b"0")[:20] or b"0")  # int() refuses very long numbers
            if self._literal > RESPONSE_BYTES:
                raise ImapTrouble("the server announces a literal larger than 64 MB")
        else:
            response, self._parts = tuple(self._parts), []
            self._dispatch(response)

    def _dispatch(self, response: Response) -> None:
        first = response[0]
        if self.state == CONNECTED:
            self._greet(first)
        elif first.startswith(b"* "):
            self._untagged((first[2:], *response[1:]))
        elif first:
            self._handle_line(first, None)

    def _greet(self, line: bytes) -> None:
        if not line.upper().startswith(b"* OK"):
            raise ImapTrouble(f"the server does not greet: {said(line)}")
        self.state = NONAUTH
        self.greeted.set()

    def _untagged(self, response: Response) -> None:
        first = response[0]
        if _EXISTS.match(first):
            self.news.set()
        elif _BYE.match(first):
            raise ImapTrouble(f"the server ends the connection: {said(first)}")
        if self.pending_sync_command is not None:
            self.pending_sync_command.take(response)

    def _continuation(self, line: bytes) -> None:
        if isinstance(self.pending_sync_command, Idle):
            self.pending_sync_command.ready.set()
