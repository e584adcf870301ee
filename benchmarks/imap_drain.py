"""Reads 20,000 mails of 5 KB out of Dovecot into a store, beside a bare batched fetch by imaplib in the same run.

`python -m benchmarks.imap_drain [MAILS]`. Aims: at least 0.7 of imaplib's rate, less than 30 MB more memory. A mail
counts when it is committed (WAL, synchronous FULL, one writer). What makes the two comparable: imaplib asks for as many
mails at once as the door does, and holds each mail's bytes by its UID as any reader must; the mails have lines, as real
ones do; Dovecot has its index before the clock runs; and nothing is counted in the database meanwhile. CPU is that of
this process, the door's and the store's together; `store alone` has no mailbox: no door is faster.
"""

import argparse
import asyncio
import imaplib
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from agent.intake.imap import run
from agent.intake.imap.fetch import BATCH_MAILS, uid_set
from agent.intake.imap.progress import pages
from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import StoreSettings
from agent.obs.clock import utc_now
from agent.store import inbox
from agent.store.db import open_db
from agent.store.ledger import MailboxPlace
from agent.store.writer import Writer
from tests.support.dovecot import Dovecot
from tests.support.imap_intake import QUICK, Waits, account, mail

T = TypeVar("T")
USER, PASSWORD = "sales@shop.example", "pw"
ROUNDS = 5
TEXT = (b"x" * 70 + b"\r\n") * 68

_UID = re.compile(rb"UID (\d+)")


def text(number: int) -> bytes:
    """A mail of 5 KB."""
    return mail(number) + TEXT


def fill(server: Dovecot, count: int) -> None:
    """Put the mails where Dovecot looks for new ones, as it keeps them itself: with LF, the sizes in the name."""
    with imaplib.IMAP4("127.0.0.1", server.imap_port) as line:
        line.login(USER, PASSWORD)
        line.append("INBOX", "", None, text(0))  # makes the folders
    folder = server.maildir(USER) / "new"
    owner = folder.stat()
    for number in range(1, count):
        octets = text(number)
        kept = octets.replace(b"\r\n", b"\n")
        file = folder / f"{1_700_000_000 + number}.M{number}P1.host,S={len(kept)},W={len(octets)}"
        file.write_bytes(kept)
        os.chown(file, owner.st_uid, owner.st_gid)


def bare(port: int, count: int) -> float:
    """Mails a second that imaplib can fetch and drop."""
    begun = time.perf_counter()
    fetched = 0
    with imaplib.IMAP4("127.0.0.1", port) as line:
        line.login(USER, PASSWORD)
        line.select("INBOX")
        uids = line.uid("search", "ALL")[1][0].split()
        for group in pages([int(uid) for uid in uids], BATCH_MAILS):
            _, answer = line.uid("fetch", uid_set(group), "(UID BODY.PEEK[])")
            parts = [part for part in answer if isinstance(part, tuple)]
            held = {found[1]: body for head, body in parts if (found := _UID.search(head))}
            fetched += len(held)
    assert fetched == count
    return count / (time.perf_counter() - begun)


def memory() -> int:
    """Resident bytes now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class Bulk:
    """The sink as the daemon has it: a batch is one job. Looks at the memory with each."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.peak = self.before = memory()
        self._stored = 0
        self._more = asyncio.Event()

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one."""
        return await self.writer.run(lambda db: inbox.accept(db, message, place))

    async def accept_many(self, mails: Sequence[tuple[RawMessage, MailboxPlace]]) -> tuple[int, ...]:
        """Store a batch."""
        ids = await self.writer.run(lambda db: inbox.accept_many(db, mails))
        self._stored += len(ids)
        self.peak = max(self.peak, memory())
        self._more.set()
        return ids

    async def holds(self, count: int) -> None:
        """Wait until so many mails are on disk."""
        while self._stored < count:
            self._more.clear()
            await self._more.wait()


@asynccontextmanager
async def store() -> AsyncIterator[Bulk]:
    """A store of its own."""
    with tempfile.TemporaryDirectory() as directory:
        settings = StoreSettings(directory=f"{directory}/own", public_directory=f"{directory}/public")
        writer = Writer(lambda: open_db(settings), lambda _: None)
        writer.start()
        try:
            yield Bulk(writer)
        finally:
            await writer.stop()


async def drain(port: int, count: int) -> tuple[float, int]:
    """Mails a second that the door stores, and how many bytes it grew at most."""
    async with store() as bulk, asyncio.TaskGroup() as group:
        begun = time.perf_counter()
        reading = run(
            account(port, user=USER), PASSWORD, bulk, bulk.writer, now=utc_now, sleep=Waits(), timing=QUICK
        )  # fmt: skip
        door = group.create_task(reading)
        await bulk.holds(count)
        seconds = time.perf_counter() - begun
        door.cancel()
    return count / seconds, bulk.peak - bulk.before


async def bare_store(count: int) -> float:
    """Mails a second that the store itself takes in, in batches of the same size: the ceiling of any door."""
    now = utc_now()
    mails = [handed(uid, now) for uid in range(count)]
    async with store() as bulk:
        begun = time.perf_counter()
        for group in pages(range(count), BATCH_MAILS):
            await bulk.accept_many([mails[uid] for uid in group])
        return count / (time.perf_counter() - begun)


def handed(uid: int, now: datetime) -> tuple[RawMessage, MailboxPlace]:
    """One mail as the door hands it over."""
    message = RawMessage(
        source=Source(door=Door.IMAP, reference=f"imap:bare/INBOX/1/{uid}", account="bare"),
        envelope_from=None, envelope_to=(), peer="", raw=text(uid), received_at=now,
    )  # fmt: skip
    return message, MailboxPlace(account="bare", folder="INBOX", uidvalidity=1, uid=uid)


def main() -> None:
    """All in turn, five times; the middle of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mails", type=int, nargs="?", default=20_000)
    asked = parser.parse_args()
    with Dovecot({USER: PASSWORD}) as server:
        fill(server, asked.mails)
        bare(server.imap_port, asked.mails)  # Dovecot makes its index
        compare(server.imap_port, asked.mails)


def compare(port: int, count: int, rounds: int = ROUNDS) -> None:
    """The rounds over a mailbox that is full."""
    ratios, grown = [], []
    for number in range(rounds):
        theirs, their_cpu = timed(lambda: bare(port, count), count)
        (rate, growth), our_cpu = timed(lambda: asyncio.run(drain(port, count)), count)
        alone, _ = timed(lambda: asyncio.run(bare_store(count)), count)
        ratios.append(rate / theirs)
        grown.append(growth)
        print(
            f"round {number + 1}: imaplib {theirs:,.0f}/s (CPU {their_cpu:.0f} us a mail), fetched and stored "
            f"{rate:,.0f}/s (CPU {our_cpu:.0f} us), ratio {ratios[-1]:.2f}, store alone {alone:,.0f}/s, "
            f"grew {growth / 1e6:.1f} MB", flush=True,
        )  # fmt: skip
    middle = sorted(ratios)[len(ratios) // 2]
    print(f"ratio {middle:.2f} (aim 0.70), growth {max(grown) / 1e6:.1f} MB (aim below 30)")
    print(f"other load matters: load average now {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def timed(work: Callable[[], T], count: int) -> tuple[T, float]:
    """What it gives, and microseconds of CPU a mail."""
    before = time.process_time()
    given = work()
    return given, (time.process_time() - before) / count * 1e6


if __name__ == "__main__":
    main()
