"""/metrics and /healthz of the real program: right numbers, the truth about progress, and no client that hurts it."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from agent.config import load
from agent.demo.mailbox import Mailbox
from agent.metrics.server import CONNECTIONS, HEAD_BYTES
from agent.store.db import Db, open_db
from benchmarks.measure import IMAP, PASSWORD, USER
from tests.support.child_server import free_ports
from tests.support.load import Peer, What, mint_people, write
from tests.support.program import SECONDS, Program, write_config

STALL_SECONDS = 2.0  # more than the patience that `asked` gives the daemon


class Asked:
    """A daemon that can be asked by a port."""

    def __init__(self, life: Program, config: Path, smtp: int, port: int) -> None:
        self.life = life
        self.settings = load(config, {}).settings
        self.smtp = smtp
        self.port = port

    async def raw(self, request: bytes) -> bytes:
        """All that comes back, until the other side closes."""
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                with suppress(OSError):
                    writer.write(request)
                    await writer.drain()
                return await answer(reader)
            finally:
                writer.close()

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        head, _, body = (
            (await self.raw(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())).decode().partition("\r\n\r\n")
        )
        # Turned away without a word: it has not seen yet that an earlier connection is closed.
        return int(head.split(" ")[1]) if head else 0, body

    async def numbers(self) -> dict[str, float]:
        """What /metrics says."""
        status, body = await self.get("/metrics")
        assert status == 200
        rows = (line.rpartition(" ") for line in body.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in rows}

    async def until(self, name: str, value: float) -> dict[str, float]:
        """Asked again and again until it says so."""
        async with asyncio.timeout(SECONDS):
            while (found := await self.numbers()).get(name) != value:
                pass
            return found

    async def health(self, status: int) -> str:
        """Asked again and again until it is so."""
        async with asyncio.timeout(SECONDS):
            while (found := await self.get("/healthz"))[0] != status:
                pass
            return found[1]


async def answer(reader: asyncio.StreamReader) -> bytes:
    got = b""
    with suppress(OSError):
        while some := await reader.read(65536):
            got += some
    return got


@pytest.fixture
async def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asked]:
    """A watchdog of 0.4 s makes the daemon's patience one of 1.2 s."""
    monkeypatch.setenv("WATCHDOG_USEC", "400000")
    smtp, port = free_ports(2)
    config = write_config(tmp_path, smtp, more=f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    async with Program(config) as life:
        while (said := await life.told()) != "READY=1":
            assert said == "WATCHDOG=1"
        yield Asked(life, config, smtp, port)


async def test_the_numbers_are_those_of_the_store(asked: Asked) -> None:
    (person, other) = mint_people(asked.settings, 2)
    async with Peer(asked.smtp) as peer:
        assert await peer.send(write(person, What.TOKEN, asked.settings))
        assert await peer.send(write(other, What.BOUNCE, asked.settings))
    await asked.until("optoutd_inbox_waiting", 0)
    found = await asked.until('optoutd_mails_read_total{kind="bounce"}', 1)
    assert found['optoutd_mails_read_total{kind="unsubscribe"}'] == 1
    assert found['optoutd_mails_received_total{door="smtp",account=""}'] == 2
    assert found['optoutd_suppressed{state="opt_out"}'] == 1
    assert found['optoutd_suppressed{state="hard"}'] == 1
    assert found['optoutd_outbox{state="waiting"}'] == 1  # no relay is named
    assert (found["optoutd_healthy"], found["optoutd_writer_alive"]) == (1, 1)
    assert found['optoutd_disk_free_bytes{place="store"}'] > 0
    assert any(name.startswith("optoutd_build_info{version=") for name in found)
    body = (await asked.get("/metrics"))[1]
    assert "@" not in body
    assert person.address.partition("@")[0] not in body


async def test_a_reader_that_was_replaced_is_counted(asked: Asked) -> None:
    (reader,) = asked.life.children()
    os.kill(reader, signal.SIGKILL)
    async with Peer(asked.smtp) as peer:
        assert await peer.send(write(mint_people(asked.settings, 1)[0], What.PLAIN, asked.settings))
    await asked.until("optoutd_reader_restarts_total", 1)


async def test_a_mailbox_and_how_it_does(tmp_path: Path) -> None:
    smtp, port = free_ports(2)
    async with Mailbox(USER, PASSWORD) as box:
        more = f'[metrics]\nlisten = "127.0.0.1:{port}"\n{IMAP.format(port=box.port)}'
        config = write_config(tmp_path, smtp, more=more)
        async with Program(config) as life:
            await life.ready()
            asked = Asked(life, config, smtp, port)
            (name,) = (account.name for account in asked.settings.imap)
            found = await asked.until(f'optoutd_mailbox_up{{account="{name}"}}', 1)
            assert found[f'optoutd_mailbox_last_success_timestamp_seconds{{account="{name}"}}'] > 0
            assert found[f'optoutd_mailbox_shut_seconds{{account="{name}"}}'] == 0


# hazard K3
async def test_a_store_that_cannot_be_written_is_told_until_it_can(asked: Asked) -> None:
    assert await asked.health(200) == "ok\n"
    db: Db = open_db(asked.settings.store)
    try:
        with db.transaction():
            said = await asked.health(503)
            assert said.startswith("the database writer")
            assert said.count("\n") == 1
        assert await asked.health(200) == "ok\n"
    finally:
        db.close()


# hazard K3
async def test_systemd_hears_no_sign_of_life_while_the_loop_hangs(asked: Asked) -> None:
    """A program that is stopped turns no loop; the first turn afterwards stays silent, too, and the log tells why."""
    asked.life.process.send_signal(signal.SIGSTOP)
    while not _stopped(asked.life):
        pass
    _told(asked.life)  # what was said before
    await asyncio.sleep(STALL_SECONDS)  # this is the hang itself, nothing is waited for
    assert _told(asked.life) == []
    asked.life.process.send_signal(signal.SIGCONT)
    await asked.life.until(lambda: any('"no_progress"' in line and "event loop" in line for line in asked.life.lines))
    assert await asked.life.told() == "WATCHDOG=1"


def _stopped(life: Program) -> bool:
    return "State:\tT" in Path(f"/proc/{life.process.pid}/status").read_text()


def _told(life: Program) -> list[bytes]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(life.notified.recv(100))
    return found


def _listens(life: Program) -> list[int]:
    inodes = {str(entry.readlink()) for entry in Path(f"/proc/{life.process.pid}/fd").iterdir()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].partition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes]


GARBAGE = (
    (b"GET /elsewhere HTTP/1.1\r\n\r\n", 404),
    (b"GET /metrics/../healthz HTTP/1.1\r\n\r\n", 404),
    (b"POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 405),
    (b"DELETE /healthz HTTP/1.0\r\n\r\n", 405),
    (b"GET /healthz\r\n\r\n", 400),
    (b"GET /healthz HTTP/2.0\r\n\r\n", 400),
    (b"EHLO spammer.example\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"\r\n\r\n", 400),
    (b"\x00" * 5000, 431),
    (b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 10 * HEAD_BYTES + b"\r\n\r\n", 431),
    (b"GET /healthz?x=1 HTTP/1.1\r\nHost: evil\r\n\r\n", 200),
)


async def test_garbage_is_answered_and_hurts_nobody(asked: Asked) -> None:
    for request, status in GARBAGE:
        got = await asked.raw(request)
        assert got.startswith(b"HTTP/1.1 %d " % status), request[:50]
        assert b"Connection: close" in got
    assert await asked.health(200) == "ok\n"


async def test_a_head_is_an_answer_without_its_body(asked: Asked) -> None:
    got = await asked.raw(b"HEAD /healthz HTTP/1.1\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 3\r\n" in got
    assert got.endswith(b"\r\n\r\n")


async def test_who_sends_without_end_is_cut_off_and_costs_no_memory(asked: Asked) -> None:
    before = _resident(asked.life)
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", asked.port)
        with suppress(OSError):
            for _ in range(2000):
                writer.write(b"a" * 65536)
                await writer.drain()
        await answer(reader)
        writer.close()
    assert await asked.health(200) == "ok\n"
    assert _resident(asked.life) - before < 4_000


def _resident(life: Program) -> int:
    status = Path(f"/proc/{life.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1])


async def test_many_slow_ones_are_cut_off_and_mail_goes_on_meanwhile(asked: Asked) -> None:
    async with asyncio.timeout(SECONDS):
        pairs = [await asyncio.open_connection("127.0.0.1", asked.port) for _ in range(5 * CONNECTIONS)]
        for _, writer in pairs:
            with suppress(OSError):
                writer.write(b"GET /metr")
        async with Peer(asked.smtp) as peer:
            assert await peer.send(write(mint_people(asked.settings, 1)[0], What.TOKEN, asked.settings))
        ends = await asyncio.gather(*(answer(reader) for reader, _ in pairs))
        for _, writer in pairs:
            writer.close()
    late = [end for end in ends if end.startswith(b"HTTP/1.1 408 ")]
    assert len(late) <= CONNECTIONS
    assert all(end == b"" for end in ends if end not in late)
    assert late
    assert await asked.health(200) == "ok\n"


async def test_by_a_unix_socket_that_its_group_may_use(tmp_path: Path) -> None:
    (smtp,) = free_ports(1)
    path = tmp_path / "metrics.sock"
    config = write_config(tmp_path, smtp, more=f'[metrics]\nlisten = "unix:{path}"\n')
    async with Program(config) as life:
        await life.ready()
        assert path.stat().st_mode & 0o777 == 0o660
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert (await answer(reader)).endswith(b"\r\n\r\nok\n")
        writer.close()
        life.process.terminate()
        assert await life.gone() == 0
    assert not path.exists()


async def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    (smtp,) = free_ports(1)
    config = write_config(tmp_path, smtp, more=f'[metrics]\nlisten = "127.0.0.1:{smtp}"\n')
    taken = await asyncio.start_server(lambda _, __: None, "127.0.0.1", smtp)
    async with taken, Program(config) as life:
        assert await life.gone() == 3
    assert f"metrics.listen: cannot listen at 127.0.0.1:{smtp}" in life.lines[-1]


async def test_without_the_setting_nothing_listens(tmp_path: Path) -> None:
    (smtp,) = free_ports(1)
    async with Program(write_config(tmp_path, smtp)) as life:
        await life.ready()
        assert _listens(life) == [smtp]
