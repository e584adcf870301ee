"""A look into each mailbox: what is wrong with it in one line, and nothing in it is touched."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.doctor import mailbox
from agent.intake.imap.connection import Timing
from agent.model.settings import After
from agent.store import ledger
from agent.store.db import Db
from tests.support.fake_imap import FakeImap, hang_up, replies, silence
from tests.support.imap_intake import account
from tests.unit.doctor.conftest import NOW, MakePatient, lines

MAIL = b"%sFrom: %s <%s>\r\nSubject: hello\r\n\r\nhello\r\n"
ABOUT = "mailbox sales"


def mails(*pairs: tuple[str, str]) -> dict[int, bytes]:
    """Mails by the id of who judged them and their sender."""
    return {
        uid: MAIL % (f"Authentication-Results: {by}; dkim=pass\r\n".encode() if by else b"", b"A", sender.encode())
        for uid, (by, sender) in enumerate(pairs, 1)
    }


THREE = mails(
    ("mx.shop.example", "a@a.example"), ("MX.shop.example", "b@b.example"), ("mx.shop.example", "c@c.example")
)


async def test_all_is_well_and_nothing_is_touched(patient: MakePatient) -> None:
    async with FakeImap(mails(("", "a@a.example"))) as server:
        found = await mailbox.mailboxes(patient(imap=(account(server.port, since=None),)))
    assert lines(found) == [("ok", ABOUT)]
    verbs = {" ".join(command.split()[:2]) for command in server.commands}
    assert not [verb for verb in verbs if "STORE" in verb or "EXPUNGE" in verb or "MOVE" in verb]
    assert [command for command in server.commands if "BODY[" in command] == [], "only PEEK leaves mail unread"


async def test_a_refused_login_names_the_provider_s_password(patient: MakePatient) -> None:
    # hazard B8
    async with FakeImap(hooks={"LOGIN": replies("{tag} NO [AUTHENTICATIONFAILED] wrong")}) as server:
        (found,) = await mailbox.mailboxes(patient(imap=(account(server.port),)))
    assert found.level.value == "broken"
    assert "app password" in found.said


async def test_a_folder_that_is_not_there(patient: MakePatient) -> None:
    # hazard B12
    async with FakeImap() as server:
        (found,) = await mailbox.mailboxes(patient(imap=(account(server.port, folder="Opt-outs"),)))
    assert found.level.value == "broken"
    assert "INBOX, Junk" in found.said


async def test_what_cannot_be_done_besides_reading(patient: MakePatient) -> None:
    box = account(1, junk_folder="Spam", after=After.MOVE, move_to="done")
    async with FakeImap(capabilities="IMAP4rev1") as server:
        found = await mailbox.mailboxes(patient(imap=(replace(box, port=server.port),)))
    assert lines(found) == [("ok", ABOUT), ("warning", ABOUT), ("warning", ABOUT)]


@pytest.mark.parametrize("hook", [silence, hang_up])
async def test_a_server_that_answers_nothing(
    hook: object, patient: MakePatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # hazard B6
    monkeypatch.setattr("agent.doctor.mailbox.TIMING", Timing(connect=0.2, command=0.2, fetch=0.2))
    async with FakeImap(hooks={"LOGIN": hook}) as server:  # type: ignore[dict-item]  # one of two hooks
        found = await mailbox.mailboxes(patient(imap=(account(server.port),)))
    assert lines(found) == [("broken", ABOUT)]


async def test_two_accounts_and_one_is_gone(patient: MakePatient) -> None:
    async with FakeImap() as server:
        found = await mailbox.mailboxes(patient(imap=(account(1, name="old"), account(server.port))))
    assert lines(found) == [("broken", "mailbox old"), ("ok", ABOUT)]


class TestAuthenticationResults:
    """The provider's word about senders, used or not."""

    @pytest.mark.parametrize(
        ("configured", "held", "levels"),
        [
            ("", THREE, ["ok", "warning"]),
            ("mx.shop.example", THREE, ["ok"]),
            ("other.example", THREE, ["ok", "warning"]),
            ("other.example", {}, ["ok"]),
            ("", mails(("a", "a@a.example"), ("b", "b@b.example"), ("a", "c@c.example")), ["ok"]),
            ("", mails(("a", "a@a.example"), ("a", "b@a.example"), ("a", "c@a.example")), ["ok"]),
            ("", mails(("a", "a@a.example"), ("a", "b@b.example")), ["ok"]),
            ("", mails(("a", "a@a.example"), ("", "b@b.example"), ("a", "c@c.example")), ["ok"]),
        ],
        ids=["unused", "used", "another", "no mail", "two ids", "one sender", "too few", "not in all"],
    )
    async def test_seen(self, configured: str, held: dict[int, bytes], levels: list[str], patient: MakePatient) -> None:
        async with FakeImap(held) as server:
            found = await mailbox.mailboxes(patient(imap=(account(server.port, authserv_id=configured),)))
        assert [one.level.value for one in found] == levels

    async def test_the_mend_is_the_line_to_write(self, patient: MakePatient) -> None:
        async with FakeImap(THREE) as server:
            found = await mailbox.mailboxes(patient(imap=(account(server.port),)))
        assert 'authserv_id = "mx.shop.example"' in found[1].mend


class TestUnread:
    """A folder that grows, because nobody reads it."""

    @pytest.mark.parametrize(("at_work", "level"), [(True, "broken"), (False, "warning")])
    async def test_for_long(self, at_work: bool, level: str, db: Db, patient: MakePatient) -> None:
        # hazard K10
        with db.transaction():
            ledger.first_start(db, "sales", "INBOX", NOW - timedelta(days=2))
        async with FakeImap(mails(("", "a@a.example"), ("", "b@b.example"))) as server:
            server.arrived = "21-Nov-2026 12:00:00 +0000"
            one = patient(imap=(account(server.port, since=None),))
            found = await mailbox.mailboxes(replace(one, at_work=at_work))
        assert lines(found) == [("ok", ABOUT), (level, ABOUT)]
        assert found[1].said == "2 mails lie unread, the oldest since 2026-11-21 12:00"

    async def test_not_yet(self, db: Db, patient: MakePatient) -> None:
        with db.transaction():
            ledger.first_start(db, "sales", "INBOX", NOW - timedelta(days=2))
        async with FakeImap(mails(("", "a@a.example"))) as server:
            found = await mailbox.mailboxes(patient(imap=(account(server.port, since=None),)))
        assert lines(found) == [("ok", ABOUT)]

    async def test_older_than_the_first_start(self, db: Db, patient: MakePatient) -> None:
        with db.transaction():
            ledger.first_start(db, "sales", "INBOX", NOW - timedelta(hours=2))
        async with FakeImap(mails(("", "a@a.example"))) as server:
            server.arrived = "22-Nov-2026 04:00:00 +0000"
            found = await mailbox.mailboxes(patient(imap=(account(server.port, since=None),)))
        assert lines(found) == [("ok", ABOUT)]


async def test_mail_of_tomorrow_shows_a_slow_clock(patient: MakePatient) -> None:
    # hazard E8
    async with FakeImap(mails(("", "a@a.example"))) as server:
        server.arrived = "23-Nov-2026 12:00:00 +0000"
        found = await mailbox.mailboxes(patient(imap=(account(server.port),)))
    assert lines(found) == [("ok", ABOUT), ("broken", "clock")]
