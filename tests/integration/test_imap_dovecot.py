"""The IMAP door on a real Dovecot, fed by a real Postfix: nothing is lost or read twice, whatever happens."""

import imaplib
import re
import signal
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.intake.imap import Timing, Worry
from agent.intake.imap.folders import encode, wire
from agent.model.mail import RawMessage
from agent.model.settings import After, ImapAccount, TlsMode
from agent.obs.clock import utc_now
from agent.store.ledger import MailboxPlace
from tests.support.dovecot import Dovecot
from tests.support.hosting import PASSWORD, USER
from tests.support.imap_intake import Inbox, Reading, Waits, account, mail, reading, store
from tests.support.postfix import Postfix

ROUNDS = Timing(connect=10, command=10, fetch=10, idle=0.2)


@contextmanager
def client(server: Dovecot, folder: str = "INBOX") -> Iterator[imaplib.IMAP4]:
    """Another program at the same mailbox."""
    with imaplib.IMAP4("127.0.0.1", server.imap_port) as line:
        line.login(USER, PASSWORD)
        line.select(wire(folder))
        yield line


def fill(server: Dovecot, *raws: bytes, folder: str = "INBOX") -> None:
    """Put mail into a folder."""
    with client(server) as line:
        if folder != "INBOX":
            line.create(wire(folder))
        for raw in raws:
            line.append(wire(folder), "", None, raw)


def rebuild(server: Dovecot) -> None:
    """Give the mailbox another UIDVALIDITY, as a move to another machine does."""
    directory = server.maildir(USER)
    uids = directory / "dovecot-uidlist"
    for index in directory.glob("dovecot.index*"):
        index.unlink()
    uids.write_text(re.sub(r" V\d+ ", " V1999999999 ", uids.read_text(), count=1))


def held(server: Dovecot, folder: str) -> int:
    """How many mails a folder holds."""
    with client(server) as line:
        said = line.status(wire(folder), "(MESSAGES)")[1][0]
        return int(said.split()[-1].rstrip(b")"))


def box(server: Dovecot, **changes: object) -> ImapAccount:
    """Our account there, over TLS."""
    fields: dict[str, object] = {
        "host": "localhost", "tls": TlsMode.IMPLICIT, "ca_file": str(server.certificate), "user": USER,
    }  # fmt: skip
    return account(server.imaps_port, **{**fields, **changes})


async def drained(server: Dovecot, inbox: Inbox, count: int, **changes: object) -> Reading:
    """Read until so many mails are settled."""
    async with reading(box(server, **changes), inbox, now=utc_now) as door:
        await inbox.settled(count)
    return door


async def test_mail_by_smtp_is_announced_and_read(dovecot: Dovecot, postfix: Postfix, tmp_path: Path) -> None:
    async with store(tmp_path) as inbox, reading(box(dovecot), inbox, now=utc_now) as door:
        with smtplib.SMTP("127.0.0.1", postfix.port) as line:
            line.sendmail("buyer@example.com", [USER], mail(1))
        await inbox.holds(1)
        with smtplib.SMTP("127.0.0.1", postfix.port) as line:
            line.sendmail("buyer@example.com", [USER], mail(2))
        await inbox.holds(2)
    assert [mail(n).split(b"\r\n\r\n")[1] in m.raw for n, m in enumerate(inbox.messages, 1)] == [True, True]
    assert b"Return-Path: <buyer@example.com>" in inbox.messages[0].raw
    assert door.waits.seconds == []


async def test_mail_is_moved_and_its_seen_flag_kept(dovecot: Dovecot, tmp_path: Path) -> None:
    # hazard B13
    fill(dovecot, mail(1), mail(2))
    with client(dovecot) as line:
        line.store("1", "+FLAGS", r"(\Seen)")
    async with store(tmp_path) as inbox:
        await drained(dovecot, inbox, 2, after=After.MOVE)
    assert (held(dovecot, "INBOX"), held(dovecot, "optoutd")) == (0, 2)
    with client(dovecot, "optoutd") as line:
        assert line.search(None, "SEEN")[1] == [b"1"]


async def test_mail_is_flagged_with_our_own_word(dovecot: Dovecot, tmp_path: Path) -> None:
    # hazard B13
    fill(dovecot, mail(1))
    async with store(tmp_path) as inbox:
        door = await drained(dovecot, inbox, 1, after=After.FLAG)
    with client(dovecot) as line:
        assert line.search(None, "KEYWORD", "optoutd")[1] == [b"1"]
        assert line.search(None, "UNSEEN")[1] == [b"1"]
    assert door.alarms == []


@pytest.mark.parametrize("name", ["My Folder", "Входящие 客户", 'a "b" \\c & d'])
async def test_odd_folders_are_read_and_moved_to(name: str, dovecot: Dovecot, tmp_path: Path) -> None:
    # hazard B12
    fill(dovecot, mail(1), folder="My")
    fill(dovecot, mail(2), folder=name)
    async with store(tmp_path) as inbox:
        await drained(dovecot, inbox, 1, folder=name, after=After.MOVE, move_to=f"{name} done")
        assert [message.raw for message in inbox.messages] == [mail(2)]
    assert (held(dovecot, "My"), held(dovecot, f"{name} done")) == (1, 1)
    assert encode(name).isascii()


async def test_wrong_password_and_unknown_certificate(dovecot: Dovecot, tmp_path: Path) -> None:
    # hazard B8
    # hazard B9
    async with store(tmp_path) as inbox:
        async with reading(box(dovecot), inbox, password="old", waits=Waits(allowed=1)) as door:
            await door.waits.used_up()
        assert ([alarm.worry for alarm in door.alarms], door.waits.seconds) == ([Worry.LOGIN], [60])
        async with reading(box(dovecot, ca_file=""), inbox, waits=Waits(allowed=1)) as door:
            await door.waits.used_up()
        assert [alarm.worry for alarm in door.alarms] == [Worry.TLS]
    assert ssl.OPENSSL_VERSION


async def test_new_uidvalidity_is_read_anew_and_then_known(dovecot: Dovecot, tmp_path: Path) -> None:
    # hazard B2: a rebuilt mailbox has other UIDs; the content key keeps what was read twice from acting twice
    fill(dovecot, mail(1), mail(2))
    async with store(tmp_path) as inbox:
        await drained(dovecot, inbox, 2)
        rebuild(dovecot)
        await drained(dovecot, inbox, 4)
        validities = [reference.split("/")[2] for reference in inbox.references]
        assert (validities.count("1999999999"), len(set(validities)), len(set(inbox.references))) == (2, 2, 4)
        async with reading(box(dovecot), inbox, now=utc_now):
            fill(dovecot, mail(3))
            await inbox.holds(5)
    assert inbox.messages[-1].raw == mail(3)


class Intruder(Inbox):
    """Another client removes mail while ours is in the middle of it."""

    def __init__(self, inbox: Inbox, server: Dovecot, doomed: str) -> None:
        super().__init__(inbox.writer)
        self.server = server
        self.doomed = doomed

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Remove them before the first is stored."""
        if self.doomed:
            with client(self.server) as line:
                line.store(self.doomed, "+FLAGS", r"(\Deleted)")
                line.expunge()
            self.doomed = ""
        return await super().accept(message, place)


async def test_expunge_by_another_client_shifts_nothing(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # hazard B3
    # hazard B19: sequence numbers shift under us, UIDs do not
    monkeypatch.setattr("agent.intake.imap.fetch.BATCH_MAILS", 2)
    fill(dovecot, *(mail(number) for number in range(1, 9)))
    async with store(tmp_path) as plain:
        inbox = Intruder(plain, dovecot, "1,5,6")
        async with reading(box(dovecot, after=After.MOVE), inbox, now=utc_now, timing=ROUNDS) as door:
            await plain.settled(6)
        assert [message.raw for message in inbox.messages] == [mail(n) for n in (1, 2, 3, 4, 7, 8)]
    assert door.alarms == []
    assert held(dovecot, "optoutd") == 5  # the first was stored, but is gone from the mailbox


POINTS = ("fetched", "storing", "stored", "moved", "noted")


@pytest.mark.parametrize("point", POINTS)
async def test_kill_at_each_point_loses_and_doubles_nothing(point: str, dovecot: Dovecot, tmp_path: Path) -> None:
    # hazard B1
    fill(dovecot, *(mail(number) for number in range(1, 6)))
    child = [sys.executable, "-m", "tests.support.killed_imap", point, str(dovecot.imap_port), str(tmp_path)]
    died = subprocess.run(child, capture_output=True, text=True, timeout=60)  # noqa: ASYNC221 - nothing else runs here
    assert died.returncode == -signal.SIGKILL, died.stderr
    async with store(tmp_path) as inbox:
        # the later of the two: what the child has stored, or what is stored now
        await drained(dovecot, inbox, 5, after=After.MOVE)
        rows = await inbox.writer.run(lambda db: db.connection.execute("SELECT reference FROM inbox").fetchall())
        assert len(rows) == len(set(rows)) == 5
    assert (held(dovecot, "INBOX"), held(dovecot, "optoutd")) == (0, 5)
