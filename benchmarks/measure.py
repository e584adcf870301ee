"""What the benchmarks share: percentiles, tables, resident memory, the peer, and looks into a suppression file."""

import asyncio
import math
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

STEP = 0.001  # how often a file is looked at for a row
PATIENCE = 60.0

USER, PASSWORD = "sales@harbour-nets.example", "secret"
IMAP = f"""
[[imap]]
name = "sales"
host = "127.0.0.1"
port = {{port}}
tls = "none"
user = "{USER}"
password = "{PASSWORD}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """The peer in a process of its own."""

    port: int
    pid: int
    file: Path


def summary(seconds: Sequence[float]) -> tuple[str, str, str]:
    """p50, p99 and the longest, in milliseconds."""
    ordered = sorted(seconds)
    late = ordered[math.ceil(len(ordered) * 0.99) - 1]
    return tuple(f"{value * 1000:.1f}" for value in (statistics.median(ordered), late, ordered[-1]))  # type: ignore[return-value]  # three of them


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they need to be, numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        cells = (row[n].ljust(widths[n]) if n == 0 else row[n].rjust(widths[n]) for n in range(len(row)))
        print("  ".join(cells))


def memory(pid: int, what: str = "VmRSS") -> float:
    """A line of /proc/PID/status in MB (of 1024 * 1024)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_seconds(pid: int) -> float:
    """CPU time a process has used, in user and system mode (proc(5), /proc/PID/stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def bare_peer(directory: Path) -> AsyncIterator[Bare]:
    """The peer, running."""
    file = directory / "bare.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.bare", str(file), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield Bare(port=int(await process.stdout.readline()), pid=process.pid, file=file)
    finally:
        process.kill()
        await process.wait()


class Onlooker:
    """Any program that reads a list of suppressed addresses."""

    def __init__(self, file: Path) -> None:
        self._connection = apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READWRITE)

    async def sees(self, address: str) -> float:
        """When the address was first seen in the file, in seconds of the monotonic clock."""
        end = time.perf_counter() + PATIENCE
        while time.perf_counter() < end:
            if self._connection.execute("SELECT 1 FROM suppressed WHERE address = ?", (address,)).fetchone():
                return time.perf_counter()
            await asyncio.sleep(STEP)
        raise SystemExit(f"{address} was not suppressed within {PATIENCE:.0f} s")

    def count(self) -> int:
        """How many addresses are listed."""
        row = self._connection.execute("SELECT count(DISTINCT address) FROM suppressed").fetchone()
        return int(str(row[0])) if row else 0

    def close(self) -> None:
        """Look no more."""
        self._connection.close()
