"""A relay on loopback that answers by script: any reply to any command, silence, a dropped line, no TLS, no login."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType


class Deed(Enum):
    """What the relay does instead of answering."""

    SILENT = "silent"
    DROP = "drop"


Reply = str | Deed
DEFAULTS: Mapping[str, Reply] = {
    "CONNECT": "220 relay.test ESMTP",
    "AUTH": "235 2.7.0 welcome",
    "STARTTLS": "220 2.0.0 go ahead",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 end with a dot",
    ".": "250 2.0.0 queued as FAKE1",
    "QUIT": "221 2.0.0 bye",
    "RSET": "250 2.0.0 ok",
}


@dataclass(slots=True)
class Mail:
    """One mail the relay took, or was offered: the commands' arguments and the content, dots unstuffed."""

    sender: str
    recipient: str
    content: bytes


@dataclass(slots=True)
class _Session:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    secure: bool
    sender: str = ""
    recipient: str = ""


@dataclass
class FakeRelay:
    """`script` maps a verb (CONNECT and `.` are two) to a reply, or to replies in turn, the last of them staying.

    `before_reply` is called before each reply, `on_silence` when one stays out: a test moves its clock there.
    """

    script: Mapping[str, Reply | Sequence[Reply]] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("STARTTLS", "AUTH PLAIN LOGIN", "8BITMIME")
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    before_reply: Callable[[str], None] = lambda _verb: None
    on_silence: Callable[[], None] = lambda: None
    commands: list[str] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    offered: list[Mail] = field(default_factory=list)
    port: int = 0
    _seen: Counter[str] = field(default_factory=Counter)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> "FakeRelay":
        implicit = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=implicit)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def verbs(self) -> list[str]:
        """The commands without their arguments."""
        return [command.split(" ")[0].upper() for command in self.commands]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        session = _Session(reader, writer, self.implicit)
        try:
            await self._say(session, "CONNECT")
            while await self._turn(session):
                pass
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever cancels waits for us; asyncio's streams would report the cancellation as an error
        finally:
            writer.transport.abort()

    async def _turn(self, session: _Session) -> bool:
        line = await session.reader.readline()
        if not line.endswith(b"\r\n"):
            return False
        command = line[:-2].decode("utf-8", "surrogateescape")
        self.commands.append(command)
        verb = command.split(" ")[0].upper()
        if verb == "MAIL":
            session.sender = command
        elif verb == "RCPT":
            session.recipient = command
        said = await self._say(session, verb)
        if verb == "DATA" and said.startswith("354"):
            await self._content(session)
        if verb == "STARTTLS" and said.startswith("220"):
            assert self.tls is not None
            await session.writer.start_tls(self.tls)
            session.secure = True
        return verb != "QUIT"

    async def _content(self, session: _Session) -> None:
        lines: list[bytes] = []
        while (line := await session.reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        mail = Mail(session.sender, session.recipient, b"".join(lines))
        self.offered.append(mail)
        reply = self._next(".")
        if isinstance(reply, str) and reply.startswith("2"):
            self.mails.append(mail)
        await self._answer(session, ".", reply)

    async def _say(self, session: _Session, verb: str) -> str:
        reply = self._greeting(session) if verb == "EHLO" and verb not in self.script else self._next(verb)
        return await self._answer(session, verb, reply)

    async def _answer(self, session: _Session, verb: str, reply: Reply) -> str:
        if reply is Deed.SILENT:
            asyncio.get_running_loop().call_soon(self.on_silence)
            await asyncio.Event().wait()
        if reply is Deed.DROP:
            raise ConnectionAbortedError
        assert isinstance(reply, str)
        self.before_reply(verb)
        session.writer.write(reply.encode("utf-8", "surrogateescape") + b"\r\n")
        await session.writer.drain()
        return reply

    def _next(self, verb: str) -> Reply:
        scripted = self.script.get(verb, DEFAULTS.get(verb, "500 5.5.1 what?"))
        if isinstance(scripted, str | Deed):
            return scripted
        self._seen[verb] += 1
        return scripted[min(self._seen[verb], len(scripted)) - 1]

    def _greeting(self, session: _Session) -> str:
        offered = [e for e in self.extensions if not (session.secure and e == "STARTTLS")]
        lines = ["relay.test", *offered]
        return "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
