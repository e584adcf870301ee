"""Which names are looked up: as few as can change the outcome."""

from dataclasses import replace

import pytest

from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import DkimSettings
from agent.trust.dkim_names import names_wanted, read_seals
from tests.unit.mails import raw
from tests.unit.trust.test_assess import SETTINGS

NAME = "s1._domainkey.buyer.example"
SEAL = "DKIM-Signature: v=1; a=rsa-sha256; d={}; s={};\r\n h=from; bh=; b=\r\n"
HEAD = "From: ana@buyer.example\r\nSubject: STOP\r\n"
MINE = SEAL.format("buyer.example", "s1")
RESULTS = "Authentication-Results: mx.provider.example; {}\r\n"


def wanted(head: str, message: RawMessage | None = None) -> tuple[str, ...]:
    return names_wanted(replace(message or raw(), raw=f"{head}\r\nSTOP\r\n".encode()), SETTINGS)


def test_the_key_of_the_sender() -> None:
    assert wanted(MINE + HEAD) == (NAME,)
    assert wanted(SEAL.format("Mail.Buyer.Example", "S1") + HEAD) == ("s1._domainkey.mail.buyer.example",)
    assert wanted(MINE + MINE + HEAD) == (NAME,)


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        SEAL.format("stranger.example", "s1") + HEAD,
        MINE + HEAD + "From: bob@buyer.example\r\n",
        MINE + "Subject: STOP\r\n",
        MINE + HEAD.replace("\r\nSubject", "\rX: y\r\nSubject"),
        MINE + HEAD + 'Content-Type: multipart/report; report-type="delivery-status"; boundary=b\r\n',
        MINE + HEAD + "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n",
        RESULTS.format("dkim=pass header.d=buyer.example") + MINE + HEAD,
        RESULTS.format("dkim=fail header.d=buyer.example") + MINE + HEAD,
        RESULTS.format("dmarc=pass") + MINE + HEAD,
        SEAL.format("buyer.example", "a b") + HEAD,
        SEAL.format("buyer..example", "s1") + HEAD,
        SEAL.format("buyer.example", "x" * 64) + HEAD,
        SEAL.format("x." * 130 + "buyer.example", "s1") + HEAD,
        "DKIM-Signature: d=buyer.example; s=s1; x=" + "y" * 9_000 + "\r\n" + HEAD,
    ],
)
def test_nothing_is_asked_that_changes_nothing(head: str) -> None:
    assert wanted(head) == ()


@pytest.mark.parametrize(
    "results",
    [
        RESULTS.format("dkim=temperror header.d=buyer.example"),
        RESULTS.format("spf=pass smtp.mailfrom=buyer.example"),
        RESULTS.format("dmarc=none"),
        "Authentication-Results: mx.other.example; dkim=pass header.d=buyer.example\r\n",
    ],
)
def test_a_server_that_has_not_judged_leaves_it_to_us(results: str) -> None:
    assert wanted(results + MINE + HEAD) == (NAME,)


def test_only_the_provider_of_the_mailbox_is_believed() -> None:
    by_smtp = raw(source=Source(door=Door.SMTP, reference="smtp:1"))
    assert wanted(RESULTS.format("dkim=pass header.d=buyer.example") + MINE + HEAD, by_smtp) == (NAME,)


def test_a_report_in_the_junk_folder_needs_proof() -> None:
    # hazard B15
    report = MINE + HEAD + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
    junk = raw(source=Source(door=Door.IMAP, reference="imap-junk:sales/Junk/1/1", account="sales"))
    assert wanted(report, junk) == (NAME,)


def test_a_feedback_report_may_be_signed_beside_its_from() -> None:
    # hazard D4
    other = SEAL.format("reporter.example", "r")
    report = other + MINE + HEAD + "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n"
    assert wanted(report) == (NAME, "r._domainkey.reporter.example")


def test_five_at_most() -> None:
    many = "".join(SEAL.format("buyer.example", f"s{n}") for n in range(30))
    assert len(wanted(many + HEAD)) == 5
    assert len(read_seals(["d=buyer.example; s=s1"] * 400)) == 50


def test_it_can_be_switched_off() -> None:
    off = replace(SETTINGS, dkim=DkimSettings(verify=False))
    assert names_wanted(replace(raw(), raw=(MINE + HEAD + "\r\n").encode()), off) == ()
