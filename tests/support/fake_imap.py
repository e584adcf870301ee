"""A scripted IMAP server: answers like a plain one until a hook says otherwise, and is then as hostile as needed."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType

CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS MOVE ID"


class Peer:
    """One client's connection, as a hook sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, *lines: str) -> None:
        """Lines for the client."""
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    def hang_up(self) -> None:
        """The end, without a word."""
        self.writer.close()


# Gets the peer, the tag and the command with its arguments; True when it has answered itself.
Hook = Callable[[Peer, str, str], Awaitable[bool]]


def replies(*lines: str) -> Hook:
    """A hook that says these lines; `{tag}` stands for the tag."""

    async def hook(peer: Peer, tag: str, command: str) -> bool:
        peer.say(*(line.replace("{tag}", tag) for line in lines))
        return True

    return hook


async def silence(peer: Peer, tag: str, command: str) -> bool:
    """A hook that never answers."""
    return True


async def hang_up(peer: Peer, tag: str, command: str) -> bool:
    """A hook that closes the connection."""
    peer.hang_up()
    return True


class FakeImap:
    """`hooks` are looked up by the beginning of the command, longest first. `mails` maps UIDs to bytes."""

    def __init__(
        self,
        mails: Mapping[int, bytes] | None = None,
        *,
        capabilities: str = CAPABILITIES,
        hooks: Mapping[str, Hook] | None = None,
        greeting: str = "* OK ready",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.mails = dict(mails or {})
        self.capabilities = capabilities
        self.hooks = dict(hooks or {})
        self.greeting = greeting
        self.uidvalidity = 77
        self.arrived = "22-Nov-2026 12:00:00 +0000"
        self.folders = ["INBOX", "Junk"]
        self.commands: list[str] = []
        self.port = 0
        self._tls = tls
        self._heard = asyncio.Condition()
        self._idle: list[Peer] = []
        self._peers: list[Peer] = []

    async def __aenter__(self) -> "FakeImap":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for peer in self._peers:
            peer.writer.close()
            with suppress(OSError):  # the client cut the line first
                await peer.writer.wait_closed()
        await self._server.wait_closed()

    def count(self, beginning: str) -> int:
        """How many commands began so."""
        return sum(command.startswith(beginning) for command in self.commands)

    async def heard(self, beginning: str, times: int = 1) -> None:
        """Wait until such a command has come in so often."""
        async with self._heard:
            await self._heard.wait_for(lambda: self.count(beginning) >= times)

    async def deliver(self, uid: int, raw: bytes) -> None:
        """Put a mail into the folder and tell the client about it, once it idles."""
        async with self._heard:
            await self._heard.wait_for(lambda: bool(self._idle))
        self.mails[uid] = raw
        for peer in self._idle:
            peer.say(f"* {len(self.mails)} EXISTS")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self._peers.append(peer)
        try:
            peer.say(self.greeting)
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                tag, _, command = line.partition(" ")
                async with self._heard:
                    self.commands.append(command)
                    self._heard.notify_all()
                await self._answer(peer, tag, command)
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # the client or the test is gone
        finally:
            writer.close()

    async def _answer(self, peer: Peer, tag: str, command: str) -> None:
        for beginning in sorted(self.hooks, key=len, reverse=True):
            if command.startswith(beginning) and await self.hooks[beginning](peer, tag, command):
                return
        words = command.split(" ")
        verb = " ".join(words[:2]) if words[0] == "UID" else words[0]
        if verb == "IDLE":
            await self._do_idle(peer)
        else:
            peer.writer.write(self._untagged(verb, command))
        peer.say(f"{tag} OK done")

    async def _do_idle(self, peer: Peer) -> None:
        peer.say("+ idling")
        async with self._heard:
            self._idle.append(peer)
            self._heard.notify_all()
        try:
            await peer.reader.readline()
        finally:
            self._idle.remove(peer)

    def _untagged(self, verb: str, command: str) -> bytes:
        match verb:
            case "CAPABILITY":
                return f"* CAPABILITY {self.capabilities}\r\n".encode()
            case "LIST":
                wanted = command.split('"')[-2]
                names = [name for name in self.folders if wanted in (name, "*")]
                return "".join(f'* LIST () "/" "{name}"\r\n' for name in names).encode()
            case "SELECT":
                return (
                    f"* {len(self.mails)} EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n"
                    f"* OK [UIDVALIDITY {self.uidvalidity}] ok\r\n"
                ).encode()
            case "UID SEARCH":
                return f"* SEARCH {' '.join(map(str, sorted(self.mails)))}\r\n".encode()
            case "UID FETCH":
                return b"".join(self._fetched(uid, command) for uid in self._named(command))
            case _:
                return b""

    def _named(self, command: str) -> list[int]:
        found: list[int] = []
        for part in command.split(" ")[2].split(","):
            first, _, last = part.partition(":")
            found += [uid for uid in range(int(first), int(last or first) + 1) if uid in self.mails]
        return found

    def _fetched(self, uid: int, command: str) -> bytes:
        number, raw = sorted(self.mails).index(uid) + 1, self.mails[uid]
        if "BODY.PEEK[]<" in command:
            raw = raw[:262144]
            return b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\n" % (number, uid, len(raw), raw)
        if "BODY.PEEK[HEADER.FIELDS" in command:  # all of them: who asks for some can find them
            raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            return b"* %d FETCH (UID %d BODY[HEADER.FIELDS (FROM)] {%d}\r\n%s)\r\n" % (number, uid, len(raw), raw)
        if "BODY.PEEK[]" in command:
            return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (number, uid, len(raw), raw)
        gmail = f" X-GM-MSGID {1000 + uid}" if "X-GM-MSGID" in command else ""
        listed = f'UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE "{self.arrived}"{gmail}'
        return f"* {number} FETCH ({listed})\r\n".encode()
