"""The IMAP door against servers that break, lie or attack: it loses no mail, never hangs, and goes on by itself."""

import asyncio
import ssl
from pathlib import Path

import pytest

from agent.intake.imap import Timing, Worry
from agent.intake.imap.protocol import RESPONSE_BYTES
from agent.model.settings import After, TlsMode
from agent.store.errors import StoreError
from tests.support.certificate import self_signed
from tests.support.fake_imap import FakeImap, Hook, Peer, hang_up, replies, silence
from tests.support.imap_intake import NOW, Inbox, Waits, account, mail, reading, store

IMPATIENT = Timing(connect=0.2, command=0.2, fetch=0.2, idle=540.0)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Of localhost, signed by nobody."""
    return self_signed(tmp_path)


def once(hook: Hook) -> Hook:
    """A hook that acts the first time only."""
    left = [hook]

    async def first(peer: Peer, tag: str, command: str) -> bool:
        return bool(left) and await left.pop()(peer, tag, command)

    return first


async def test_connection_lost_in_idle_is_noticed_at_once(tmp_path: Path) -> None:
    # hazard B6
    async with (
        FakeImap({1: mail(1)}, hooks={"IDLE": once(hang_up)}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox) as door,
    ):
        await server.heard("IDLE", 2)
    assert door.waits.seconds == [0.75]
    assert server.count("LOGIN") == 2


async def test_silent_server_is_dropped_when_idle_is_renewed(tmp_path: Path) -> None:
    # hazard B6: nothing tells that a stalled line is dead but the answer to DONE that does not come
    async def stalled(peer: Peer, tag: str, command: str) -> bool:
        peer.say("+ idling")
        await peer.reader.readline()
        return True

    timing = Timing(connect=5, command=0.2, fetch=5, idle=0.05)
    async with (
        FakeImap(hooks={"IDLE": once(stalled)}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, timing=timing),
    ):
        await server.heard("LOGIN", 2)


@pytest.mark.parametrize("command", ["LOGIN", "CAPABILITY", "LIST", "SELECT", "UID SEARCH", "UID FETCH", "IDLE"])
@pytest.mark.parametrize("hook", [silence, hang_up])
async def test_every_command_has_an_end(command: str, hook: Hook, tmp_path: Path) -> None:
    # hazard B7
    async with (
        FakeImap({1: mail(1)}, hooks={command: once(hook)}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, timing=IMPATIENT),
    ):
        await inbox.holds(1)
        await server.heard("IDLE")
    assert inbox.references == ["imap:sales/INBOX/77/1"]


async def test_five_thousand_lines_at_once(tmp_path: Path) -> None:
    # hazard B7
    flags = "".join(f"* {n} FETCH (FLAGS (\\Seen))\r\n" for n in range(5000))

    async def flood(peer: Peer, tag: str, command: str) -> bool:
        peer.writer.write(flags.encode())
        return False

    async with (
        FakeImap({1: mail(1)}, hooks={"UID FETCH": flood}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox) as door,
    ):
        await inbox.holds(1)
    assert door.waits.seconds == []


async def test_wrong_password_is_tried_four_times_in_the_first_hour(tmp_path: Path) -> None:
    # hazard B8
    no = replies("{tag} NO [AUTHENTICATIONFAILED] Invalid login for sales@shop.example")
    async with (
        FakeImap(hooks={"LOGIN": no}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, waits=Waits(allowed=6)) as door,
    ):
        await door.waits.used_up()
    assert door.waits.seconds == [60, 300, 1800, 3600, 3600, 3600]
    assert [alarm.worry for alarm in door.alarms] == [Worry.LOGIN]
    assert "app password" in door.alarms[0].text
    assert "sales@shop.example" not in door.alarms[0].text


async def test_busy_server_is_not_a_wrong_password(tmp_path: Path) -> None:
    busy = replies("{tag} NO [UNAVAILABLE] Temporary authentication failure")
    async with (
        FakeImap({1: mail(1)}, hooks={"LOGIN": once(busy)}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox) as door,
    ):
        await inbox.holds(1)
    assert door.alarms == []
    assert door.waits.seconds == [0.75]


async def test_unknown_certificate_gets_no_password(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    # hazard B9
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    async with FakeImap(tls=context) as server, store(tmp_path) as inbox:
        theirs = account(server.port, host="localhost", tls=TlsMode.IMPLICIT)
        async with reading(theirs, inbox, waits=Waits(allowed=2)) as door:
            await door.waits.used_up()
        assert [alarm.worry for alarm in door.alarms] == [Worry.TLS]
        assert server.commands == []
        ours = account(server.port, host="localhost", tls=TlsMode.IMPLICIT, ca_file=str(certificate[0]))
        async with reading(ours, inbox):
            await server.heard("LOGIN")


async def test_login_disabled_gets_no_password(tmp_path: Path) -> None:
    # hazard B10
    async with (
        FakeImap(capabilities="IMAP4rev1 STARTTLS LOGINDISABLED") as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, waits=Waits(allowed=1)) as door,
    ):
        await door.waits.used_up()
    assert [alarm.worry for alarm in door.alarms] == [Worry.UNSAFE]
    assert server.count("LOGIN") == 0


async def test_starttls_is_never_relied_on(tmp_path: Path) -> None:
    # hazard B10
    async with FakeImap() as server, store(tmp_path) as inbox:
        stripped = account(server.port, tls=TlsMode.STARTTLS)
        async with reading(stripped, inbox, waits=Waits(allowed=1)) as door:
            await door.waits.used_up()
    assert [alarm.worry for alarm in door.alarms] == [Worry.UNSAFE]
    assert server.commands == []


async def test_missing_folder_is_named_and_tried_slowly(tmp_path: Path) -> None:
    # hazard B11
    async with FakeImap({1: mail(1)}) as server, store(tmp_path) as inbox:
        lost = account(server.port, folder="Bounces")
        async with reading(lost, inbox, waits=Waits(allowed=3)) as door:
            await door.waits.used_up()
            async with reading(account(server.port, name="other"), inbox):  # the others go on
                await inbox.holds(1)
    assert [(alarm.worry, alarm.text) for alarm in door.alarms] == [
        (Worry.FOLDER, "there is no folder 'Bounces'; the mailbox has: INBOX, Junk")
    ]
    assert door.waits.seconds == [60, 300, 300]


async def test_select_that_is_refused_is_not_taken_for_selected(tmp_path: Path) -> None:
    # hazard B11
    no = replies("{tag} NO [NONEXISTENT] Unknown Mailbox")
    async with (
        FakeImap({1: mail(1)}, hooks={"SELECT": no}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, waits=Waits(allowed=1)) as door,
    ):
        await door.waits.used_up()
    assert [alarm.worry for alarm in door.alarms] == [Worry.FOLDER]
    assert server.count("UID") == 0


async def test_vanished_mail_is_skipped(tmp_path: Path) -> None:
    # hazard B3
    gone = replies(
        "* 1 FETCH (UID 1 BODY[] NIL)", "* 2 FETCH (UID 2 BODY[] {2}", "ok)", "{tag} OK [EXPUNGEISSUED] some"
    )
    hooks = {"UID FETCH 1:2 (UID BODY": once(gone)}
    async with FakeImap({1: mail(1), 2: mail(2)}, hooks=hooks) as server, store(tmp_path) as inbox:
        async with reading(account(server.port), inbox) as door:
            await server.heard("IDLE")
        assert door.alarms == []
        assert door.waits.seconds == []
        assert inbox.references == ["imap:sales/INBOX/77/2"]
        assert await inbox.states() == {2: "settled"}  # the first is looked for again, should it be there after all


async def test_giant_mail_is_read_by_its_head(tmp_path: Path) -> None:
    # hazard B4
    async with (
        FakeImap({1: mail(1), 2: mail(2, size=400_000)}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port, message_bytes=300_000), inbox),
    ):
        await inbox.holds(2)
    assert [len(message.raw) for message in inbox.messages] == [len(mail(1)), 262_144]
    assert server.count("UID FETCH 2 (UID BODY.PEEK[])") == 0


@pytest.mark.parametrize(
    "line", ["* 1 FETCH (UID 1 BODY[] {9999999999}", "* 1 FETCH (UID 1 BODY[] {99999999999999999999999}", "* BYE gone"]
)
async def test_literal_bomb_drops_the_connection(line: str, tmp_path: Path) -> None:
    # hazard B17
    hooks = {"UID FETCH 1 (UID BODY": once(replies(line))}
    async with (
        FakeImap({1: mail(1)}, hooks=hooks) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox) as door,
    ):
        await inbox.holds(1)
    assert door.waits.seconds == [0.75]


async def test_endless_answer_drops_the_connection(tmp_path: Path) -> None:
    # hazard B17
    async def flood(peer: Peer, tag: str, command: str) -> bool:
        line = b"* 1 FETCH (FLAGS (" + b"x" * 1_000_000 + b"))\r\n"
        for _ in range(RESPONSE_BYTES // len(line) + 1):
            peer.writer.write(line)
            await peer.writer.drain()
        return True

    async with (
        FakeImap({1: mail(1)}, hooks={"UID FETCH 1 (UID BODY": once(flood)}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox) as door,
    ):
        await inbox.holds(1)
    assert door.waits.seconds == [0.75]


async def test_search_that_lags_behind_is_asked_again(tmp_path: Path) -> None:
    # hazard B18
    stale = replies("* SEARCH", "{tag} OK done")
    hooks = {"UID SEARCH": once(stale)}
    timing = Timing(connect=5, command=5, fetch=5, idle=0.05)
    async with (
        FakeImap({1: mail(1)}, hooks=hooks) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, timing=timing) as door,
    ):
        await inbox.holds(1)
    assert door.waits.seconds == []


async def test_mail_announced_during_a_fetch_is_not_forgotten(tmp_path: Path) -> None:
    # hazard B18: the server need not repeat in IDLE what it said before
    async def announce(peer: Peer, tag: str, command: str) -> bool:
        server.mails[2] = mail(2)
        peer.say("* 2 EXISTS")
        return False

    async with FakeImap({1: mail(1)}) as server, store(tmp_path) as inbox:
        server.hooks["UID FETCH 1 (UID BODY"] = once(announce)
        async with reading(account(server.port), inbox):
            await inbox.holds(2)


async def test_announced_mail_is_fetched_at_once(tmp_path: Path) -> None:
    async with FakeImap({1: mail(1)}) as server, store(tmp_path) as inbox, reading(account(server.port), inbox) as door:
        for uid in (2, 3):
            await server.deliver(uid, mail(uid))
            await inbox.holds(uid)
    assert door.waits.seconds == []
    assert [command for command in server.commands if "SEARCH" in command] == [
        "UID SEARCH SINCE 31-Oct-2026", "UID SEARCH UID 2:* SINCE 31-Oct-2026", "UID SEARCH UID 3:* SINCE 31-Oct-2026",
    ]  # fmt: skip


async def test_server_without_idle_is_asked_in_rounds(tmp_path: Path) -> None:
    timing = Timing(connect=5, command=5, fetch=5, idle=0.05)
    async with (
        FakeImap(capabilities="IMAP4rev1") as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, timing=timing),
    ):
        await server.heard("UID SEARCH")
        server.mails[1] = mail(1)
        await inbox.holds(1)
    assert server.count("IDLE") == 0


async def test_gmail_shows_one_mail_under_two_labels(tmp_path: Path) -> None:
    # hazard B14
    gmail = "IMAP4rev1 IDLE X-GM-EXT-1 UIDPLUS MOVE"
    async with FakeImap({1: mail(1)}, capabilities=gmail) as server, store(tmp_path) as inbox:
        for folder in ("INBOX", "Label"):
            server.folders.append("Label")
            async with reading(account(server.port, folder=folder), inbox):
                await server.heard("IDLE", 1 if folder == "INBOX" else 2)
        stored = await inbox.writer.run(lambda db: db.connection.execute("SELECT reference FROM inbox").fetchall())
        places = await inbox.writer.run(lambda db: db.connection.execute("SELECT folder FROM ledger").fetchall())
    assert stored == [("imap:sales/x-gm-msgid/1001",)]
    assert places == [("INBOX",), ("Label",)]


async def test_gmail_is_never_expunged_without_uidplus(tmp_path: Path) -> None:
    # hazard B14
    async with FakeImap({1: mail(1)}, capabilities="IMAP4rev1 IDLE") as server, store(tmp_path) as inbox:
        async with reading(account(server.port, after=After.MOVE), inbox) as door:
            await server.heard("IDLE")
        assert await inbox.states() == {1: "settled"}
    assert [alarm.worry for alarm in door.alarms] == [Worry.AFTER]
    assert not any("EXPUNGE" in command or "COPY" in command for command in server.commands)


async def test_move_without_move_copies_marks_and_expunges_by_uid(tmp_path: Path) -> None:
    async with (
        FakeImap({1: mail(1), 2: mail(2)}, capabilities="IMAP4rev1 IDLE UIDPLUS") as server,
        store(tmp_path) as inbox,
    ):
        server.hooks["UID SEARCH UID 1:2 DELETED"] = replies("* SEARCH 2", "{tag} OK done")  # copied before a crash
        async with reading(account(server.port, after=After.MOVE), inbox) as door:
            await server.heard("IDLE")
        assert await inbox.states() == {1: "settled", 2: "settled"}
    assert door.alarms == []
    acted = [
        command for command in server.commands if command.startswith(("CREATE", "UID COPY", "UID STORE", "UID EXP"))
    ]
    assert acted == [
        'CREATE "optoutd"', 'UID COPY 1 "optoutd"', r"UID STORE 1 +FLAGS.SILENT (\Deleted)", "UID EXPUNGE 1:2",
    ]  # fmt: skip
    assert "EXPUNGE" not in server.commands


async def test_refused_move_is_tried_again_in_the_next_round(tmp_path: Path) -> None:
    hooks = {"UID MOVE": once(replies("{tag} NO [OVERQUOTA] full"))}
    timing = Timing(connect=5, command=5, fetch=5, idle=0.05)
    async with (
        FakeImap({1: mail(1)}, hooks=hooks) as server,
        store(tmp_path) as inbox,
        reading(account(server.port, after=After.MOVE), inbox, timing=timing) as door,
    ):
        await server.heard("UID MOVE", 2)
        await server.heard("IDLE", server.count("IDLE") + 1)
    assert [alarm.worry for alarm in door.alarms] == [Worry.AFTER]
    assert len(inbox.messages) == 1


async def test_mail_that_was_not_stored_stays_and_comes_again(tmp_path: Path) -> None:
    class Full(Inbox):
        failures = 2  # with the others, and by itself

        async def accept(self, message, place=None):  # type: ignore[no-untyped-def]
            if self.failures and b"Stop 2" in message.raw:
                self.failures -= 1
                raise OSError("disk full")
            return await super().accept(message, place)

    async with FakeImap({1: mail(1), 2: mail(2), 3: mail(3)}) as server, store(tmp_path) as inbox:
        full = Full(inbox.writer)
        async with reading(account(server.port, after=After.MOVE), full) as door:
            await server.heard("IDLE")
    assert sorted(set(full.references)) == [f"imap:sales/INBOX/77/{uid}" for uid in (1, 2, 3)]
    assert door.waits.seconds == [0.75]
    assert [command for command in server.commands if "MOVE" in command] == [
        'UID MOVE 1,3 "optoutd"',
        'UID MOVE 2 "optoutd"',
    ]


async def test_batch_that_waits_behind_one_that_fails_is_kept_and_settled_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # hazards B1 and B5
    monkeypatch.setattr("agent.intake.imap.fetch.BATCH_MAILS", 1)

    class Failing(Inbox):
        batches = 0

        async def accept_many(self, mails):  # type: ignore[no-untyped-def]
            self.batches += 1
            if self.batches == 1:
                await following.wait()
                raise StoreError("disk full")
            following.set()
            return await super().accept_many(mails)

    following = asyncio.Event()
    async with FakeImap({1: mail(1), 2: mail(2), 3: mail(3)}) as server, store(tmp_path) as inbox:
        failing = Failing(inbox.writer)
        async with reading(account(server.port, after=After.MOVE), failing) as door:
            await server.heard("IDLE")
    assert sorted(failing.references) == [f"imap:sales/INBOX/77/{uid}" for uid in (1, 2, 3)]
    assert door.waits.seconds == [0.75]
    assert [command for command in server.commands if "MOVE" in command] == [
        f'UID MOVE {uid} "optoutd"' for uid in (2, 1, 3)
    ]


async def test_netease_gets_our_name_before_a_folder_is_opened(tmp_path: Path) -> None:
    async with FakeImap() as server, store(tmp_path) as inbox, reading(account(server.port), inbox):
        await server.heard("SELECT")
    named = next(command for command in server.commands if command.startswith("ID "))
    assert named.startswith('ID ("name" "optoutd" "version" "')
    assert server.commands.index(named) < server.commands.index('SELECT "INBOX"')


async def test_reconnects_ever_more_slowly_and_for_ever(tmp_path: Path) -> None:
    async with (
        FakeImap(greeting="* BYE too busy") as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, waits=Waits(allowed=12)) as door,
    ):
        await door.waits.used_up()
    assert door.waits.seconds[:4] == [0.75, 1.5, 3.0, 6.0]
    assert door.waits.seconds[-1] == 225.0
    assert door.alarms == []


@pytest.mark.parametrize("raw", [b"\xff\xfe* nonsense\r\n", b"AA1 OK who asked\r\n", b"* 1 FETCH (\xff\r\n\x00\r\n"])
async def test_nonsense_is_survived(raw: bytes, tmp_path: Path) -> None:
    async def babble(peer: Peer, tag: str, command: str) -> bool:
        peer.writer.write(raw)
        return False

    async with (
        FakeImap({1: mail(1)}, hooks={"UID FETCH": once(babble)}) as server,
        store(tmp_path) as inbox,
        reading(account(server.port), inbox, timing=IMPATIENT),
    ):
        await inbox.holds(1)


async def test_received_at_is_the_providers_time_but_never_the_future(tmp_path: Path) -> None:
    async with FakeImap({1: mail(1)}) as server, store(tmp_path) as inbox:
        async with reading(account(server.port), inbox):
            await inbox.holds(1)
        server.uidvalidity += 1
        past = NOW.replace(hour=11)
        async with reading(account(server.port), inbox, now=lambda: past):
            await inbox.holds(2)
    assert [message.received_at for message in inbox.messages] == [NOW.replace(second=0), past]
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("host", ["a..b", "x" * 70 + ".example"])
async def test_what_is_no_host_name_is_told_and_not_fatal(host: str, tmp_path: Path) -> None:
    async with store(tmp_path) as inbox, reading(account(1, host=host), inbox, waits=Waits(allowed=2)) as door:
        await door.waits.used_up()
    assert [alarm.worry for alarm in door.alarms] == [Worry.HOST]
