"""A first start harms nobody: --observe changes nothing and loses nothing, and old mail is not touched unless asked."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from agent.config import load
from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import Settings
from agent.obs.clock import utc_now
from agent.observe import Observer, Report, tell_end
from agent.opening import open_books
from agent.store import reads
from agent.store.db import open_db
from agent.store.public import open_public
from agent.worker.kit import load_kit
from tests.faults.test_stop_at_every_step import InProcess
from tests.support.child_server import free_ports
from tests.support.fake_imap import FakeImap
from tests.support.fake_relay import FakeRelay
from tests.support.load import Peer, What, mint_people, write
from tests.support.program import Program, write_config

MAILBOX = """
[[imap]]
name = "sales"
host = "127.0.0.1"
port = {port}
tls = "none"
user = "sales@harbour-nets.example"
password_file = "{directory}/password"
after = "move"
move_to = "done"
"""
TOUCHES = ("UID STORE", "UID MOVE", "UID COPY", "UID EXPUNGE", "EXPUNGE", "CREATE", "STORE")


class Site:
    """A program between an SMTP port, a mailbox and a relay."""

    def __init__(self, directory: Path, mailbox: FakeImap, relay: FakeRelay) -> None:
        (directory / "password").write_text("pw\n")
        (directory / "password").chmod(0o600)
        (self.port,) = free_ports(1)
        more = MAILBOX.format(port=mailbox.port, directory=directory)
        self.config = write_config(directory, self.port, relay_port=relay.port, more=more)
        self.settings: Settings = load(self.config, {}).settings
        self.people = mint_people(self.settings, 4)

    def listed(self) -> dict[str, str]:
        """The suppression list."""
        public = open_public(self.settings.store)
        try:
            rows = public.file.connection.execute("SELECT address, state FROM suppressed").fetchall()
            return {str(row[0]): str(row[1]) for row in rows}
        finally:
            public.close()

    def counts(self) -> reads.Counts:
        """How much lies where."""
        db = open_db(self.settings.store)
        try:
            return reads.counts(db)
        finally:
            db.close()

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        db = open_db(self.settings.store)
        try:
            return int(str(db.connection.execute(f"SELECT count(*) FROM {table}").get))
        finally:
            db.close()


def said(life: Program, name: str) -> list[dict[str, object]]:
    """The log lines of one event."""
    return [line for line in map(json.loads, life.lines) if line["event"] == name]


async def test_observing_changes_nothing_and_the_next_start_honours_all(tmp_path: Path) -> None:
    async with FakeImap() as mailbox, FakeRelay(extensions=()) as relay:
        mailbox.arrived = f"{utc_now():%d-%b-%Y %H:%M:%S} +0000"
        site = Site(tmp_path, mailbox, relay)
        mails = [
            write(site.people[n], what, site.settings) for n, what in enumerate((What.TOKEN, What.WORD, What.BOUNCE))
        ]
        mailbox.mails[1] = write(site.people[3], What.WORD, site.settings).raw
        async with Program(site.config, "--observe") as life:
            await life.ready()
            async with Peer(site.port) as peer:
                for mail in mails:
                    assert (await peer.send(mail)).startswith("250")
            await life.until(lambda: site.counts().inbox == {"observed": 4})
            life.process.terminate()
            assert await life.gone() == 0
        assert sorted(str(line["states"]) for line in said(life, "would_apply")) == ["hard"] + ["opt_out"] * 3
        assert [line["letters"] for line in said(life, "would_apply") if line["letters"]]
        (end,) = said(life, "observed")
        assert (end["mails"], end["would_suppress"]) == (4, "3 opt_out, 1 hard")
        assert "@" not in str(end)
        assert (site.listed(), site.counts().outbox) == ({}, {})
        assert [site.rows(table) for table in ("event", "address", "standing", "letters", "token_use")] == [0] * 5
        assert (relay.commands, [c for c in mailbox.commands if c.startswith(TOUCHES)]) == ([], [])

        async with Program(site.config) as life:
            await life.ready()
            await life.until(lambda: site.counts().inbox == {"done": 4} and "UID MOVE" in str(mailbox.commands))
            await life.until(lambda: bool(relay.mails) and not {"waiting", "claimed"} & set(site.counts().outbox))
        wanted = ("opt_out", "opt_out", "hard", "opt_out")
        assert site.listed() == {person.address: state for person, state in zip(site.people, wanted, strict=True)}


async def test_a_terminal_is_told_in_words_with_addresses(tmp_path: Path) -> None:
    async with FakeImap() as mailbox, FakeRelay() as relay:
        site = Site(tmp_path, mailbox, relay)
    lines: list[str] = []
    report = Report(say=lines.append)
    async with open_books(site.settings) as books:
        kit = load_kit(site.settings, books.ring)
        observer = Observer(
            writer=books.writer, reader=InProcess(kit), settings=site.settings, ring=books.ring, clock=utc_now,
            report=report,
        )  # fmt: skip
        mail = write(site.people[0], What.TOKEN, site.settings)
        for number, raw in enumerate((mail.raw, b"From: a@b.example\r\n\r\nHello\r\n", b"")):
            source = Source(door=Door.SMTP, reference=str(number))
            await observer.accept(
                RawMessage(
                    source=source, envelope_from=mail.person.address, envelope_to=(mail.to,) if number == 0 else (),
                    peer="192.0.2.1", raw=raw, received_at=utc_now(),
                )
            )  # fmt: skip
        assert await observer.process_next() == 3
    tell_end(report)
    address = mail.person.address
    assert lines[0].startswith(f"mail 1: unsubscribe: would be: opt_out {address}, a letter (opt_out) to {address}: ")
    assert lines[-5] == "observed 3 mails; nothing was written to any address and no letter was sent"
    assert lines[-1] == "these mails wait; the next start without --observe honours them"


async def test_old_mail_is_left_alone_unless_it_is_asked_for(tmp_path: Path) -> None:
    async with FakeImap() as mailbox, FakeRelay(extensions=()) as relay:
        site = Site(tmp_path, mailbox, relay)
        mailbox.mails[1] = write(site.people[0], What.WORD, site.settings).raw
        mailbox.arrived = f"{utc_now() - timedelta(days=10):%d-%b-%Y %H:%M:%S} +0000"
        async with Program(site.config) as life:
            await life.ready()
            await mailbox.heard("IDLE")
        assert (site.listed(), site.counts().inbox) == ({}, {})
        assert "BODY.PEEK" not in str(mailbox.commands)

        async with Program(site.config, "--since", "90d") as life:
            await life.ready()
            await life.until(lambda: site.counts().inbox == {"done": 1})
        assert site.listed() == {site.people[0].address: "opt_out"}
        assert site.counts().outbox == {}, "ten days old: obeyed, not answered"


@pytest.mark.parametrize("text", ["90", "soon", "-3d", "2026-01-01"])
async def test_what_is_no_number_of_days_is_refused(tmp_path: Path, text: str) -> None:
    async with FakeImap() as mailbox, FakeRelay() as relay:
        site = Site(tmp_path, mailbox, relay)
        async with Program(site.config, f"--since={text}") as life:
            assert await life.gone() == 2
        assert "write for example 90d" in life.lines[-1]
