"""What hostile peers do to the SMTP door, and what they cost it: bounded memory, bounded time, and no mail lost."""

import asyncio
import random
import re
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.intake.smtp import connection
from agent.intake.smtp.connection import TOO_MANY_ERRORS
from agent.intake.smtp.data import Fault
from agent.intake.smtp.listener import CROWDED
from agent.intake.smtp.sockets import bind
from agent.model.mail import RawMessage
from agent.model.settings import StoreSettings
from agent.store import inbox
from agent.store.db import open_db
from agent.store.ledger import MailboxPlace
from agent.store.writer import Writer
from tests.unit.intake.smtp_door import PATIENCE, FakeSink, Peer, door, settings

ROOT = Path(__file__).parents[2]
MEGABYTE = 1_000_000


class Server:
    """A door in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    def peak(self) -> int:
        """The most memory it ever had, in octets."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    @asynccontextmanager
    async def peer(self) -> AsyncIterator[Peer]:
        """A peer that was greeted."""
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        peer = Peer(reader, writer)
        try:
            assert (await peer.reply()).startswith("220")
            yield peer
        finally:
            writer.transport.abort()

    async def said(self) -> str:
        """The next line it prints."""
        assert self.process.stdout
        async with asyncio.timeout(PATIENCE):
            return (await self.process.stdout.readline()).decode().strip()


@asynccontextmanager
async def server(*arguments: str) -> AsyncIterator[Server]:
    """A running server; it must still live at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.smtp_server", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    started = Server(process, 0)
    try:
        started.port = int(await started.said())
        yield started
        assert process.returncode is None
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _flood(peer: Peer, piece: bytes, octets: int) -> None:
    try:
        for _ in range(octets // len(piece)):
            await peer.send(piece)
    except ConnectionError:
        pass


@pytest.mark.parametrize("line", [b"a" * 100_000, b"a" * 998 + b"\r\n", b"\r" * 100_000, b".\n" * 50_000])
async def test_endless_mail_costs_no_memory(line: bytes) -> None:
    """It is cut at twice the limit, or at a megabyte without a line end, and nothing of it is kept."""
    async with server() as served:
        async with served.peer() as peer:
            await peer.begin()
            await peer.data()
            before = served.peak()
            await peer.mail()
            await _flood(peer, line, 60 * MEGABYTE)  # hazard A5, hazard A6
            said = await peer.rest()
        assert said in (b"", Fault.TOO_BIG.value.encode() + b"\r\n")
        assert served.peak() - before < 20 * MEGABYTE
        async with served.peer() as peer:
            await peer.begin()
            assert (await peer.data()).startswith("250")


async def test_endless_command_costs_no_memory() -> None:
    async with server() as served:
        async with served.peer() as peer:
            before = served.peak()
            await _flood(peer, b"A" * 100_000, 60 * MEGABYTE)  # hazard A5
            assert await peer.rest() in (b"", TOO_MANY_ERRORS.encode() + b"\r\n")
        assert served.peak() - before < 20 * MEGABYTE


async def test_oversize_mail_is_refused_at_the_dot() -> None:
    """An honest sender without SIZE hears 552 and bounces it at once, instead of trying for days."""
    async with door() as opened, opened.peer() as peer:
        await peer.begin()
        assert await peer.data((b"a" * 998 + b"\r\n") * 1_900) == Fault.TOO_BIG.value  # hazard A6
        await peer.mail()
        assert (await peer.data()).startswith("250")


async def test_peer_that_never_reads_is_thrown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_REPLIES", 10**9)
    monkeypatch.setattr(connection, "GRACE_SECONDS", 0.1)
    narrow = bind("127.0.0.1:0")
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    async with door(settings(idle_seconds=1), sockets=(narrow,)) as opened:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(PATIENCE):
                await loop.sock_connect(deaf, opened.listener.addresses[0])
                assert (await loop.sock_recv(deaf, 100)).startswith(b"220")
                with pytest.raises(ConnectionError):
                    await _talk_without_end(deaf)  # hazard A4
                await opened.deserted()


async def _talk_without_end(deaf: socket.socket) -> None:
    while True:
        await asyncio.get_running_loop().sock_sendall(deaf, b"NOOP\r\n" * 1000)


async def test_flood_of_connections() -> None:
    """A thousand from one network: twenty are inside, the others are told, somebody else is served at once."""
    async with door() as opened:
        host, port = opened.listener.addresses[0]
        inside: list[Peer] = []
        turned_away = 0
        for number in range(300):
            reader, writer = await asyncio.open_connection(host, port, local_addr=(f"127.0.0.{number % 200 + 1}", 0))
            peer = Peer(reader, writer)
            if (await peer.reply()) == CROWDED:
                turned_away += 1
                writer.transport.abort()
            else:
                inside.append(peer)
        assert (len(inside), turned_away) == (20, 280)  # hazard A8
        async with opened.peer("127.0.1.1") as other:
            await other.begin()
            assert (await other.data()).startswith("250")
        for peer in inside:
            peer.writer.transport.abort()
        await opened.deserted()
        assert len(opened.listener._crowd) == 0


async def test_no_file_descriptors_left() -> None:
    """Accepting pauses and comes back; who is inside is served meanwhile."""
    async with server("48") as served:
        writers = []
        async with served.peer() as inside:
            for _ in range(80):
                _, writer = await asyncio.open_connection("127.0.0.1", served.port)
                writers.append(writer)
            await inside.begin()
            assert (await inside.data()).startswith("250")  # hazard K7
        for writer in writers:
            writer.transport.abort()
        async with served.peer() as late:
            await late.begin()
            assert (await late.data()).startswith("250")


WORDS = [
    b"EHLO x\r\n",
    b"HELO x\r\n",
    b"MAIL FROM:<a@remote.test>\r\n",
    b"MAIL FROM:<> SIZE=99\r\n",
    b"RCPT TO:<leave@example.com>\r\n",
    b"RCPT TO:<u1@t.example.com>\r\n",
    b"DATA\r\n",
    b"\r\n.\r\n",
    b".\r\n",
    b"Subject: x\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"VRFY \xff\r\n",
    b"STARTTLS\r\n",
    b"QUIT\r\n",
    b"<",
    b"@",
    b'"',
    b"a" * 600,
]


def _octets(chance: random.Random) -> bytes:
    parts = [
        chance.choice(WORDS) if chance.random() < 0.9 else chance.randbytes(chance.randrange(30)) for _ in range(40)
    ]
    return b"EHLO x\r\n" + b"".join(parts)


@pytest.mark.parametrize("seed", range(8))
async def test_any_octets_do_no_harm(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever comes, each reply is clean, every stored mail is whole, nothing of ours fails, nobody stays."""
    chance = random.Random(seed)
    async with door(settings(errors=20)) as opened:
        for _ in range(25):
            async with opened.peer() as peer:
                sent = _octets(chance)
                await peer.send(sent)
                peer.writer.write_eof()
                said = await peer.rest()
            assert all(re.fullmatch(rb"[2-5]\d\d[ -][ -~]*", line) for line in said.split(b"\r\n")[:-1]), said
        await opened.deserted()
    assert not [record for record in caplog.records if "trouble" in record.getMessage()]
    for message in opened.sink.messages:
        assert message.raw.count(b"\r") == message.raw.count(b"\n") == message.raw.count(b"\r\n")


class StoreSink(FakeSink):
    """The real store behind the door."""

    def __init__(self, writer: Writer) -> None:
        super().__init__()
        self.writer = writer

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one message."""
        return await self.writer.run(lambda db: inbox.accept(db, message, place))


async def test_mail_sent_again_after_a_lost_250_is_stored_once(tmp_path: Path) -> None:
    where = StoreSettings(directory=str(tmp_path / "own"), public_directory=str(tmp_path / "public"))
    writer = Writer(lambda: open_db(where), lambda _: None)
    writer.start()
    try:
        async with door(sink=StoreSink(writer)) as opened:
            replies = []
            for _ in range(2):
                async with opened.peer() as peer:
                    await peer.begin("anna@remote.test")
                    replies.append(await peer.data())  # hazard A18
            async with opened.peer() as peer:
                await peer.begin("anna@remote.test")
                replies.append(await peer.data(b"Subject: another\r\n"))
        assert replies == [f"250 2.0.0 Stored as {number}" for number in (1, 1, 2)]
    finally:
        await writer.stop()
