"""The real program from READY to its end: no promise too early, no mail dropped at a stop, no limping on."""

import asyncio
import json
import os
import signal
import socket
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.config import load
from agent.model.settings import Settings
from agent.obs.clock import utc_now
from agent.store import reads
from agent.store.db import open_db
from agent.store.public import open_public
from tests.support.child_server import free_ports
from tests.support.fake_relay import FakeRelay
from tests.support.load import Mail, Peer, Person, What, mint_people, write
from tests.support.program import SECONDS, Program, write_config


class Site:
    """A configuration on a free port, and people to write to it."""

    def __init__(self, directory: Path, *, relay_port: int = 0, people: int = 1) -> None:
        (self.port,) = free_ports(1)
        self.config = write_config(directory, self.port, relay_port=relay_port)
        self.settings: Settings = load(self.config, {}).settings
        self.people: tuple[Person, ...] = mint_people(self.settings, people)

    def mail(self, what: What = What.TOKEN, person: int = 0) -> Mail:
        """What one of them sends."""
        return write(self.people[person], what, self.settings)

    def listed(self) -> dict[str, str]:
        """The suppression list: address and state."""
        public = open_public(self.settings.store)
        try:
            if not public.file.connection.pragma("user_version"):  # nothing was published yet
                return {}
            return {
                str(row[0]): str(row[1])
                for row in public.file.connection.execute("SELECT address, state FROM suppressed")
            }
        finally:
            public.close()

    def execute(self, statement: str) -> None:
        """Scribble in the suppression list, as any program of its group may."""
        public = open_public(self.settings.store)
        try:
            public.file.connection.execute(statement)
        finally:
            public.close()

    def asked(self, question: str) -> list[tuple[object, ...]]:
        """What the suppression list answers."""
        public = open_public(self.settings.store)
        try:
            return list(public.file.connection.execute(question))
        finally:
            public.close()

    def counts(self) -> reads.Counts:
        """How much lies where in optoutd.db."""
        db = open_db(self.settings.store)
        try:
            return reads.counts(db)
        finally:
            db.close()


async def test_a_stop_lets_the_mail_that_is_coming_in_finish(tmp_path: Path) -> None:
    site = Site(tmp_path)
    mail = site.mail()
    async with Program(site.config) as life:
        await life.ready()
        async with Peer(site.port) as sending, Peer(site.port) as idle:
            await sending.begin(mail)
            sending.writer.write(mail.raw[:50])
            life.process.terminate()
            assert await life.told() == "STOPPING=1"
            assert await idle.hear("421")
            sending.writer.write(mail.raw[50:] + b".\r\n")
            assert await sending.hear("250")
            assert await sending.hear("421")
        assert await life.gone() == 0
    assert sum(site.counts().inbox.values()) == 1
    async with Program(site.config) as life:
        await life.ready()
        await life.until(lambda: site.counts().inbox == {"done": 1})
        assert site.listed() == {mail.person.address: "opt_out"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_with_nothing_to_do_is_clean_and_silent(tmp_path: Path, number: int) -> None:
    site = Site(tmp_path)
    async with Program(site.config) as life:
        await life.ready()
        life.process.send_signal(number)
        assert await life.told() == "STOPPING=1"
        assert await life.gone() == 0
        assert [json.loads(line)["level"] for line in life.lines] == ["warning"]  # that no relay is configured


# hazard K5
async def test_ready_is_said_only_when_the_port_accepts(tmp_path: Path) -> None:
    """While nobody takes its messages READY cannot leave the program; if it came first, the port would never open."""
    site = Site(tmp_path)
    async with Program(site.config, before=_fill) as life:
        async with asyncio.timeout(SECONDS):
            await _accepts(site.port)
        told = [await life.told()]
        while told[-1] == "filler":
            told.append(await life.told())
        assert told[-1] == "READY=1"
        async with Peer(site.port) as peer:
            assert await peer.send(site.mail())


def _fill(notified: socket.socket) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                sender.sendto(b"filler", notified.getsockname())


async def _accepts(port: int) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.02)  # the kernel tells nobody of a port that opens, and the program is not to speak yet


async def test_a_port_that_is_taken_ends_it_with_one_clear_line(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with socket.create_server(("127.0.0.1", site.port)):
        async with Program(site.config) as life:
            assert await life.told() == ""
            assert await life.gone() == 3
    (line,) = _plain(life)
    assert line == f"optoutd: smtp.listen: cannot listen at 127.0.0.1:{site.port}: Address already in use"


# hazard K5
async def test_a_database_of_a_newer_version_is_never_ready(tmp_path: Path) -> None:
    site = Site(tmp_path)
    db = open_db(site.settings.store)
    db.connection.pragma("user_version", 99)
    db.close()
    async with Program(site.config) as life:
        assert await life.told() == ""
        assert await life.gone() == 3
    (line,) = _plain(life)
    assert line.startswith("optoutd: ")
    assert "99" in line


# hazard E5
async def test_a_damaged_store_is_never_ready_and_the_list_stays_as_it_was(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with Program(site.config) as life:
        await life.ready()
        async with Peer(site.port) as peer:
            assert await peer.send(site.mail())
        await life.until(lambda: bool(site.listed()))
        life.process.terminate()
        assert await life.gone() == 0
    path, before = tmp_path / "store" / "optoutd.db", site.listed()
    whole = bytearray(path.read_bytes())
    whole[4096 * 3 : 4096 * 30] = bytes(4096 * 27)
    path.write_bytes(whole)
    async with Program(site.config) as life:
        assert await life.told() == ""
        assert await life.gone() == 3
    (line,) = _plain(life)
    assert line.startswith(f"optoutd: {path}")
    assert "optoutd restore DIRECTORY --force" in line
    assert site.listed() == before == {site.people[0].address: "opt_out"}


# hazard E5
async def test_a_damaged_list_is_made_anew_at_the_start_and_while_it_runs(tmp_path: Path) -> None:
    site = Site(tmp_path, people=2)
    path = tmp_path / "public" / "suppression.db"
    async with Program(site.config) as life:
        await life.ready()
        async with Peer(site.port) as peer:
            assert await peer.send(site.mail())
        await life.until(lambda: bool(site.listed()))
        life.process.terminate()
        assert await life.gone() == 0
    path.write_bytes(b"no database" * 1000)
    async with Program(site.config) as life:
        await life.ready()
        assert site.listed() == {site.people[0].address: "opt_out"}
        assert any("list_made_anew" in line for line in life.lines)
        site.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path.write_bytes(b"no database" * 1000)
        async with Peer(site.port) as peer:
            assert await peer.send(site.mail(person=1))
        await life.until(lambda: sum("list_made_anew" in line for line in life.lines) == 2)
        await life.until(lambda: set(site.listed()) == {one.address for one in site.people})


# hazard K11
@pytest.mark.parametrize(("language", "zone"), [("C", "Pacific/Kiritimati"), ("POSIX", "America/Adak"), ("", "")])
async def test_no_zone_and_no_language_of_the_machine_matters(
    language: str, zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("LC_", "LANG", "PYTHONUTF8"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", language)
    monkeypatch.setenv("TZ", zone)
    site = Site(tmp_path)
    async with Program(site.config) as life:
        await life.ready()
        async with Peer(site.port) as peer:
            assert await peer.send(site.mail(What.WORD))
        await life.until(lambda: bool(site.listed()))
    ((since,),) = site.asked("SELECT since FROM suppressed")
    away = abs(datetime.fromisoformat(str(since)) - utc_now())
    assert away < timedelta(hours=1), "in UTC, wherever the machine stands"


async def test_a_writer_that_dies_takes_the_program_with_it(tmp_path: Path) -> None:
    """What publishing meets here no retry mends; what was said yes to is on disk and waits for the next start."""
    site = Site(tmp_path)
    mail = site.mail()
    async with Program(site.config) as life:
        await life.ready()
        site.execute("UPDATE published SET version = 'scribble'")
        async with Peer(site.port) as peer:
            with suppress(EOFError, OSError):  # it may be gone before it can say so
                await peer.send(mail)
        assert await life.gone() not in (0, -signal.SIGKILL)
    async with Program(site.config) as life:
        await life.ready()  # the start compares both files and mends
        await life.until(lambda: site.counts().inbox == {"done": 1})
        assert site.listed() == {mail.person.address: "opt_out"}


async def test_a_reader_that_dies_is_replaced(tmp_path: Path) -> None:
    site = Site(tmp_path)
    async with Program(site.config) as life:
        await life.ready()
        (reader,) = life.children()
        os.kill(reader, signal.SIGKILL)
        async with Peer(site.port) as peer:
            assert await peer.send(site.mail(What.PLAIN))
        await life.until(lambda: bool(site.listed()))
        assert life.process.returncode is None


# hazard J3
async def test_the_log_is_json_one_line_a_step_and_names_nobody(tmp_path: Path) -> None:
    async with FakeRelay(extensions=()) as relay:
        site = Site(tmp_path, relay_port=relay.port, people=8)
        mails = [site.mail(what, person) for person, what in enumerate((*What, *What))]
        async with Program(site.config) as life:
            await life.ready()
            async with Peer(site.port) as peer:
                for mail in mails:
                    assert await peer.send(mail)
                assert await peer.say("RCPT TO:<nobody.in.particular@elsewhere.example>", "503")
                assert await peer.say("MAIL FROM:<somebody.special@elsewhere.example>", "250")
                assert await peer.say("RCPT TO:<nobody.in.particular@elsewhere.example>", "550")
            await life.until(lambda: site.counts().inbox == {"done": len(mails)})
            await life.until(lambda: set(site.counts().outbox) == {"done"})
            life.process.terminate()
            assert await life.gone() == 0
    log = [json.loads(line) for line in life.lines]
    assert all(line["time"] and line["level"] and line["event"] for line in log)
    steps = Counter((line["inbox"], line["event"]) for line in log if "inbox" in line)
    assert {step: times for step, times in steps.items() if times > 1} == {}
    assert {number for number, _ in steps} == set(range(1, len(mails) + 1))
    secret = ["buyer", "nobody.in", "somebody.special", "STOP", *(p.unsubscribe for p in site.people)]
    assert [line for line in life.lines if any(word in line for word in secret)] == []


def _plain(life: Program) -> list[str]:
    """What was said beside the log."""
    return [line for line in life.lines if not line.startswith("{")]
