"""How long from 250, or from a mail in the mailbox, to the row in suppression.db: `./run python benchmarks/latency.py`.

Aims: a token, or a warm reader, under 100 ms; a cold reader under 1.5 s; pushed by IMAP under 500 ms. Beside each other
in every round: a bare aiosmtpd that does one synced commit (from the final dot to the row; the ratio is made of these).
"""

import argparse
import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from agent.config import load
from agent.demo.mailbox import Mailbox
from agent.model.settings import Settings
from agent.store import reads
from agent.store.db import Db, open_db
from agent.store.public import FILE_NAME
from benchmarks.measure import IMAP, PASSWORD, USER, Onlooker, bare_peer, summary, table
from tests.support.child_server import free_ports
from tests.support.load import Mail, Peer, Person, What, mint_people, write
from tests.support.program import Program, write_config

PEER = "peer: bare aiosmtpd, one commit"
FIELDS = ("250: p50", "p99", "max", "dot: p50", "p99", "max", "ratio")


@dataclass
class Times:
    """Seconds from 250 to the row, and from the final dot."""

    reply: list[float] = field(default_factory=list)
    dot: list[float] = field(default_factory=list)


@dataclass
class Bench:
    """A running program and its peer, with people who have not written yet."""

    settings: Settings
    life: Program
    box: Mailbox
    port: int
    db: Db
    list: Onlooker
    peer_port: int
    peer_list: Onlooker
    people: Iterator[Person]
    times: dict[str, Times] = field(default_factory=dict)

    def mail(self, what: What) -> Mail:
        """One mail by somebody new."""
        return write(next(self.people), what, self.settings)

    async def smtp(self, name: str, mail: Mail, port: int, onlooker: Onlooker) -> None:
        """Send a mail and wait for its row."""
        dot = 0.0

        def dotted() -> None:
            nonlocal dot
            dot = time.perf_counter()

        async with Peer(port) as peer:
            assert (await peer.send(mail, dotted)).startswith("250")
            replied = time.perf_counter()
            seen = await onlooker.sees(mail.person.address)
        times = self.times.setdefault(name, Times())
        times.reply.append(max(seen - replied, 0.0))
        times.dot.append(seen - dot)

    async def ours(self, name: str, what: What) -> None:
        """By our door."""
        await self.smtp(name, self.mail(what), self.port, self.list)
        await self.idle()

    async def peer(self) -> None:
        """By the peer's."""
        await self.smtp(PEER, self.mail(What.PLAIN), self.peer_port, self.peer_list)

    async def push(self, name: str) -> None:
        """Put a mail into the mailbox and wait for its row."""
        mail = self.mail(What.WORD)
        begun = time.perf_counter()
        await self.box.deliver(mail.raw)
        delivered = time.perf_counter()
        seen = await self.list.sees(mail.person.address)
        times = self.times.setdefault(name, Times())
        times.reply.append(seen - delivered)
        times.dot.append(seen - begun)
        await self.idle()
        await asyncio.sleep(0.05)  # the door settles the mail and idles again, as between two real mails

    async def idle(self) -> None:
        """Return when every mail is done."""
        await self.life.until(lambda: set(reads.counts(self.db).inbox) <= {"done"})

    def chill(self) -> None:
        """End the reader; the next mail that needs one waits for a new one."""
        for reader in self.life.children():
            os.kill(reader, signal.SIGKILL)


async def run(tries: int, starts: int) -> None:
    """All of it, in rounds."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (port,) = free_ports(1)
        async with Mailbox(USER, PASSWORD) as box, bare_peer(directory) as bare:
            config = write_config(directory, port, more=IMAP.format(port=box.port))
            settings = load(config, {}).settings
            people = iter(mint_people(settings, 8 * (tries + starts) + 100))
            with closing(open_db(settings.store)) as db, closing(Onlooker(bare.file)) as peer_list:
                async with Program(config) as life:
                    await life.ready()
                    with closing(Onlooker(Path(settings.store.public_directory) / FILE_NAME)) as onlooker:
                        bench = Bench(settings, life, box, port, db, onlooker, bare.port, peer_list, people)
                        await _rounds(bench, tries)
                        life.process.terminate()
                        await life.gone()
                        started = await _starts(bench, config, starts)
    _show(bench, started)


async def _rounds(bench: Bench, tries: int) -> None:
    for _ in range(10):  # warm
        await bench.ours("warm", What.PLAIN)
        await bench.push("warm")
        await bench.peer()
    bench.times.clear()
    for _ in range(tries):
        await bench.peer()
        await bench.ours("token, warm reader", What.TOKEN)
        await bench.ours("plain address, warm reader", What.PLAIN)
        await bench.push("IMAP push, warm reader (*)")
    for _ in range(tries):
        await bench.peer()
        bench.chill()
        await bench.ours("token, reader just killed", What.TOKEN)
        bench.chill()
        await bench.ours("plain address, reader just killed", What.PLAIN)


async def _starts(bench: Bench, config: Path, starts: int) -> list[float]:
    """The first mail of a program that has just said READY; how long READY took."""
    took = []
    for number in range(starts):
        begun = time.perf_counter()
        async with Program(config) as bench.life:
            await bench.life.ready()
            took.append(time.perf_counter() - begun)
            what = What.PLAIN if number % 2 else What.TOKEN
            await bench.ours(f"{what.value}, first mail after READY", what)
            bench.life.process.terminate()
            await bench.life.gone()
    return took


def _show(bench: Bench, started: list[float]) -> None:
    peer = sorted(bench.times[PEER].dot)
    rows = []
    for name, times in bench.times.items():
        ratio = sorted(times.dot)[len(times.dot) // 2] / peer[len(peer) // 2]
        rows.append((f"{name} ({len(times.dot)})", *summary(times.reply), *summary(times.dot), f"{ratio:.1f}"))
    table(("ms to the row from .. (tries)", *FIELDS), rows)
    print(
        "(*) by IMAP: from the end of the delivery, and from its beginning. The ratio is of the medians from the dot."
    )
    if started:
        print("from exec to READY, ms: p50 {}, p99 {}, max {} ({} starts)".format(*summary(started), len(started)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=100)
    parser.add_argument("--starts", type=int, default=100, help="of the whole program; half of them for each mail")
    asked = parser.parse_args()
    asyncio.run(run(asked.tries, asked.starts))
