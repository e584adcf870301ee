"""Letters signed with DKIM: dkimpy itself verifies them, and what is put in or changed on the way breaks them."""

import base64
import email
import email.policy
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import dkim
import pytest

from agent.effects.letter_files import read_letters
from agent.effects.send_letter import carry_out, open_desk
from agent.effects.sign import SignError, open_signer
from agent.model.plan import Done
from agent.model.settings import LetterSettings
from tests.support.fake_relay import FakeRelay
from tests.unit.effects.conftest import START, letter
from tests.unit.effects.test_send_letter import RING, SETTINGS, marks_nothing


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dkim") / "mail.pem"
    subprocess.run(["openssl", "genrsa", "-out", str(path), "2048"], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def record(key: Path) -> bytes:
    made = subprocess.run(
        ["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER"],
        check=True, capture_output=True,
    )  # fmt: skip
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(made.stdout)


async def sent(key: Path, domain: str = "") -> bytes:
    letters = LetterSettings(dkim_key_file=str(key), dkim_selector="mail", dkim_domain=domain)
    async with FakeRelay() as relay:
        with_relay = replace(SETTINGS, relay=replace(SETTINGS.relay, port=relay.port), letters=letters)
        desk = open_desk(with_relay, read_letters(), RING, lambda: START, lambda: 0.0)
        wanted = replace(letter(), in_reply_to="<a@example.com>", references="<b@example.com>", language="zh-Hans")
        assert isinstance(await carry_out(wanted, 1, marks_nothing, desk), Done)
    return relay.mails[0].content


def verified(mail: bytes, record: bytes, name: bytes = b"mail._domainkey.ours.example.") -> bool:
    asked: list[bytes] = []

    def answer(domain: bytes, timeout: int = 5) -> bytes:
        asked.append(domain)
        return record

    try:
        good = bool(dkim.DKIM(mail).verify(dnsfunc=answer))
    except dkim.ValidationError:  # another body than was signed
        return False
    assert asked == [name]
    return good


async def test_a_signed_letter_verifies(key: Path, record: bytes) -> None:
    mail = await sent(key)
    assert verified(mail, record)
    read = email.message_from_bytes(mail, policy=email.policy.default)
    tags = dict(tag.strip().split("=", 1) for tag in re.sub(r"\s+", "", str(read["DKIM-Signature"])).split(";"))
    assert (tags["d"], tags["s"], tags["c"]) == ("ours.example", "mail", "relaxed/relaxed")
    assert "l" not in tags
    signed = tags["h"].split(":")
    for name in ("from", "to", "subject", "date", "message-id", "auto-submitted", "in-reply-to", "references"):
        assert signed.count(name) == 2


@pytest.mark.parametrize(
    "change",
    [
        (b"\r\nSubject:", b"\r\nSubject: x\r\nSubject:"),
        (b"\r\nFrom:", b"\r\nFrom: eve@example.org\r\nFrom:"),
        (b"Auto-Submitted: auto-replied\r\n", b""),
        (b"--\r\n", b"--\r\nmore\r\n"),
    ],
)
async def test_what_is_changed_on_the_way_shows(key: Path, record: bytes, change: tuple[bytes, bytes]) -> None:
    mail = await sent(key)
    changed = mail.replace(*change)
    assert changed != mail
    assert not verified(changed, record)


async def test_spaces_and_folding_may_change(key: Path, record: bytes) -> None:
    mail = await sent(key)
    assert verified(mail.replace(b"Auto-Submitted: auto-replied", b"Auto-Submitted:   auto-replied  "), record)


async def test_another_domain_may_sign(key: Path, record: bytes) -> None:
    mail = await sent(key, domain="Mail.Ours.example")
    assert verified(mail, record, b"mail._domainkey.mail.ours.example.")


async def test_a_second_try_is_signed_alike(key: Path) -> None:
    first, second = await sent(key), await sent(key)
    assert first.partition(b"\r\nFrom:")[2] == second.partition(b"\r\nFrom:")[2]


def test_without_a_key_nothing_is_signed() -> None:
    assert open_signer(LetterSettings(), "ours.example") is None


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "mail.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(SignError, match=re.escape(str(file))):
        open_signer(LetterSettings(dkim_key_file=str(file), dkim_selector="mail"), "ours.example")


def test_the_key_shows_nowhere(key: Path) -> None:  # hazard J3
    signer = open_signer(LetterSettings(dkim_key_file=str(key), dkim_selector="mail"), "ours.example")
    assert "PRIVATE" not in repr(signer)
