"""Postfix has port 25 and hands the unsubscribe domain to the agent on loopback; tokens, bounces and the list at work.

The lines of main.cf here are those of docs/how-to/behind-postfix.md, and a test holds the page to them.
"""

import asyncio
import grp
import os
import re
import smtplib
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from agent.config import load
from agent.model.address import parse_address
from agent.model.mail import Door
from agent.model.settings import Settings
from agent.model.signal import Evidence, Manner, OptOut, Origin, Strength
from agent.obs.clock import utc_now
from agent.opening import open_books
from agent.process import apply_signals
from agent.store.db import Db, open_db
from agent.store.sound import open_list
from tests.support.child_server import free_ports
from tests.support.dovecot import Dovecot
from tests.support.hosting import PASSWORD, listed
from tests.support.load import mint_people
from tests.support.postfix import Postfix
from tests.support.program import Program, write_config

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "behind-postfix.md"
DOMAIN = "news.harbour-nets.example"
INSIDE = "127.0.0.9"  # where the sending tool is; whoever comes from elsewhere is a stranger
ANN = "ann@buyer.example"


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that Postfix's own user may look into, with a public one of its group."""
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        place.chmod(0o755)
        (place / "public").mkdir()
        os.chown(place / "public", 0, grp.getgrnam("postfix").gr_gid)
        (place / "public").chmod(0o2770)
        yield place


def main_cf(directory: Path, agent_port: int) -> str:
    """The page's main.cf lines and files, moved to this test's places and ports."""
    text = PAGE.read_text(encoding="utf-8")
    block = re.search(r"```\n# /etc/postfix/main\.cf\n(.*?)```", text, re.DOTALL)
    assert block is not None
    for name in ("optoutd-transport", "optoutd-recipients", "suppressed.cf", "suppressed-domain.cf"):
        found = re.search(rf"```\n# /etc/postfix/{re.escape(name)}\n(.*?)```", text, re.DOTALL)
        assert found is not None, name
        (directory / name).write_text(moved(found[1], directory, agent_port))
    return moved(block[1], directory, agent_port)


def moved(text: str, directory: Path, agent_port: int) -> str:
    """The same, for this test."""
    for old, new in (
        ("/etc/postfix", str(directory)),
        ("/var/lib/optoutd-public", str(directory / "public")),
        ("127.0.0.1:2525", f"127.0.0.1:{agent_port}"),
        ("[127.0.0.1]:2525", f"[127.0.0.1]:{agent_port}"),
        ("news.example.com", DOMAIN),
        (r"news\.example\.com", DOMAIN.replace(".", r"\.")),
    ):
        text = text.replace(old, new)
    return text


@contextmanager
def servers(directory: Path, agent_port: int, *more: str) -> Iterator[Postfix]:
    """A Postfix with the page's lines and `more` of main.cf, and a buyers' mail host behind it."""
    if not Postfix.available():
        pytest.skip("Postfix runs as root only: run this test as root")
    extra = "\n".join((f"mynetworks = {INSIDE}/32", main_cf(directory, agent_port), *more))
    with (
        Dovecot({ANN: PASSWORD}) as dovecot,
        Postfix(
            ["buyer.example"],
            lmtp_port=dovecot.lmtp_port,
            restrictions="$marketing_recipient_restrictions, permit_mynetworks, reject_unauth_destination, permit,",
            extra=extra,
        ) as postfix,
    ):
        yield postfix


def marketing(postfix: Postfix, sender: str, to: str) -> dict[str, tuple[int, bytes]]:
    """The sending tool hands one mail over; whom Postfix refused."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "sales@harbour-nets.example", to, "Nets"
    mail["Date"] = utc_now()
    mail.set_content("Cheap nets.\n")
    with smtplib.SMTP("127.0.0.1", postfix.port, source_address=(INSIDE, 0)) as line:
        try:
            return line.sendmail(sender, [to], mail.as_bytes())
        except smtplib.SMTPRecipientsRefused as refused:
            return refused.recipients


def unsubscribe(postfix: Postfix, to: str) -> int:
    """A stranger's server brings an opt-out; the reply to RCPT."""
    with smtplib.SMTP("127.0.0.1", postfix.port) as line:
        line.ehlo("mail.buyer.example")
        line.mail(ANN)
        code, _ = line.rcpt(to)
        if code == 250:
            line.data(f"From: {ANN}\r\nTo: {to}\r\nSubject: unsubscribe\r\nMessage-ID: <{to}>\r\n\r\n\r\n".encode())
    return code


def started_before(settings: Settings) -> None:
    """The agent made its list: without one, Postfix takes no mail at all."""
    db = open_db(settings.store)
    public, _ = open_list(db, settings.store, utc_now())
    public.close()
    db.close()


async def test_tokens_bounces_and_the_list_work_behind_postfix(servers_installed: None, directory: Path) -> None:
    (port,) = free_ports(1)
    config = write_config(directory, port)
    settings = load(config, {}).settings
    started_before(settings)  # as the page has it
    (gone,) = mint_people(settings, 1, "gone@buyer.example")
    (ann,) = mint_people(settings, 1, ANN)
    with servers(directory, port) as postfix:
        async with Program(config) as life:
            await life.ready()
            assert marketing(postfix, ann.bounce, ANN) == {}
            assert marketing(postfix, gone.bounce, gone.address) == {}
            # the mailbox is not there: Postfix writes a report to the return path, which is a token of ours
            await life.until(lambda: listed(config) == {gone.address: "hard"})

            assert unsubscribe(postfix, ann.unsubscribe) == 250
            await life.until(lambda: listed(config).get(ANN) == "opt_out")
            refused = marketing(postfix, ann.bounce, ANN)[ANN]
            assert refused[0] == 550
            assert b"suppression list" in refused[1]
            assert marketing(postfix, ann.bounce, "bob@buyer.example") == {}

            assert unsubscribe(postfix, f"unsubscribe@{DOMAIN}") == 250
            assert unsubscribe(postfix, f"u-mangled@{DOMAIN}") == 250
            assert unsubscribe(postfix, f"postmaster@{DOMAIN}") == 250
            # what the agent would refuse is refused at the door: no backscatter
            assert unsubscribe(postfix, f"info@{DOMAIN}") == 550
            assert unsubscribe(postfix, "somebody@elsewhere.example") in (454, 554)


async def test_mail_waits_in_postfix_while_the_agent_is_down(servers_installed: None, directory: Path) -> None:
    (port,) = free_ports(1)
    config = write_config(directory, port)
    settings = load(config, {}).settings
    started_before(settings)
    (ann,) = mint_people(settings, 1, ANN)
    with servers(directory, port) as postfix:
        assert unsubscribe(postfix, ann.unsubscribe) == 250
        async with Program(config) as life:
            await life.ready()
            await life.until(lambda: listed(config) == {ANN: "opt_out"})


ASKERS, WISHES = 10, 1_000
PATIENT = ("smtpd_error_sleep_time = 0", "smtpd_soft_error_limit = 100000", "smtpd_hard_error_limit = 100000")


class Asker:
    """A sending tool that keeps its line to Postfix open and names one recipient after the other."""

    def __init__(self, postfix: Postfix) -> None:
        self._line = smtplib.SMTP("127.0.0.1", postfix.port, source_address=(INSIDE, 0))
        self._line.ehlo("tool.harbour-nets.example")
        self._line.mail("sales@harbour-nets.example")

    def rcpt(self, to: str) -> int:
        """The code of the answer."""
        return self._line.rcpt(to)[0]

    def quit(self) -> None:
        self._line.quit()


def stopped(db: Db, address: str, settings: Settings) -> None:
    """A person's wish, as the daemon applies it."""
    key, now = parse_address(address), utc_now()
    assert key
    proof = Evidence(rule="test", excerpt="stop", strength=Strength.E3)
    wish = OptOut(address=key, evidence=proof, answerable=False, manner=Manner.ADDRESS)
    apply_signals(db, (wish,), Origin(door=Door.SMTP, received_at=now), settings, now)


# hazard K8
async def test_the_next_recipient_after_an_opt_out_is_refused_while_a_thousand_are_written(
    servers_installed: None, directory: Path
) -> None:
    """Ten tools ask about each person before and after he leaves; all of them write and ask at the same time."""
    (port,) = free_ports(1)
    settings = load(write_config(directory, port), {}).settings
    async with open_books(settings) as books:
        with servers(directory, port, *PATIENT) as postfix:

            async def work(number: int) -> list[tuple[int, int]]:
                asker, answers = await asyncio.to_thread(Asker, postfix), []
                for person in range(number, WISHES, ASKERS):
                    address = f"buyer{person}@buyer.example"
                    before = await asyncio.to_thread(asker.rcpt, address)
                    await books.writer.run(partial(stopped, address=address, settings=settings))
                    answers.append((before, await asyncio.to_thread(asker.rcpt, address)))
                await asyncio.to_thread(asker.quit)
                return answers

            answers = await asyncio.gather(*map(work, range(ASKERS)))
            log = postfix.log.read_text("utf-8")
    assert Counter(pair for some in answers for pair in some) == {(250, 550): WISHES}
    assert log.count("suppression list") == WISHES
    for trouble in ("table lookup problem", "lookup error", "database is locked", " 451 ", "fatal:", "panic:"):
        assert trouble not in log
