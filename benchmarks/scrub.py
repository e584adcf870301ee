"""Scrub against a set in memory: `./run python -m benchmarks.scrub [ROWS] [SUPPRESSED]`, default 1 and 10 million.

Each way runs in a process of its own on the same files: the time of the work (loading the set counts, as a tool that
holds the list in memory must load it) and the highest resident memory.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from agent.lists.scrub import scrub
from agent.lists.table import find_format, records
from agent.model.address import parse_address
from agent.model.settings import StoreSettings
from agent.obs.clock import utc_now
from agent.store.db import open_db
from agent.store.lookup import listed
from agent.store.public import open_public, publish

SHARE = 10  # one row in so many is suppressed


def person(number: int) -> str:
    return f"buyer.{number * 7919 % 100_000_007:09d}@company{number % 5003}.example"


def make(folder: Path, rows: int, suppressed: int) -> StoreSettings:
    store = StoreSettings(directory=str(folder / "store"), public_directory=str(folder / "public"))
    db, public = open_db(store), open_public(store)
    publish(db, public, utc_now())
    db.close()
    connection = public.file.connection
    connection.execute("BEGIN")
    wanted = sorted(person(number) for number in range(suppressed))
    connection.executemany(
        "INSERT OR IGNORE INTO suppressed VALUES (?, 'all', 'opt_out', 'unsubscribe', '2026-01-01T00:00:00Z', NULL)",
        ((address,) for address in wanted),
    )
    connection.execute("COMMIT")
    public.close()
    with (folder / "list.csv").open("w", encoding="utf-8") as out:
        out.write("name,email,country\n")
        for number in range(rows):
            out.write(f"Buyer {number},{person(number if number % SHARE == 0 else suppressed + number)},DE\n")
    return store


def by_scrub(folder: Path, store: StoreSettings) -> int:
    public = open_public(store)
    with (folder / "out.csv").open("wb") as out:
        summary = scrub(folder / "list.csv", out, None, lambda keys: listed(public, keys), lambda _: None)
    public.close()
    return summary.suppressed


def by_set(folder: Path, store: StoreSettings) -> int:
    public = open_public(store)
    stopped = {row[0] for row in public.file.connection.execute("SELECT address FROM suppressed WHERE scope = 'all'")}
    public.close()
    path, found = folder / "list.csv", 0
    with (folder / "set.csv").open("w", encoding="utf-8") as out:
        for record in records(path, find_format(path)):
            key = parse_address(record.fields[1])
            if key and str(key) in stopped:
                found += 1
            else:
                out.write(record.text)
    return found


def measured(way: Callable[[Path, StoreSettings], int], folder: Path, store: StoreSettings) -> tuple[int, float, float]:
    def child(pipe: object) -> None:
        begun = time.monotonic()
        found = way(folder, store)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pipe.send((found, time.monotonic() - begun, peak))  # type: ignore[attr-defined]

    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    process = context.Process(target=child, args=(there,))
    process.start()
    answer: tuple[int, float, float] = here.recv()
    process.join()
    return answer


def main() -> None:
    rows, suppressed = [int(text.replace(",", "")) for text in (*sys.argv[1:3], "1000000", "10000000")[:2]]
    if len(sys.argv) == 2:
        suppressed = rows * 10
    with tempfile.TemporaryDirectory(prefix="optoutd-scrub-") as name:
        folder = Path(name)
        print(f"{rows:,} rows against {suppressed:,} suppressed; making the files ...")
        store = make(folder, rows, suppressed)
        ours, theirs = measured(by_scrub, folder, store), measured(by_set, folder, store)
    for label, (found, seconds, peak) in (("scrub", ours), ("set in memory", theirs)):
        print(f"{label:15s} {seconds:7.1f} s  {peak:7.0f} MB  {found:,} suppressed")
    print(f"ratio of time   {ours[1] / theirs[1]:7.2f}    (aim: at most 2.5, under 150 MB)")


if __name__ == "__main__":
    main()
