"""Mails a second from SMTP to suppression.db, and whether work piles up: `./run python benchmarks/end_to_end.py`.

Aim: 400 a second on two cores, and no growing backlog. The load is a process of its own, which takes its share of the
cores. Flat out, the doors may take more than is worked off; at the paced rate the backlog must stay where it is. Beside
it in every round: a bare aiosmtpd that does one synced commit a mail.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent.config import load
from agent.model.settings import Settings
from agent.store import reads
from agent.store.db import Db, open_db
from agent.store.public import FILE_NAME
from benchmarks.measure import Onlooker, bare_peer, cpu_seconds, table
from tests.support.child_server import free_ports
from tests.support.load import Mail, Peer, Person, What, mint_people, write
from tests.support.program import Program, write_config

MIXES = {
    "tokens": (What.TOKEN,),
    "plain addresses": (What.PLAIN,),
    "mixed": (*(What.TOKEN,) * 6, What.PLAIN, What.WORD, What.BOUNCE, What.BOUNCE),
}
CONNECTIONS = 16
LOOK = 0.25
PATIENCE = 300.0
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far things were at one moment, in seconds since the load began."""

    at: float
    accepted: int
    backlog: int
    listed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one load led to."""

    looks: tuple[Look, ...]
    sent_seconds: float
    cpu: dict[str, float]  # milliseconds a mail, by process

    @property
    def listed_rate(self) -> float:
        """People on the list a second, until the last one is."""
        last = self.looks[-1].listed
        return last / next(look.at for look in self.looks if look.listed == last)

    @property
    def done_rate(self) -> float:
        """Mails done with, their bodies read, a second."""
        return self.looks[-1].accepted / self.looks[-1].at


async def send(mails: list[Mail], port: int, rate: int) -> None:
    """The load: all mails, flat out or so many a second."""
    mails.reverse()
    print("go", flush=True)
    count, begun = len(mails), time.perf_counter()

    async def one() -> None:
        async with Peer(port) as peer:
            while mails:
                due = begun + (count - len(mails)) / rate if rate else 0
                mail = mails.pop()
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                reply = await peer.send(mail)
                assert reply.startswith("250"), reply

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTIONS):
            group.create_task(one())
    print(time.perf_counter() - begun, flush=True)


async def loaded(file: Path, port: int, rate: int, look: Callable[[float], Look], pids: dict[str, int]) -> Round:
    """Send, and look on until nothing is left to do."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.end_to_end", "--load", str(file), str(port), str(rate),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    await process.stdout.readline()
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    begun = time.perf_counter()
    looks = [look(0.0)]
    while process.returncode is None or looks[-1].backlog:
        await asyncio.sleep(LOOK)
        looks.append(look(time.perf_counter() - begun))
        assert looks[-1].at < PATIENCE, "it does not come to an end"
    assert process.returncode == 0
    sent = float(await process.stdout.readline())
    cpu = {name: (cpu_seconds(pid) - before[name]) / looks[-1].accepted * 1000 for name, pid in pids.items()}
    return Round(looks=tuple(looks), sent_seconds=sent, cpu=cpu)


async def ours(directory: Path, mix: str, people: int, rate: int) -> Round:
    """The program under one load."""
    (port,) = free_ports(1)
    config = write_config(directory, port)
    settings = load(config, {}).settings
    file = written(directory, settings, mint_people(settings, people), MIXES[mix])
    with ExitStack() as stack:
        db = stack.enter_context(closing(open_db(settings.store)))
        async with Program(config) as life:
            await life.ready()
            onlooker = stack.enter_context(closing(Onlooker(Path(settings.store.public_directory) / FILE_NAME)))
            pids = {"daemon": life.process.pid, "reader": life.children()[0]}
            result = await loaded(file, port, rate, lambda at: _look(db, onlooker, at), pids)
            life.process.terminate()
            assert await life.gone() == 0
    return result


def _look(db: Db, onlooker: Onlooker, at: float) -> Look:
    inbox = reads.counts(db).inbox
    waiting = inbox.get("new", 0) + inbox.get("token_applied", 0)
    return Look(at=at, accepted=sum(inbox.values()), backlog=waiting, listed=onlooker.count())


async def peer(directory: Path, people: int) -> Round:
    """The bare server under the same load."""
    settings = load(write_config(directory, 1), {}).settings
    file = written(directory, settings, mint_people(settings, people), MIXES["plain addresses"])
    async with bare_peer(directory) as bare:
        with closing(Onlooker(bare.file)) as onlooker:

            def look(at: float) -> Look:
                listed = onlooker.count()
                return Look(at=at, accepted=listed, backlog=0, listed=listed)

            return await loaded(file, bare.port, 0, look, {"bare": bare.pid})


def written(directory: Path, settings: Settings, people: Sequence[Person], mix: Sequence[What]) -> Path:
    """The mails, in a file for the load."""
    mails = [write(person, mix[number % len(mix)], settings) for number, person in enumerate(people)]
    file = directory / "load.msgpack"
    file.write_bytes(msgspec.msgpack.encode(mails))
    return file


async def run(people: int, rate: int, mixes: Sequence[str], flat_out: bool) -> None:
    """All rounds, each in a fresh directory."""
    rounds: dict[str, Round] = {}
    for mix in mixes:
        for pace in (0, rate) if flat_out else (rate,):
            with tempfile.TemporaryDirectory() as name:
                how = f"at {pace} a second" if pace else "flat out"
                rounds[f"{mix}, {how}"] = await ours(Path(name), mix, people, pace)
    with tempfile.TemporaryDirectory() as name:
        rounds["peer: bare aiosmtpd, one commit"] = bare = await peer(Path(name), people)
    _show(rounds, bare)


def _show(rounds: dict[str, Round], bare: Round) -> None:
    rows = []
    for name, one in rounds.items():
        cpu = " ".join(f"{process} {used:.2f}" for process, used in one.cpu.items())
        rates = (one.looks[-1].accepted / one.sent_seconds, one.listed_rate, one.done_rate)
        backlog = max(look.backlog for look in one.looks)
        ratio = one.listed_rate / bare.listed_rate
        rows.append((name, *(f"{each:.0f}" for each in rates), str(backlog), f"{ratio:.2f}", cpu))
    table(("mails a second", "250", "listed", "done", "most backlog", "ratio", "CPU ms a mail"), rows)
    print(f"other load matters: load average now {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("\nbacklog (mails not done with) over the time of the load:")
    for name, one in rounds.items():
        every = max(1, len(one.looks) // SHOWN)
        print(f"{name}: " + " ".join(f"{look.at:.0f}s:{look.backlog}" for look in one.looks[::every]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=8_000)
    parser.add_argument("--rate", type=int, default=400, help="of the paced rounds")
    parser.add_argument("--mix", choices=MIXES, action="append", help="only this one; may be given again")
    parser.add_argument("--paced-only", action="store_true")
    parser.add_argument("--load", nargs=3, metavar=("FILE", "PORT", "RATE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.load:
        load_file, *numbers = asked.load
        asyncio.run(send(msgspec.msgpack.decode(Path(load_file).read_bytes(), type=list[Mail]), *map(int, numbers)))
    else:
        asyncio.run(run(asked.mails, asked.rate, asked.mix or tuple(MIXES), not asked.paced_only))
