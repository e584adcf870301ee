"""Postfix has port 25 and hands the unsubscribe domain to the agent on loopback; tokens, bounces and the list at work.

The lines of main.cf here are those of docs/how-to/behind-postfix.md, and a test holds the page to them.
"""

import grp
import os
import re
import smtplib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from agent.config import load
from agent.obs.clock import utc_now
from agent.store.public import open_public
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
def servers(directory: Path, agent_port: int) -> Iterator[Postfix]:
    """A Postfix with the page's lines, and a buyers' mail host behind it."""
    if not Postfix.available():
        pytest.skip("Postfix runs as root only: run this test as root")
    extra = f"mynetworks = {INSIDE}/32\n" + main_cf(directory, agent_port)
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


async def test_tokens_bounces_and_the_list_work_behind_postfix(servers_installed: None, directory: Path) -> None:
    (port,) = free_ports(1)
    config = write_config(directory, port)
    settings = load(config, {}).settings
    open_public(settings.store).close()  # the page starts the agent first
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
    open_public(settings.store).close()
    (ann,) = mint_people(settings, 1, ANN)
    with servers(directory, port) as postfix:
        assert unsubscribe(postfix, ann.unsubscribe) == 250
        async with Program(config) as life:
            await life.ready()
            await life.until(lambda: listed(config) == {ANN: "opt_out"})
