"""What the daemon and its reader hold in memory, idle and after 2,000 mails: `./run python benchmarks/memory.py`.

Aims: the daemon 64 MB, the reader 120 MB, with SMTP and one IMAP account. The peer is an aiosmtpd that stores mail.
What is over its aim, or everything with --imports, is shown package by package.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from agent.config import load
from agent.demo.mailbox import Mailbox
from agent.model.settings import Settings
from agent.store import reads
from agent.store.db import open_db
from benchmarks.measure import IMAP, PASSWORD, USER, bare_peer, memory, table
from tests.support.child_server import free_ports
from tests.support.load import Peer, What, mint_people, write
from tests.support.program import Program, write_config

MAILS = 2_000
PEER = "peer: bare aiosmtpd"
AIMS = {"daemon": 64.0, "reader": 120.0}
MODULES = {"daemon": "agent.cli.daemon,agent.daemon", "reader": "agent.worker.kit,agent.worker.read"}
WHAT = (What.TOKEN, What.TOKEN, What.PLAIN, What.WORD, What.BOUNCE)
IMAP_SHARE = 10  # every so manieth mail comes by IMAP


async def run(show_imports: bool) -> None:
    """Start, look, send, look."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (port,) = free_ports(1)
        async with Mailbox(USER, PASSWORD) as box, bare_peer(directory) as bare:
            config = write_config(directory, port, more=IMAP.format(port=box.port))
            settings = load(config, {}).settings
            async with Program(config) as life:
                await life.ready()
                await _send(settings, life, box, port, range(1))  # by then the mailbox is open, too
                pids = {"daemon": life.process.pid, "reader": life.children()[0], PEER: bare.pid}
                before = {kind: memory(pid) for kind, pid in pids.items()}
                await _send(settings, life, box, port, range(1, MAILS), bare.port)
                _show(pids, before)
    for kind, aim in AIMS.items():
        if show_imports or before[kind] > aim:
            _imports(kind)


async def _send(
    settings: Settings, life: Program, box: Mailbox, port: int, numbers: range, peer_port: int | None = None
) -> None:
    """Mails of all kinds by both doors, until all are done; the peer gets the same."""
    people = mint_people(settings, numbers.stop)[numbers.start :]
    mails = [write(person, WHAT[number % len(WHAT)], settings) for number, person in zip(numbers, people, strict=True)]
    async with Peer(port) as peer:
        for number, mail in enumerate(mails):
            if number % IMAP_SHARE == 0:
                await box.deliver(mail.raw)
            else:
                assert await peer.send(mail)
    if peer_port:
        async with Peer(peer_port) as peer:
            for mail in mails:
                assert await peer.send(mail)
    db = open_db(settings.store)
    try:
        await life.until(lambda: reads.counts(db).inbox == {"done": numbers.stop}, seconds=120)
    finally:
        db.close()


def _show(pids: dict[str, int], before: dict[str, float]) -> None:
    rows = []
    for kind, pid in pids.items():
        aim = AIMS.get(kind)
        now = memory(pid)
        rows.append(
            (
                kind,
                f"{before[kind]:.1f}",
                f"{now:.1f}",
                f"{memory(pid, 'VmHWM'):.1f}",
                f"{memory(pid, 'RssAnon'):.1f}",
                f"{aim:.0f}" if aim else "",
                f"{now / memory(pids[PEER]):.2f}",
            )
        )
    table(("resident MB", "1 mail", f"{MAILS} mails", "peak", "its own", "aim", "ratio"), rows)


def _imports(kind: str) -> None:
    command = [sys.executable, "-m", "benchmarks.weigh", MODULES[kind]]
    print(f"\nMB by package, {kind}:")
    print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imports", action="store_true", help="show the packages even when all is within its aim")
    asyncio.run(run(parser.parse_args().imports))
