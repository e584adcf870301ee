"""Old mail comes in by the same spine as new mail: once, unanswered, whoever is at work, whenever it is stopped."""

import asyncio
import json
import mailbox
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cli.import_mail import Tally, work
from agent.config import load
from agent.intake.files import MailFile, mails
from agent.model.settings import Settings
from agent.store import reads
from agent.store.db import open_db
from agent.store.public import open_public
from agent.store.work_lock import WorkLock
from tests.support.child_server import free_ports
from tests.support.load import What, mint_people, write
from tests.support.program import Program, write_config

OLD = "Date: Tue, 04 Jun 2024 10:00:00 +0200"


class Archive:
    """A configuration, people who were mailed before, and what they wrote back two years ago."""

    def __init__(self, directory: Path) -> None:
        (port,) = free_ports(1)
        self.config = write_config(directory, port)
        self.settings: Settings = load(self.config, {}).settings
        self.people = mint_people(self.settings, 4)
        self.folder = directory / "old mail"
        self.folder.mkdir()

    def old(self, what: What, person: int) -> bytes:
        """One mail, long ago."""
        raw = write(self.people[person], what, self.settings).raw.decode()
        lines = (OLD if line.startswith("Date:") else line for line in raw.split("\r\n"))
        return "\r\n".join(lines).encode()

    def all(self) -> Iterator[bytes]:
        """An opt-out with a token, one in words, a bounce, and one that asks for nothing."""
        yield self.old(What.TOKEN, 0)
        yield self.old(What.WORD, 1)
        yield self.old(What.BOUNCE, 2)
        yield b"From: x@y.example\r\nTo: sales@harbour-nets.example\r\nSubject: price?\r\n\r\nHow much is the net?\r\n"

    def fill(self) -> None:
        """Two as files, two as an mbox."""
        first, second, *others = self.all()
        (self.folder / "1.eml").write_bytes(first)
        (self.folder / "2.eml").write_bytes(second)
        box = mailbox.mbox(self.folder / "more.mbox")
        for raw in others:
            box.add(raw)
        box.close()

    def listed(self) -> dict[str, str]:
        """The suppression list."""
        public = open_public(self.settings.store)
        try:
            rows = public.file.connection.execute("SELECT address, state FROM suppressed").fetchall()
            return {str(row[0]): str(row[1]) for row in rows}
        finally:
            public.close()

    def counts(self) -> tuple[reads.Counts, int]:
        """Where the mail is, and how many events there were."""
        db = open_db(self.settings.store)
        try:
            return reads.counts(db), int(str(db.connection.execute("SELECT count(*) FROM event").get))
        finally:
            db.close()

    async def command(self, *more: str) -> tuple[int, dict[str, object]]:
        """The command as it is called."""
        called = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent", "-c", str(self.config), "import-mail", "--json", str(self.folder), *more,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await called.communicate()
        assert err == b""
        return called.returncode or 0, json.loads(out)

    def wanted(self) -> dict[str, str]:
        """Who is on the list in the end: the bounce is too old to say anything."""
        return {self.people[0].address: "opt_out", self.people[1].address: "opt_out"}


async def test_without_the_daemon_the_command_does_all_itself(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.fill()
    code, said = await archive.command()
    assert (code, said["mails"], said["known"], said["set_aside"]) == (0, 4, 0, 0)
    assert said["kinds"] == {"unsubscribe": 2, "bounce": 1, "reply": 1}
    assert archive.listed() == archive.wanted()
    counts, events = archive.counts()
    assert (counts.inbox, counts.outbox) == ({"done": 4}, {})

    code, said = await archive.command()
    assert (code, said["mails"], said["known"]) == (0, 4, 4)
    assert archive.counts() == (counts, events)


async def test_with_the_daemon_the_command_waits_for_it(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.fill()
    async with Program(archive.config) as life:
        await life.ready()
        assert not WorkLock(archive.settings.store).take()
        code, said = await archive.command()
        assert (code, said["mails"]) == (0, 4)
        assert archive.listed() == archive.wanted()
        applied = [line for line in life.lines if '"applied"' in line]
        assert len(applied) >= 3, "the daemon did the work"


async def test_it_can_be_stopped_and_run_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.fill()

    def until_stopped() -> Iterator[MailFile]:
        yield from list(mails(str(archive.folder)))[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await asyncio.get_running_loop().run_in_executor(None, _run, archive.settings, until_stopped())
    assert len(archive.listed()) <= 2
    tally = Tally()
    await work(archive.settings, mails(str(archive.folder)), tally, lambda _: None)
    assert (tally.mails, sum(tally.kinds.values())) == (4, 4)
    assert archive.listed() == archive.wanted()
    assert archive.counts()[0].inbox == {"done": 4}


def _run(settings: Settings, found: Iterator[MailFile]) -> None:
    asyncio.run(work(settings, found, Tally(), lambda _: None))


async def test_twice_the_same_and_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    raw = archive.old(What.WORD, 0)
    found = (MailFile(name="a", raw=raw), MailFile(name="b", error="Permission denied"), MailFile(name="c", raw=raw))
    tally = Tally()
    await work(archive.settings, found, tally, lambda _: None)
    assert (tally.mails, tally.known, tally.unreadable) == (2, 1, ["b: cannot be read: Permission denied"])
    assert tally.kinds == {"unsubscribe": 1}


async def test_a_poisonous_mail_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    limits = replace(archive.settings.limits, header_lines=20)
    settings = replace(archive.settings, limits=limits)
    bomb = b"From: x@y.example\r\n" + b"X: y\r\n" * 100 + b"\r\nhello\r\n"
    found = (MailFile(name="bomb", raw=bomb), MailFile(name="stop", raw=archive.old(What.WORD, 0)))
    tally = Tally()
    await work(settings, found, tally, lambda _: None)
    assert tally.set_aside == 1
    assert archive.listed() == {archive.people[0].address: "opt_out"}


async def test_two_daemons_never_work_on_one_store(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    lock = WorkLock(archive.settings.store)
    assert lock.take()
    assert lock.take()
    async with Program(archive.config) as life:
        assert await life.gone() == 3
        assert "another optoutd is working on this store" in life.lines[-1]
    lock.release()
    async with Program(archive.config) as life:
        await life.ready()
