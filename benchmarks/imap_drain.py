"""Reads 20,000 mails of 5 KB out of Dovecot into a store, beside a bare batched fetch by imaplib in the same run.

`python -m benchmarks.imap_drain [MAILS]`. Aims: at least 0.7 of imaplib's rate, less than 30 MB more memory.
"""

import asyncio
import imaplib
import sys
import tempfile
import time
from pathlib import Path

from agent.obs.clock import utc_now
from tests.support.dovecot import Dovecot
from tests.support.imap_intake import QUICK, Waits, account, mail, store

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


async def drain(server: Dovecot, count: int) -> tuple[float, int]:
    """Mails a second that the door stores, and how many bytes it grew at most."""
    from agent.intake.imap import run

    with tempfile.TemporaryDirectory() as directory:
        async with store(Path(directory)) as inbox:
            inbox.keep = False
            before, peak = memory(), 0
            begun = time.perf_counter()
            async with asyncio.TaskGroup() as group:
                door = group.create_task(
                    run(
                        account(server.imap_port, user=USER), PASSWORD, inbox, inbox.writer,
                        now=utc_now, sleep=Waits(), timing=QUICK,
                    )
                )  # fmt: skip
                for part in range(1, 11):
                    await inbox.settled(count * part // 10)
                    peak = max(peak, memory())
                seconds = time.perf_counter() - begun
                door.cancel()
    return count / seconds, peak - before


def main() -> None:
    """Both in turn, three times; the middle of each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with Dovecot({USER: PASSWORD}) as server:
        fill(server, count)
        ours, theirs, grown = [], [], []
        for number in range(ROUNDS):
            theirs.append(bare(server, count))
            rate, growth = asyncio.run(drain(server, count))
            ours.append(rate)
            grown.append(growth)
            print(f"round {number + 1}: imaplib {theirs[-1]:,.0f}/s, stored {rate:,.0f}/s, grew {growth / 1e6:.1f} MB")
        middle = ROUNDS // 2
        ratio = sorted(ours)[middle] / sorted(theirs)[middle]
        print(f"ratio {ratio:.2f} (aim 0.70), growth {max(grown) / 1e6:.1f} MB (aim below 30)")


if __name__ == "__main__":
    main()
