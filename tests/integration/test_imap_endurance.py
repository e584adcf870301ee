"""The IMAP door in a bad year: a server that goes away in the middle, and a mailbox nobody has read for long."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.config import load
from agent.model.mail import RawMessage
from agent.model.settings import StoreSettings
from agent.obs.clock import utc_now
from agent.store import reads
from agent.store.db import open_db
from agent.store.ledger import MailboxPlace
from tests.support.child_server import free_ports
from tests.support.dovecot import Dovecot
from tests.support.hosting import PASSWORD, USER
from tests.support.imap_intake import Inbox, Waits, account, mail, reading, store
from tests.support.program import Program, write_config

MAILBOX = """
[[imap]]
name = "sales"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "{user}"
password_file = "{directory}/password"
"""
GROWTH_BYTES = 30_000_000


def lay(server: Dovecot, count: int, octets: int = 5000) -> None:
    """Put mail into the mailbox as a restored backup does: as files."""
    folder = server.maildir(USER) / "new"
    for place in (folder, folder.parent / "cur", folder.parent / "tmp"):
        place.mkdir(parents=True, exist_ok=True)
    owner = server.maildir(USER).parent.stat()
    for number in range(count):
        path = folder / f"{1_700_000_000 + number}.M{number}.host"
        path.write_bytes(mail(number, "price list", octets))
        os.chown(path, owner.st_uid, owner.st_gid)
    for place in (folder, folder.parent / "cur", folder.parent / "tmp", folder.parent):
        os.chown(place, owner.st_uid, owner.st_gid)


class Saboteur(Inbox):
    """Stops the server once so many mails are in, while the next are being fetched, and starts it again."""

    def __init__(self, inbox: Inbox, server: Dovecot, moments: Iterator[int], *, kill: bool) -> None:
        super().__init__(inbox.writer)
        self.server = server
        self.kill = kill
        self.moments = moments
        self.next = next(moments)
        self.breaks = 0

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one mail."""
        number = await super().accept(message, place)
        if len(self.messages) >= self.next:
            self.next = next(self.moments, 10**9)
            self.breaks += 1
            self.server.stop(kill=self.kill)
            self.server.start()
        return number


@pytest.mark.parametrize("kill", [False, True], ids=["restarted", "killed"])
async def test_a_server_that_goes_away_in_mid_fetch_loses_and_doubles_nothing(
    kill: bool, dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # hazard B1
    # hazard B6
    monkeypatch.setattr("agent.intake.imap.fetch.BATCH_MAILS", 20)
    lay(dovecot, 200)
    async with store(tmp_path) as plain:
        inbox = Saboteur(plain, dovecot, iter((30, 90)), kill=kill)
        waits = Waits(allowed=10**6)
        async with reading(account(dovecot.imap_port), inbox, now=utc_now, waits=waits) as door:
            await plain.settled(200)
            await inbox.holds(200)
        assert inbox.breaks == 2
        assert waits.seconds or not kill, "the line was cut; a restart may let it live until it is idle"
        assert len(set(inbox.references)) == 200
        rows = await plain.writer.run(lambda db: db.connection.execute("SELECT count(*) FROM inbox").get)
        assert (rows, door.alarms) == (200, [])


@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.slow)])
async def test_a_backlog_is_worked_off_at_flat_memory(count: int, dovecot: Dovecot, tmp_path: Path) -> None:
    # hazard B5
    lay(dovecot, count)
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "password").chmod(0o600)
    more = MAILBOX.format(port=dovecot.imap_port, user=USER, directory=tmp_path)
    config = write_config(tmp_path, free_ports(1)[0], more=more)
    settings = load(config, {}).settings
    async with Program(config, "--since", "3000d") as life:
        await life.ready()
        before = peak(life.process.pid)
        begun = time.monotonic()
        await life.until(lambda: done(settings.store, count), seconds=count / 20)
        print(
            f"{count} mails in {time.monotonic() - begun:.0f} s, grew {(peak(life.process.pid) - before) / 1e6:.1f} MB"
        )
        assert peak(life.process.pid) - before < GROWTH_BYTES


def peak(pid: int) -> int:
    """The most memory the process ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(status.split("VmHWM:")[1].split()[0])


def done(settings: StoreSettings, count: int) -> bool:
    """Whether all of it is at its end."""
    db = open_db(settings)
    try:
        return reads.counts(db).inbox == {"done": count}
    finally:
        db.close()
