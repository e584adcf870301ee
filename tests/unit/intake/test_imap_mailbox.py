"""The IMAP door on a real, friendly server: what arrives is stored once, and the mailbox looks as it was asked to."""

from pathlib import Path

import pytest

from agent.demo.mailbox import Mailbox
from agent.intake.imap import Worry
from agent.intake.imap.connection import Timing, connect
from agent.intake.imap.folders import read_list, wire
from agent.model.mail import Door, Role
from agent.model.settings import After
from tests.support.imap_intake import NOW, SINCE, account, mail, reading, store
from tests.support.pymap_server import PASSWORD, USER, mailbox

EARLIER = NOW.replace(hour=9)
# pymap forgets to announce what arrives in the moment IDLE begins, so here the next round comes soon.
ROUNDS = Timing(connect=5, command=5, fetch=5, idle=0.1)


async def settled(box: Mailbox, *commands: str) -> list[bytes]:
    """The answers of a second client to commands in INBOX, in one list."""
    connection = await connect(account(box.port), Timing())
    try:
        await connection.demand("LOGIN", wire(USER), wire(PASSWORD))
        connection.logged_in()
        lines: list[bytes] = []
        for command in commands:
            name, *args = command.split(" ")
            if name == "SELECT":
                await connection.select(" ".join(args))
            else:
                answer = await connection.demand(name, *args)
                lines += [response[0] for response in answer.responses]
        return lines
    finally:
        await connection.close()


async def test_waiting_and_arriving_mail_is_stored_once(tmp_path: Path) -> None:
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), EARLIER)
        async with reading(account(box.port), inbox, timing=ROUNDS) as door:
            await inbox.holds(1)
            await box.deliver(mail(2), EARLIER)
            await inbox.holds(2)
        async with reading(account(box.port), inbox, timing=ROUNDS):
            await box.deliver(mail(3), EARLIER)
            await inbox.holds(3)
    assert [message.raw for message in inbox.messages] == [mail(1), mail(2), mail(3)]
    first = inbox.messages[0]
    assert (first.source.door, first.source.account, first.role) == (Door.IMAP, "sales", Role.REPLY)
    assert first.source.reference.startswith("imap:sales/INBOX/")
    assert not first.source.junk
    assert (first.envelope_from, first.received_at) == (None, EARLIER)
    assert door.alarms == []


async def test_mail_that_a_person_has_read_is_read_too_and_stays_as_it_was(tmp_path: Path) -> None:
    # hazard B13
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), EARLIER)
        await box.deliver(mail(2), EARLIER)
        await settled(box, "SELECT INBOX", r"STORE 1 +FLAGS (\Seen)")
        async with reading(account(box.port), inbox, timing=ROUNDS):
            await inbox.holds(2)
        flags = await settled(box, "SELECT INBOX", "FETCH 1:2 (FLAGS)")
    assert [b"\\Seen" in line for line in flags] == [True, False]


async def test_mail_is_moved_once_it_is_stored(tmp_path: Path) -> None:
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), EARLIER)
        async with reading(account(box.port, after=After.MOVE, move_to="Done Café"), inbox, timing=ROUNDS):
            await inbox.holds(1)
            await box.deliver(mail(2), EARLIER)
            await inbox.holds(2)
            await inbox.settled(2)
        lines = await settled(box, f"STATUS {wire('Done Café')} (MESSAGES)", "STATUS INBOX (MESSAGES)")
    assert [line.split()[-1] for line in lines] == [b"2)", b"0)"]


async def test_server_without_keywords_is_told_of_and_mail_is_left(tmp_path: Path) -> None:
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), EARLIER)
        async with reading(account(box.port, after=After.FLAG), inbox, timing=ROUNDS) as door:
            await inbox.holds(1)
            await box.deliver(mail(2), EARLIER)
            await inbox.holds(2)
    assert [alarm.worry for alarm in door.alarms] == [Worry.AFTER]


@pytest.mark.parametrize("move_to", ["inbox", "INBOX"])
async def test_mail_is_never_moved_into_the_folder_it_is_read_from(move_to: str, tmp_path: Path) -> None:
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), EARLIER)
        async with reading(account(box.port, after=After.MOVE, move_to=move_to), inbox, timing=ROUNDS) as door:
            await inbox.holds(1)
    assert [alarm.worry for alarm in door.alarms] == [Worry.AFTER]


@pytest.mark.parametrize("name", ["My Folder", "Входящие", 'a "quoted" & odd one'])
async def test_folders_with_odd_names(name: str, tmp_path: Path) -> None:
    # hazard B12: unquoted, SELECT My Folder silently opens My
    async with mailbox() as box, store(tmp_path) as inbox:
        lines = [f"CREATE {wire(folder)}" for folder in ("My", name)]
        await settled(box, *lines)
        assert name in [folder.name for folder in read_list(((b'LIST () "/" ' + wire(name).encode(),),))]
        await box.deliver(mail(1), EARLIER, folder="My")
        await box.deliver(mail(2), EARLIER, folder=name)
        async with reading(account(box.port, folder=name), inbox, timing=ROUNDS):
            await inbox.holds(1)
    assert [message.raw for message in inbox.messages] == [mail(2)]


async def test_junk_folder_is_read_beside_and_left_alone(tmp_path: Path) -> None:
    # hazard B15
    async with mailbox() as box, store(tmp_path) as inbox:
        await settled(box, "CREATE Spam")
        await box.deliver(mail(1), EARLIER, folder="Spam")
        await box.deliver(mail(2), EARLIER)
        async with reading(account(box.port, junk_folder="Spam", after=After.MOVE), inbox, timing=ROUNDS) as door:
            await inbox.holds(2)
            await inbox.settled(2)
        lines = await settled(box, "STATUS Spam (MESSAGES)", "STATUS INBOX (MESSAGES)", "STATUS optoutd (MESSAGES)")
    assert [message.source.junk for message in inbox.messages] == [True, False]
    assert [line.split()[-1] for line in lines] == [b"1)", b"0)", b"1)"]
    assert door.alarms == []


async def test_missing_junk_folder_does_not_stop_the_other(tmp_path: Path) -> None:
    # hazard B11
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), EARLIER)
        async with reading(account(box.port, junk_folder="Nowhere"), inbox, timing=ROUNDS) as door:
            await inbox.holds(1)
    assert [alarm.worry for alarm in door.alarms] == [Worry.FOLDER]
    assert door.waits.seconds == []


async def test_older_mail_than_since_is_never_fetched(tmp_path: Path) -> None:
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), SINCE.replace(month=9))  # not even found
        await box.deliver(mail(2), EARLIER.replace(hour=7))  # the day is right, the hour is not
        await box.deliver(mail(3), EARLIER)
        async with reading(account(box.port, since=EARLIER.replace(hour=8)), inbox, timing=ROUNDS):
            await inbox.settled(1)
        assert await inbox.states() == {102: "skipped", 103: "settled"}
    assert [message.raw for message in inbox.messages] == [mail(3)]


async def test_first_start_takes_new_mail_only_and_remembers_when_it_was(tmp_path: Path) -> None:
    async with mailbox() as box, store(tmp_path) as inbox:
        await box.deliver(mail(1), EARLIER)
        async with reading(account(box.port, since=None), inbox, timing=ROUNDS):
            await box.deliver(mail(2), NOW)
            await inbox.holds(1)
        await box.deliver(mail(3), NOW)
        async with reading(account(box.port, since=None), inbox, timing=ROUNDS, now=lambda: NOW.replace(hour=20)):
            await inbox.holds(2)
    assert [message.raw for message in inbox.messages] == [mail(2), mail(3)]


async def test_backlog_is_read_oldest_first_in_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # hazard B5
    monkeypatch.setattr("agent.intake.imap.session.PAGE", 7)
    monkeypatch.setattr("agent.intake.imap.progress.PAGE", 5)
    async with mailbox() as box, store(tmp_path) as inbox:
        for number in range(30):
            await box.deliver(mail(number), EARLIER)
        async with reading(account(box.port), inbox, timing=ROUNDS):
            await inbox.holds(30)
    assert [message.raw for message in inbox.messages] == [mail(number) for number in range(30)]
    assert inbox.most_at_once <= 14  # a batch that is being stored and the one that waits behind it
