"""Starting, crowding and stopping: who is inside may finish, who is outside is told, nobody is left without a word."""

import asyncio
import socket
from dataclasses import replace

import pytest

from agent.intake.smtp import ListenError, connection, run
from agent.intake.smtp.connection import STOPPING, TOO_LONG, TOO_SLOW
from agent.intake.smtp.listener import CROWDED
from agent.intake.smtp.sockets import bind
from tests.unit.intake.smtp_door import PATIENCE, RING, FakeSink, Peer, door, settings


async def test_nothing_to_listen_at_is_no_error() -> None:
    async with door(settings(listen=())) as opened:
        assert opened.listener.addresses == ()


async def test_several_addresses() -> None:
    async with door(settings(listen=("127.0.0.1:0", "[::1]:0"))) as opened:
        assert [host for host, _ in opened.listener.addresses] == ["127.0.0.1", "::1"]


async def test_bad_address_is_said_before_anything_is_served() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:0"):
        await run(settings(listen=("127.0.0.1:0", "192.0.2.1:0")), FakeSink(), RING)


async def test_crowd_is_turned_away_and_others_are_served() -> None:
    config = settings(connections_per_network=2)
    async with door(config) as opened:
        async with opened.peer(), opened.peer("127.0.0.2"):
            async with opened.silent_peer("127.0.0.3") as third:
                assert await third.rest() == CROWDED.encode() + b"\r\n"  # hazard A8
            async with opened.peer("127.0.1.1") as elsewhere:
                assert (await elsewhere.say("NOOP")).startswith("250")
        await opened.deserted()
        async with opened.peer("127.0.0.3") as third:
            assert (await third.say("NOOP")).startswith("250")


async def test_all_networks_together_have_a_limit() -> None:
    async with (
        door(settings(connections=2)) as opened,
        opened.peer("127.0.0.1"),
        opened.peer("127.0.1.1"),
        opened.silent_peer("127.0.2.1") as third,
    ):
        assert await third.rest() == CROWDED.encode() + b"\r\n"  # hazard A8


async def test_idle_peer_is_sent_away() -> None:
    async with door(settings(idle_seconds=1)) as opened, opened.peer() as peer:
        assert (await peer.rest()).decode() == f"{TOO_SLOW}\r\n"  # hazard A3
        await opened.deserted()


async def test_no_command_winds_up_the_session_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_REPLIES", 10**9)
    async with door(settings(session_seconds=1)) as opened, opened.peer() as peer:
        async with asyncio.timeout(PATIENCE):
            while (reply := await peer.say("NOOP")).startswith("250"):
                pass
    assert reply == TOO_LONG  # hazard A3


async def test_dripping_command_is_cut() -> None:
    async with door(settings(idle_seconds=1)) as opened, opened.peer() as peer:
        drip = asyncio.gather(_drip(peer, b"N"), return_exceptions=True)
        assert (await peer.rest()).decode() == f"{TOO_SLOW}\r\n"  # hazard A3
        drip.cancel()


async def test_dripping_mail_is_cut() -> None:
    """A byte now and then is not silence, but it is below the least rate."""
    async with door(settings(idle_seconds=1)) as opened, opened.peer() as peer:
        await peer.begin()
        drip = asyncio.gather(_drip(peer, b"a"), return_exceptions=True)
        assert (await peer.rest()).decode() == f"{TOO_SLOW}\r\n"  # hazard A3
        drip.cancel()
        await opened.deserted()
    assert opened.sink.messages == []


async def _drip(peer: Peer, octet: bytes) -> None:
    while True:
        await peer.send(octet)
        await asyncio.sleep(0.1)  # the drip itself, nothing is waited for


async def test_slow_store_is_not_the_peers_fault() -> None:
    sink = FakeSink()
    sink.go_on.clear()
    async with door(sink=sink) as opened, opened.peer() as peer:
        await peer.begin()
        await peer.send(b"a\r\n.\r\n")
        async with asyncio.timeout(PATIENCE):
            await sink.arrivals.get()
        (session,) = opened.listener._sessions
        session._timeout_cb()
        session._too_long()
        sink.go_on.set()
        assert (await peer.reply()).startswith("250")
        assert await peer.reply() == TOO_LONG


async def test_stop_lets_a_running_mail_finish_and_tells_the_others() -> None:
    async with door() as opened, opened.peer() as sending, opened.peer() as idle, opened.silent_peer() as mute:
        await sending.begin()
        await sending.send(b"Subject: half\r\n")
        opened.task.cancel()
        assert await idle.reply() == STOPPING  # hazard K2
        assert await idle.rest() == b""
        assert (await mute.rest()).decode().splitlines() == ["220 mx.example.com ESMTP", STOPPING]
        assert (await sending.data(b"the other half\r\n")).startswith("250")
        assert await sending.reply() == STOPPING
        assert await sending.rest() == b""
    assert len(opened.sink.messages) == 1


async def test_stop_during_the_store_is_told_the_truth() -> None:
    sink = FakeSink()
    sink.go_on.clear()
    async with door(sink=sink) as opened, opened.peer() as peer:
        await peer.begin()
        await peer.send(b"a\r\n.\r\n")
        async with asyncio.timeout(PATIENCE):
            await sink.arrivals.get()
        opened.task.cancel()
        sink.go_on.set()
        assert (await peer.reply()).startswith("250")
    assert len(sink.messages) == 1


async def test_stop_does_not_wait_for_ever_and_never_says_250() -> None:
    sink = FakeSink()
    sink.go_on.clear()
    async with door(settings(drain_seconds=1), sink) as opened, opened.peer() as stuck, opened.peer() as slow:
        await stuck.begin()
        await stuck.send(b"a\r\n.\r\n")
        async with asyncio.timeout(PATIENCE):
            await sink.arrivals.get()
        await slow.begin()
        opened.task.cancel()
        assert b"250" not in await stuck.rest()
        assert b"250" not in await slow.rest()
    assert sink.messages == []


async def test_inherited_socket_survives_a_restart() -> None:
    """The service manager holds the socket: who comes while we are away waits, and is served by the next one."""
    with bind("127.0.0.1:0") as held:
        held.listen()
        replies: list[str] = []
        for _ in range(3):
            async with door(settings(listen=()), sockets=(held.dup(),)) as opened, opened.peer() as peer:
                await peer.begin()
                replies.append(await peer.data())  # hazard K2
            waiting = await _connect(held)
            async with door(settings(listen=()), sockets=(held.dup(),)):
                assert (await waiting.reply()).startswith("220")
                await waiting.begin()
                replies.append(await waiting.data())
                waiting.writer.transport.abort()
    assert [reply[:3] for reply in replies] == ["250"] * 6


async def _connect(held: socket.socket) -> Peer:
    host, port = held.getsockname()
    return Peer(*await asyncio.open_connection(host, port))


async def test_every_peer_of_a_restart_gets_a_word() -> None:
    """Probes in a row while listeners come and go on one socket: each is served or told to try again."""
    with bind("127.0.0.1:0") as held:
        held.listen()
        words: asyncio.Queue[str] = asyncio.Queue()
        sent: list[str] = []

        async def probe() -> None:
            for _ in range(25):
                peer = await _connect(held)
                await words.put((await peer.reply())[:3])
                peer.writer.transport.abort()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(probe())
            while len(sent) < 100:  # a listener goes as soon as one word more was heard
                async with door(settings(listen=(), connections_per_network=100), sockets=(held.dup(),)):
                    sent.append(await words.get())
    assert set(sent) <= {"220", "421"}  # hazard K2


async def test_wrong_settings_do_not_leave_sockets_open() -> None:
    config = replace(settings(), smtp=replace(settings().smtp, tls_cert="/nowhere"))
    with pytest.raises(ListenError):
        await run(config, FakeSink(), RING)


async def test_silence_ends_a_session_after_a_slow_store_too() -> None:
    sink = FakeSink()
    sink.go_on.clear()
    async with door(settings(idle_seconds=1), sink=sink) as opened, opened.peer() as peer:
        await peer.begin()
        await peer.send(b"a\r\n.\r\n")
        async with asyncio.timeout(PATIENCE):
            await sink.arrivals.get()
        (session,) = opened.listener._sessions
        session._timeout_handle = session.loop.call_at(session.loop.time() - 1, session._timeout_cb)
        await asyncio.sleep(0)  # it has come while the mail was being stored, and did nothing
        sink.go_on.set()
        assert (await peer.reply()).startswith("250")
        assert await peer.reply() == TOO_SLOW
