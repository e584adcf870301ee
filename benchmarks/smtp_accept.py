"""How many mails a second the SMTP door takes, beside a bare aiosmtpd and Postfix: `python -m benchmarks.smtp_accept`.

Each server runs in a process of its own, so does the load. Rounds are interleaved, the median is shown with its range.
Aims: 0.8 of Postfix over 8 connections, 1.2 of it over 64, 0.75 of the bare handler over 64. Postfix queues as it
always does, synced before its 250, and holds the mail there, so that it delivers nothing meanwhile; the door stores
each mail in its database before 250; the bare handler forgets it.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from agent.intake.smtp import Listener, run
from agent.intake.smtp.sockets import bind
from agent.model.mail import RawMessage
from agent.model.settings import Addresses, Identity, Settings, SmtpSettings, StoreSettings
from agent.store import inbox
from agent.store.db import open_db
from agent.store.ledger import MailboxPlace
from agent.store.writer import Writer
from tests.support.postfix import Postfix

OCTETS = 5_000
ROUNDS = 5
AIMS = (("Postfix, hold queue", 8, 0.8), ("Postfix, hold queue", 64, 1.2), ("bare aiosmtpd", 64, 0.75))
MAILS = {1: 400, 8: 1_200, 64: 1_600}  # by connections
HOLD = Postfix(
    ["example.com"],
    smtp_port=9,  # nothing gets that far
    restrictions="check_client_access static:HOLD,",
    extra="smtpd_client_connection_count_limit = 0",
)
LINE = b"x" * 70 + b"\r\n"
SMTP_SOURCE = shutil.which("smtp-source", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


class NoStore:
    """Forgets every mail: what the door alone costs."""

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store nothing."""
        return 1


class Store:
    """The real store: a mail is on disk when this returns."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one message."""
        return await self._writer.run_together(inbox.accept_many, (message, place))


class Bare:
    """The handler of the bare aiosmtpd: does nothing."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        """Say yes."""
        return "250 OK"


def settings(directory: str) -> Settings:
    """A door on a free port without limits that the load would meet."""
    return Settings(
        identity=Identity(company="B", postal_address="B", contact="b@example.com", domains=("example.com",)),
        addresses=Addresses(unsubscribe=("leave@example.com",)),
        smtp=SmtpSettings(listen=("127.0.0.1:0",), hostname="mx.example.com", connections_per_network=200),
        store=StoreSettings(directory=f"{directory}/own", public_directory=f"{directory}/public", free_bytes=0),
    )


def say_port(listener: Listener) -> None:
    """Tell the parent process where to send."""
    print(listener.addresses[0][1], flush=True)


async def serve(kind: str, directory: str) -> None:
    """Run one of the servers until killed."""
    config = settings(directory)
    if kind == "door + store":
        writer = Writer(lambda: open_db(config.store), lambda _: None)
        writer.start()
        await run(config, Store(writer), ready=say_port)
    elif kind == "door alone":
        await run(config, NoStore(), ready=say_port, free_bytes=lambda: 10**12)
    else:
        loop = asyncio.get_running_loop()
        taken = bind("127.0.0.1:0")
        bare = await loop.create_server(lambda: SMTP(Bare(), hostname="mx.example.com", loop=loop), sock=taken)
        print(taken.getsockname()[1], flush=True)
        await bare.serve_forever()


@contextmanager
def served(kind: str) -> Iterator[int]:
    """One of our servers in its own process; gives its port."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "benchmarks.smtp_accept", "--serve", kind, directory]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            yield int(process.stdout.readline())
        finally:
            process.kill()
            process.communicate()


async def connection(port: int, mails: int) -> None:
    """One peer that sends its mails one after another."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def say(octets: bytes, wanted: bytes) -> None:
        writer.write(octets)
        while True:
            line = await reader.readline()
            if not line.startswith(wanted):
                raise SystemExit(f"{octets[:40]!r}: {line!r}")
            if line[3:4] == b" ":
                return

    await say(b"", b"220")
    await say(b"EHLO load.test\r\n", b"250")
    for number in range(mails):
        await say(b"MAIL FROM:<load@load.test>\r\n", b"250")
        await say(b"RCPT TO:<leave@example.com>\r\n", b"250")
        await say(b"DATA\r\n", b"354")
        head = b"Message-ID: <%d.%d@load.test>\r\n\r\n" % (time.monotonic_ns(), number)
        await say(head + LINE * (OCTETS // len(LINE)) + b".\r\n", b"250")
    await say(b"QUIT\r\n", b"221")
    writer.close()


async def load(port: int, connections: int, mails: int) -> None:
    """All peers together."""
    async with asyncio.TaskGroup() as peers:
        for _ in range(connections):
            peers.create_task(connection(port, mails // connections))


def measure(port: int, connections: int) -> float:
    """Mails a second."""
    mails = MAILS[connections]
    if SMTP_SOURCE:
        command = [SMTP_SOURCE, "-d", "-s", str(connections), "-m", str(mails), "-l", str(OCTETS)]
        command += ["-f", "load@load.test", "-t", "leave@example.com", f"127.0.0.1:{port}"]
    else:
        command = [sys.executable, "-m", "benchmarks.smtp_accept", "--load", str(port), str(connections), str(mails)]
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return mails / (time.perf_counter() - started)


def cell(rates: list[float]) -> str:
    """The middle and the range."""
    return f"{statistics.median(rates):.0f} [{min(rates):.0f}-{max(rates):.0f}]"


def compare() -> None:
    """All servers, all numbers of connections, in turn."""
    with ExitStack() as stack:
        ports = {kind: stack.enter_context(served(kind)) for kind in ("door + store", "door alone", "bare aiosmtpd")}
        if Postfix.available():
            ports["Postfix, hold queue"] = stack.enter_context(HOLD).port
        else:
            print("SKIPPED Postfix: it is not installed, or we are not root")
        found: dict[tuple[str, int], list[float]] = {(kind, n): [] for kind in ports for n in MAILS}
        for kind, port in ports.items():
            found[kind, 8].append(measure(port, 8))  # warm
            found[kind, 8].clear()
        for _ in range(ROUNDS):
            for kind, connections in found:
                found[kind, connections].append(measure(ports[kind], connections))
    print(f"load: {SMTP_SOURCE or 'our own generator'}; {OCTETS} octets, mails a second, median of {ROUNDS} [range]")
    for kind in ports:
        print(f"{kind:22}" + "   ".join(f"{n}: {cell(found[kind, n])}" for n in MAILS))
    for peer, connections, aim in AIMS:
        if peer in ports:
            ratio = statistics.median(found["door + store", connections]) / statistics.median(found[peer, connections])
            print(f"of {peer}, {connections} connections: {ratio:.2f} (aim {aim})")
    print(f"other load matters: load average now {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", nargs=2)
    parser.add_argument("--load", nargs=3, type=int)
    parser.add_argument("--own-load", action="store_true", help="do not use smtp-source")
    asked = parser.parse_args()
    if asked.own_load:
        SMTP_SOURCE = None
    if asked.serve:
        asyncio.run(serve(*asked.serve))
    elif asked.load:
        asyncio.run(load(*asked.load))
    else:
        compare()
