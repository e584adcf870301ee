"""The simplest installation, as the README has it: one mailbox and the relay of the same host, and the real program.

Dovecot keeps the mailboxes, Postfix brings and takes the mail; nothing here has a token, an MX or a port 25.
"""

import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.model.settings import TlsMode
from agent.obs.clock import utc_now
from tests.support.dovecot import Dovecot
from tests.support.hosting import ANN, PASSWORD, USER, hosting, letter, listed
from tests.support.imap_intake import account, reading, store
from tests.support.postfix import Postfix
from tests.support.program import Program

CONFIG = """
[identity]
company = "Shop Ltd"
postal_address = "1 Harbour Road, Example City"
contact = "sales@shop.example"
domains = ["shop.example"]

[store]
directory = "{directory}/store"
public_directory = "{directory}/public"

[[imap]]
name = "sales"
host = "localhost"
port = {imaps}
ca_file = "{certificate}"
user = "sales@shop.example"
password_file = "{directory}/mail.password"
authserv_id = "mx.shop.example"
{more}

[relay]
host = "localhost"
port = {submission}
ca_file = "{certificate}"
user = "sales@shop.example"
password_file = "{directory}/mail.password"
"""
FOUND = (
    "Authentication-Results: mx.shop.example; dkim=pass header.d=buyer.example; dmarc=pass header.from=buyer.example"
)


@pytest.fixture
def provider(servers_installed: None) -> Iterator[tuple[Dovecot, Postfix]]:
    """A hosting provider with our mailbox, and Ann's."""
    if not Postfix.available():
        pytest.skip("Postfix runs as root only: run this test as root")
    with hosting({ANN: FOUND}) as servers:
        yield servers


def configured(directory: Path, dovecot: Dovecot, postfix: Postfix, more: str = "") -> Path:
    """The README's configuration for this provider."""
    for name, text in (
        ("mail.password", PASSWORD),
        ("config.toml", CONFIG.format(
            directory=directory, imaps=dovecot.imaps_port, certificate=dovecot.certificate, submission=postfix.port,
            more=more,
        )),
    ):  # fmt: skip
        (directory / name).write_text(text)
        (directory / name).chmod(0o600)
    return directory / "config.toml"


async def test_an_opt_out_is_honoured_and_confirmed(provider: tuple[Dovecot, Postfix], tmp_path: Path) -> None:
    dovecot, postfix = provider
    config = configured(tmp_path, dovecot, postfix)
    anns = account(
        dovecot.imaps_port, host="localhost", tls=TlsMode.IMPLICIT, ca_file=str(dovecot.certificate), user=ANN
    )
    async with Program(config) as life, store(tmp_path / "ann") as mailbox:
        await life.ready()
        await life.until(lambda: any("imap connected" in line for line in life.lines))
        with smtplib.SMTP("127.0.0.1", postfix.port) as line:
            line.send_message(letter(ANN, USER, "Re: Nets for the new season", "STOP\n"))
        async with reading(anns, mailbox, password="ann", now=utc_now):
            await mailbox.holds(1)
        assert listed(config) == {ANN: "opt_out"}
        # The mailbox is watched: what comes in later is not waited for by the clock (poll_seconds is 300).
        with smtplib.SMTP("127.0.0.1", postfix.port) as line:
            line.send_message(letter("bob@other.example", USER, "Re: Nets", "unsubscribe\n"))
        await life.until(lambda: len(listed(config)) == 2)
        life.process.terminate()
        assert await life.gone() == 0
    confirmation = mailbox.messages[0].raw.decode()
    assert "Return-Path: <sales@shop.example>" in confirmation
    assert "Auto-Submitted: auto-replied" in confirmation
    assert "To: ann@buyer.example" in confirmation
    assert "ESMTPSA" in confirmation, "through the provider's submission, with TLS and the password"
    assert "bob@other.example" in listed(config), "obeyed, though nothing proves it"
    assert sum("letter_sent" in line for line in life.lines) == 1, "Bob's mail proves nothing: he gets no answer"


OWN_RELAY = 'trusted_relays = ["mx.shop.example", "imap.shop.example"]'


@pytest.mark.parametrize(("more", "state"), [("", "suspect"), (OWN_RELAY, "hard")], ids=["plain", "own relay"])
async def test_a_bounce_comes_back_to_the_mailbox(
    more: str, state: str, provider: tuple[Dovecot, Postfix], tmp_path: Path
) -> None:
    dovecot, postfix = provider
    config = configured(tmp_path, dovecot, postfix, more)
    async with Program(config) as life:
        await life.ready()
        with smtplib.SMTP("localhost", postfix.port) as line:
            line.starttls(context=ssl.create_default_context(cafile=str(dovecot.certificate)))
            line.login(USER, PASSWORD)
            line.send_message(letter(USER, "gone@buyer.example", "Nets for the new season", "Cheap nets.\n"))
        await life.until(lambda: listed(config) == {"gone@buyer.example": state})
        assert not any("letter_sent" in line for line in life.lines)
