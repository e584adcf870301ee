"""The mended protocol: any number of lines in any chunks, and every command ends when the connection does."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intake.imap.protocol import LINE_BYTES, RESPONSE_BYTES, Ask, Idle, Protocol
from agent.intake.imap.trouble import ImapTrouble


class Line(asyncio.Transport):
    """A transport that goes nowhere and remembers."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.aborted = True


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that is never run: the protocol itself needs no time."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def connected(loop: asyncio.AbstractEventLoop) -> Protocol:
    protocol = Protocol(loop)
    protocol.connection_made(Line())
    protocol.data_received(b"* OK ready\r\n")
    return protocol


async def asking(name: str, *args: str) -> tuple[Protocol, Ask]:
    protocol = connected(asyncio.get_running_loop())
    command = Ask(name, "T1", *args)
    protocol.start(command)
    return protocol, command


async def test_twenty_thousand_lines_in_one_chunk() -> None:
    # hazard B7: the library recurses once for every line
    protocol, command = await asking("FETCH", "1:20000", "(UID FLAGS)")
    lines = [b"* %d FETCH (UID %d FLAGS (\\Seen))" % (n, n) for n in range(1, 20_001)]
    protocol.data_received(b"\r\n".join([*lines, b"T1 OK done", b""]))
    await command.wait()
    assert command.response.result == "OK"
    assert [response[0] for response in command.responses] == [line[2:] for line in lines]


async def test_literals_in_every_cut() -> None:
    stream = b"* 1 FETCH (UID 5 BODY[] {7}\r\na\r\n)\r\nx FLAGS ({0}\r\n))\r\n* 9 EXISTS\r\nT1 OK done\r\n"
    for cut in range(len(stream)):
        protocol, command = await asking("FETCH", "5", "(UID BODY.PEEK[])")
        protocol.data_received(stream[:cut])
        protocol.data_received(stream[cut:])
        await command.wait()
        assert command.responses == [
            (b"1 FETCH (UID 5 BODY[] {7}", b"a\r\n)\r\nx", b" FLAGS ({0}", b"", b"))"),
            (b"9 EXISTS",),
        ]
        assert protocol.news.is_set()


async def test_mails_in_every_cut() -> None:
    # hazard B17: what a mail contains is never taken for what the server says, whole mails in one look or not
    mail = b"* 9 FETCH (UID 9 BODY[] {1}\r\nx)\r\n* BYE\r\n* 7 EXISTS\r\nT1 OK done\r\n"
    whole = b"* 1 FETCH (UID 5 BODY[] {%d}\r\n%b)\r\n" % (len(mail), mail)
    longer = b"* 2 FETCH (UID 6 BODY[] {%d}\r\n%b FLAGS ())\r\n" % (len(mail), mail)
    stream = whole + longer + b"* 3 fetch (uid 7 body[] {0}\r\n)\r\n" + whole + b"T1 OK done\r\n"
    for cut in range(len(stream)):
        protocol, command = await asking("FETCH", "5:7", "(UID BODY.PEEK[])")
        protocol.data_received(stream[:cut])
        protocol.data_received(stream[cut:])
        await command.wait()
        one = (b"1 FETCH (UID 5 BODY[] {%d}" % len(mail), mail, b")")
        other = (b"2 FETCH (UID 6 BODY[] {%d}" % len(mail), mail, b" FLAGS ())")
        assert command.responses == [one, other, (b"3 fetch (uid 7 body[] {0}", b"", b")"), one]
        assert not protocol.news.is_set()


async def test_mail_that_nobody_asked_for_before_the_greeting_is_no_greeting() -> None:
    # hazard B17
    protocol = Protocol(asyncio.get_running_loop())
    protocol.connection_made(Line())
    protocol.data_received(b"* 1 FETCH (UID 5 BODY[] {1}\r\nx)\r\n")
    assert protocol.transport.aborted


async def test_lost_connection_fails_the_waiting_command() -> None:
    # hazard B6
    protocol, command = await asking("NOOP")
    protocol.connection_lost(None)
    with pytest.raises(ImapTrouble, match="lost"):
        await command.wait()
    with pytest.raises(ImapTrouble, match="lost"):
        protocol.start(Ask("NOOP", "T2"))


async def test_lost_connection_wakes_idle() -> None:
    # hazard B6
    protocol = connected(asyncio.get_running_loop())
    idle = Idle("T1", protocol.news)
    protocol.start(idle)
    protocol.data_received(b"+ idling\r\n")
    assert idle.ready.is_set()
    assert not protocol.news.is_set()
    protocol.connection_lost(OSError())
    assert protocol.news.is_set()
    assert idle.ended


async def test_chatter_in_idle_fills_no_memory() -> None:
    protocol = connected(asyncio.get_running_loop())
    idle = Idle("T1", protocol.news)
    protocol.start(idle)
    protocol.data_received(b"* 1 FETCH (FLAGS ())\r\n" * 1000)
    assert idle.responses == []
    assert not protocol.news.is_set()


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"* 1 FETCH (BODY[] {%d}\r\n" % (RESPONSE_BYTES + 1), "literal"),
        (b"* 1 FETCH (BODY[] {99999999999999999999}\r\n", "literal"),
        (b"* " + b"x" * (LINE_BYTES + 1), "without an end"),
        (b"* BYE bob@shop.example is thrown out\r\n", r"BYE \*\*\* is thrown out"),
        (b"T9 OK not asked\r\n", "speaks no IMAP"),
    ],
)
async def test_what_drops_the_connection(stream: bytes, words: str) -> None:
    # hazard B17
    protocol, command = await asking("FETCH", "1", "(UID)")
    protocol.data_received(stream)
    with pytest.raises(ImapTrouble, match=words):
        await command.wait()
    assert protocol.transport.aborted


async def test_nothing_larger_than_the_cap_is_held() -> None:
    # hazard B17
    protocol, command = await asking("FETCH", "1", "(UID)")
    line = b"* 1 FETCH (X " + b"x" * 1_000_000 + b")\r\n"
    for _ in range(RESPONSE_BYTES // len(line) + 1):
        protocol.data_received(line)
    with pytest.raises(ImapTrouble, match="larger than 64 MB"):
        await command.wait()


async def test_a_password_is_written_and_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    protocol, _ = await asking("LOGIN", '"bob"', '"s3cr\\"et"')
    protocol.data_received(b"* NO s3cr\r\n")
    assert protocol.transport.written == b'T1 LOGIN "bob" "s3cr\\"et"\r\n'
    assert "s3cr" not in caplog.text


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_any_bytes_are_answered_or_dropped(loop: asyncio.AbstractEventLoop, one: bytes, other: bytes) -> None:
    protocol = connected(loop)
    protocol.data_received(one)
    protocol.data_received(b"\r\n" + other + b"\r\n")
    protocol.data_received(b"* OK still there\r\n")
