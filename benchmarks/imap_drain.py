"""Reads 20,000 mails of 5 KB out of Dovecot into a store, beside a bare batched fetch by imaplib in the same run.

`python -m benchmarks.imap_drain [MAILS]`. Aims: at least 0.7 of imaplib's rate, less than 30 MB more memory.
"""

import asyncio
import imaplib
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from agent.intake.imap import run
from agent.intake.imap.fetch import BATCH_MAILS
from agent.model.mail import Door, RawMessage, Source
from agent.obs.clock import utc_now
from agent.store import inbox
from agent.store.ledger import MailboxPlace
from tests.support.dovecot import Dovecot
from tests.support.imap_intake import QUICK, Inbox, Waits, account, mail, store

USER, PASSWORD = "sales@shop.example", "pw"
ROUNDS = 3
BATCH = 100


def fill(server: Dovecot, count: int) -> None:
    """Append the mails, many in flight at once."""
    with imaplib.IMAP4("127.0.0.1", server.imap_port) as line:
        line.login(USER, PASSWORD)
        for number in range(count):
            line.append("INBOX", "", None, mail(number, size=4850))


def bare(server: Dovecot, count: int) -> float:
    """Mails a second that imaplib can fetch and drop."""
    begun = time.perf_counter()
    fetched = 0
    with imaplib.IMAP4("127.0.0.1", server.imap_port) as line:
        line.login(USER, PASSWORD)
        line.select("INBOX")
        uids = line.uid("search", "ALL")[1][0].split()
        for start in range(0, len(uids), BATCH):
            _, found = line.uid("fetch", b",".join(uids[start : start + BATCH]).decode(), "(UID BODY.PEEK[])")
            fetched += sum(isinstance(part, tuple) for part in found)
    assert fetched == count
    return count / (time.perf_counter() - begun)


def memory() -> int:
    """Resident bytes now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class Bulk(Inbox):
    """The sink as the daemon has it: a batch is one job."""

    async def accept_many(self, mails: Sequence[tuple[RawMessage, MailboxPlace]]) -> tuple[int, ...]:
        """Store a batch."""
        return await self.writer.run(lambda db: inbox.accept_many(db, mails))


async def drain(server: Dovecot, count: int) -> tuple[float, int]:
    """Mails a second that the door stores, and how many bytes it grew at most."""
    with tempfile.TemporaryDirectory() as directory:
        async with store(Path(directory)) as plain:
            bulk = Bulk(plain.writer)
            before, peak = memory(), 0
            begun = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                door = group.create_task(
                    run(
                        account(server.imap_port, user=USER), PASSWORD, bulk, bulk.writer,
                        now=utc_now, sleep=Waits(), timing=QUICK,
                    )
                )  # fmt: skip
                for part in range(1, 11):
                    await plain.settled(count * part // 10)
                    peak = max(peak, memory())
                seconds = time.perf_counter() - begun
                door.cancel()
    return count / seconds, peak - before


async def bare_store(count: int) -> float:
    """Mails a second that the store itself takes in, in batches of the same size: the ceiling of any door."""
    now = utc_now()
    with tempfile.TemporaryDirectory() as directory:
        async with store(Path(directory)) as plain:
            bulk = Bulk(plain.writer)
            begun = time.perf_counter()
            for start in range(0, count, BATCH_MAILS):
                await bulk.accept_many([handed(uid, now) for uid in range(start, start + BATCH_MAILS)])
            return count / (time.perf_counter() - begun)


def handed(uid: int, now: datetime) -> tuple[RawMessage, MailboxPlace]:
    """One mail as the door hands it over."""
    message = RawMessage(
        source=Source(door=Door.IMAP, reference=f"imap:bare/INBOX/1/{uid}", account="bare"),
        envelope_from=None, envelope_to=(), peer="", raw=mail(uid, size=4850), received_at=now,
    )  # fmt: skip
    return message, MailboxPlace(account="bare", folder="INBOX", uidvalidity=1, uid=uid)


def main() -> None:
    """All in turn, three times; the middle of each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with Dovecot({USER: PASSWORD}) as server:
        fill(server, count)
        ours, theirs, grown = [], [], []
        for number in range(ROUNDS):
            theirs.append(bare(server, count))
            rate, growth = asyncio.run(drain(server, count))
            ours.append(rate)
            grown.append(growth)
            alone = asyncio.run(bare_store(count))
            print(
                f"round {number + 1}: imaplib {theirs[-1]:,.0f}/s, store alone {alone:,.0f}/s, "
                f"fetched and stored {rate:,.0f}/s, grew {growth / 1e6:.1f} MB"
            )
        middle = ROUNDS // 2
        ratio = sorted(ours)[middle] / sorted(theirs)[middle]
        print(f"ratio {ratio:.2f} (aim 0.70), growth {max(grown) / 1e6:.1f} MB (aim below 30)")


if __name__ == "__main__":
    main()
