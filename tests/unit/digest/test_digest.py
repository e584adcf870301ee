"""One mail a day, and only when something happened; what cannot wait comes at once, once a day for each cause."""

import asyncio
import base64
import csv
import io
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest

from agent.digest.send import Desk, look, run
from agent.digest.send import post as send_digest
from agent.digest.words import words
from agent.effects.relay import Verdict
from agent.intake.troubles import Troubles, remember
from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import DigestSettings, ImapAccount, LetterSettings, RelaySettings, TlsMode
from agent.model.signal import KINDS
from agent.obs.pulse import Pulse
from agent.store import checked, inbox, outages, waiting
from agent.store.checked import Checked
from agent.store.db import Db
from agent.worker.kit import load_kit
from agent.worker.read import read
from tests.support.fake_relay import FakeRelay
from tests.unit.digest.conftest import Post

DAY = timedelta(days=1)
BOX = ImapAccount(name="inbox", host="imap.shop.example", user="sales@shop.example")


def text(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part
    return str(part.get_content())


async def test_the_first_digest_comes_after_a_day_and_names_who_left(post: Post) -> None:
    assert await post.look() == []
    post.now += timedelta(hours=3)
    post.suppress("Anna@B.example", "=no more")
    assert await post.look(timedelta(hours=20)) == []
    (mail,) = await post.look(timedelta(hours=1))
    assert (mail["To"], mail["From"]) == ("boss@shop.example", "sales@shop.example")
    assert mail["Subject"] == "optoutd: 1 newly suppressed, 0 mails"
    assert "Newly suppressed: 1" in text(mail)
    assert "<b>Newly suppressed: 1" in text(mail, "html")
    (table,) = mail.iter_attachments()
    content = table.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.startswith(b"\xef\xbb\xbfaddress,")
    assert table.get_filename() == "suppressed-2026-05-02.csv"
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["anna@b.example"]
    assert await post.look(timedelta(hours=23)) == []


async def test_a_day_without_anything_makes_no_mail(post: Post) -> None:
    await post.look()
    assert await post.look(DAY) == []
    post.now += timedelta(hours=1)
    post.suppress("anna@b.example")
    assert await post.look(timedelta(hours=22)) == []  # the silent day began a new one
    assert len(await post.look(timedelta(hours=1))) == 1


async def test_what_the_relay_did_not_take_is_tried_again(post: Post) -> None:
    await post.look()
    post.suppress("anna@b.example")
    post.answer = Verdict.LATER
    assert len(await post.look(DAY)) == 1
    post.answer = Verdict.UNKNOWN
    assert len(await post.look(timedelta(minutes=5))) == 1
    assert await post.look(timedelta(minutes=5)) == []


async def test_a_relay_that_refuses_our_login_is_left_alone_for_an_hour(post: Post) -> None:
    await post.look()
    post.suppress("anna@b.example")
    post.now += DAY
    post.answer = Verdict.OURS
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    await look(Desk(loaded=post.loaded, writer=post.writer, now=lambda: post.now, send=post._send, sleep=sleep))
    assert slept == [3600.0]
    post.answer = Verdict.TAKEN
    assert len(await post.look(timedelta(hours=1))) == 1


async def test_what_cannot_wait_comes_at_once_and_once_a_day(post: Post) -> None:
    post.change(store=replace(post.loaded.settings.store, free_bytes=1 << 60))
    (mail,) = await post.look()
    assert mail["Subject"] == "optoutd: please look: disk"
    assert "mail is deferred" in text(mail)
    assert "->" in text(mail)  # the mend
    assert await post.look(timedelta(hours=23)) == []
    subjects = [str(mail["Subject"]) for mail in await post.look(timedelta(hours=1))]
    assert subjects[0] == "optoutd: please look: disk"
    assert len(subjects) == 2  # and the digest: something is broken


def mailboxes(post: Post) -> Troubles:
    """One mailbox, watched with the clock of the test; what an earlier life left behind is known."""
    found = Troubles(now=lambda: post.now, pulse=Pulse(clock=lambda: 0.0), known=outages.load(post.db))
    found.begin(BOX)
    return found


@pytest.mark.parametrize("why", ["the password was refused", "[Errno 111] Connect call failed", "TimeoutError"])
async def test_a_mailbox_that_stays_shut_is_told_after_six_hours(post: Post, why: str) -> None:
    troubles = mailboxes(post)
    assert troubles.shut() == ()
    troubles.failed(BOX, why, 60)
    post.shut = troubles.shut()
    assert await post.look(timedelta(hours=5)) == []
    troubles.failed(BOX, why, 300)
    post.shut = troubles.shut()
    (mail,) = await post.look(timedelta(hours=1))
    assert mail["Subject"] == "optoutd: please look: mailbox inbox"
    assert why in text(mail)
    assert await post.look(timedelta(hours=12)) == []
    troubles.over(BOX)
    post.shut = troubles.shut()
    assert await post.look(timedelta(hours=24)) == []


async def test_a_restart_does_not_begin_the_six_hours_anew(post: Post) -> None:
    """Four lives of two hours each: the third is the one that tells."""
    sent = []
    for _ in range(4):
        troubles = mailboxes(post)
        async with life(troubles, post):
            troubles.failed(BOX, "Connect call failed", 300)
            await kept(troubles, post)
        post.shut = troubles.shut()
        sent.append([str(mail["Subject"]) for mail in await post.look(timedelta(hours=2))])
    assert sent == [[], [], ["optoutd: please look: mailbox inbox"], []]
    troubles = mailboxes(post)
    async with life(troubles, post):
        troubles.over(BOX)
        await kept(troubles, post)
    assert outages.load(post.db) == {}


@asynccontextmanager
async def life(troubles: Troubles, post: Post) -> AsyncIterator[None]:
    """The task that keeps the outages."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(remember(troubles, post.writer))
        yield
        task.cancel()


async def kept(troubles: Troubles, post: Post) -> None:
    """Until the store says the same."""
    while outages.load(post.db) != troubles.outages():
        await post.writer.run(lambda _: None)


async def test_a_mailbox_that_is_no_longer_configured_is_forgotten(post: Post) -> None:
    with post.db.transaction():
        outages.save(post.db, {"gone": post.now, "inbox": post.now})
    assert set(mailboxes(post).outages()) == {"inbox"}


async def test_a_flood_that_is_held_back_is_told_at_once(post: Post) -> None:
    with post.db.transaction():
        waiting.breaker_fell(post.db, "opt-outs-20260501T080000", post.now)
    (mail,) = await post.look(timedelta(minutes=5))
    assert mail["Subject"] == "optoutd: please look: breaker"
    assert "opt-outs-20260501T080000" in text(mail)
    assert "lift" in text(mail)
    with post.db.transaction():
        waiting.breaker_fell(post.db, "opt-outs-20260501T080000", post.now + timedelta(minutes=50))
    assert await post.look(timedelta(hours=1)) == [], "the same flood goes on"


# hazard E5
async def test_a_record_that_was_found_damaged_is_told_at_once(post: Post) -> None:
    with post.db.transaction():
        checked.remember(post.db, Checked(at=post.now, faults=0))
    assert await post.look() == []
    with post.db.transaction():
        checked.remember(post.db, Checked(at=post.now, faults=3))
    (mail,) = await post.look(timedelta(minutes=5))
    assert mail["Subject"] == "optoutd: please look: record"
    assert "3 faults" in text(mail)
    assert "optoutd verify" in text(mail)
    subjects = [str(mail["Subject"]) for mail in await post.look(DAY)]
    assert len(subjects) == 2, "and the digest says it, too"


async def test_a_provider_that_refuses_our_ip_is_told_at_once(post: Post) -> None:
    post.suppress("anna@b.example")
    with post.db.transaction():
        post.db.connection.execute(
            "INSERT INTO objection SELECT max(id), 'big.test', 'shop.example', '192.0.2.7', ?, 1 FROM event",
            (int(post.now.timestamp() * 1_000_000),),
        )
    (mail,) = await post.look(timedelta(minutes=5))
    assert mail["Subject"] == "optoutd: please look: blocked by big.test"
    assert "big.test refuses mail from 192.0.2.7" in text(mail)


@pytest.mark.parametrize(
    ("language", "said"), [("ru", "Новые"), ("zh-Hans", "新增停发"), ("zh-TW", "新增停发"), ("de", "Newly")]
)
async def test_in_the_language_of_the_operator(post: Post, language: str, said: str) -> None:
    post.change(identity=replace(post.loaded.settings.identity, language=language))
    await post.look()
    post.suppress("anna@b.example")
    (mail,) = await post.look(DAY)
    assert said in text(mail)
    assert said in text(mail, "html")


def test_every_language_says_everything() -> None:
    for language in ("en", "ru", "zh"):
        said = words(language)
        assert all(getattr(said, name).strip() for name in said.__struct_fields__ if name != "kinds")
        assert tuple(said.kinds) == KINDS
        assert all(said.kinds.values())


async def test_its_bytes_can_be_sent_and_mean_nothing_to_the_reader(post: Post) -> None:
    post.change(identity=replace(post.loaded.settings.identity, language="ru"))
    await post.look()
    post.suppress("anna@b.example", "please unsubscribe me")
    (mail,) = await post.look(DAY)
    raw = post.raw[-1]
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert mail["Auto-Submitted"] == "auto-generated"
    source = Source(door=Door.IMAP, reference="imap:1", account="box")
    message = RawMessage(raw=raw, received_at=post.now, envelope_from=None, envelope_to=(), peer="", source=source)
    assert read(message, load_kit(post.loaded.settings)).kind in ("other", "autoreply")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "mail.private"
    subprocess.run(["openssl", "genrsa", "-out", str(path), "2048"], check=True, capture_output=True)
    return path


def record(key: Path) -> bytes:
    show = ["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER"]
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(subprocess.run(show, check=True, capture_output=True).stdout)


async def test_it_is_signed_as_our_letters_are(post: Post, key: Path) -> None:
    post.change(identity=replace(post.loaded.settings.identity, language="zh-Hans"))
    await post.look()
    post.suppress("anna@b.example")
    await post.look(DAY)
    letters = LetterSettings(dkim_key_file=str(key), dkim_selector="mail")
    async with FakeRelay() as relay:
        there = RelaySettings(host="127.0.0.1", port=relay.port, tls=TlsMode.NONE)
        signed = replace(post.loaded.settings, relay=there, letters=letters)
        for settings in (signed, replace(signed, letters=LetterSettings())):
            assert (await send_digest(settings, post.raw[-1])).verdict is Verdict.TAKEN
    mail, plain = (one.content for one in relay.mails)
    assert plain == post.raw[-1]
    assert mail.endswith(plain)
    names: list[bytes] = []

    def answer(name: bytes, timeout: int = 5) -> bytes:
        names.append(name)
        return record(key)

    assert dkim.DKIM(mail).verify(dnsfunc=answer)
    assert names == [b"mail._domainkey.shop.example."]


async def test_what_came_is_told_in_the_words_of_the_operator(post: Post) -> None:
    post.change(identity=replace(post.loaded.settings.identity, language="ru"))
    await post.look()

    def arrive(db: Db) -> None:
        source = Source(door=Door.SMTP, reference="smtp:1")
        message = RawMessage(source=source, envelope_from="", envelope_to=(), peer="", raw=b"x", received_at=post.now)
        inbox.finish(db, inbox.accept(db, message), "unsubscribe", "", post.now)

    await post.writer.run(arrive)
    (mail,) = await post.look(DAY)
    assert "  отписки: 1" in text(mail).splitlines()


async def test_what_is_in_english_is_said_to_be(post: Post) -> None:
    post.change(
        identity=replace(post.loaded.settings.identity, language="ru"),
        store=replace(post.loaded.settings.store, free_bytes=1 << 60),
    )
    (mail,) = await post.look()
    assert "подробности по-английски" in text(mail)


async def test_without_an_address_nothing_runs(post: Post) -> None:
    post.change(digest=DigestSettings())
    await run(Desk(loaded=post.loaded, writer=post.writer, now=lambda: post.now, send=post._send))
    assert post.sent == []


async def test_before_there_is_a_store_there_is_nothing_to_tell(post: Post, tmp_path: Path) -> None:
    post.change(store=replace(post.loaded.settings.store, directory=str(tmp_path / "none")))
    await look(Desk(loaded=post.loaded, writer=post.writer, now=lambda: post.now, send=post._send))
    assert post.sent == []
