"""One mail a day, and only when something happened; what cannot wait comes at once, once a day for each cause."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from agent.digest.send import Desk, look, run
from agent.digest.words import words
from agent.effects.relay import Verdict
from agent.intake.imap.trouble import Alarm, Worry
from agent.intake.troubles import Troubles
from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import DigestSettings
from agent.worker.kit import load_kit
from agent.worker.read import read
from tests.unit.digest.conftest import Post

DAY = timedelta(days=1)


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


async def test_a_mailbox_that_stays_shut_is_told_after_six_hours(post: Post) -> None:
    troubles = Troubles(now=lambda: post.now)
    troubles.alarm(Alarm(account="inbox", worry=Worry.AFTER, text="cannot be moved"))
    assert troubles.shut() == ()
    troubles.alarm(Alarm(account="inbox", worry=Worry.LOGIN, text="the password was refused"))
    post.shut = troubles.shut()
    assert await post.look(timedelta(hours=5)) == []
    troubles.alarm(Alarm(account="inbox", worry=Worry.LOGIN, text="again"))
    post.shut = troubles.shut()
    (mail,) = await post.look(timedelta(hours=1))
    assert mail["Subject"] == "optoutd: please look: mailbox inbox"
    assert "the password was refused" in text(mail)
    assert await post.look(timedelta(hours=12)) == []
    troubles.over("inbox")
    post.shut = troubles.shut()
    assert await post.look(timedelta(hours=24)) == []


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
        assert all(getattr(words(language), name).strip() for name in words(language).__struct_fields__)


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


async def test_without_an_address_nothing_runs(post: Post) -> None:
    post.change(digest=DigestSettings())
    await run(Desk(loaded=post.loaded, writer=post.writer, now=lambda: post.now, send=post._send))
    assert post.sent == []


async def test_before_there_is_a_store_there_is_nothing_to_tell(post: Post, tmp_path: Path) -> None:
    post.change(store=replace(post.loaded.settings.store, directory=str(tmp_path / "none")))
    await look(Desk(loaded=post.loaded, writer=post.writer, now=lambda: post.now, send=post._send))
    assert post.sent == []
