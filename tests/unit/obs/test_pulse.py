"""One truth for the watchdog and for /healthz: a part that stands still, or a loop that did, is named."""

import asyncio
import socket
from pathlib import Path

import pytest

from agent.obs.pulse import Pulse
from agent.store.db import Db
from agent.store.errors import StoreBusy
from agent.store.writer import Writer
from agent.upkeep.beats import WRITER, beat, beat_writer


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pulse(clock: Clock) -> Pulse:
    return Pulse(clock=clock)


def test_before_anybody_has_begun_nothing_is_wrong(pulse: Pulse) -> None:
    assert pulse.fault() == ""


# hazard K3
def test_a_part_that_stands_still_is_named_until_it_moves_again(pulse: Pulse, clock: Clock) -> None:
    pulse.beat("mailbox sales", 900)
    clock.now += 900
    assert pulse.fault() == ""
    clock.now += 60
    assert pulse.fault() == "mailbox sales has made no progress for 960 s"
    pulse.beat("mailbox sales", 900)
    assert pulse.fault() == ""


# hazard K3
def test_a_loop_that_stood_still_gives_no_sign_of_life_for_that_turn(pulse: Pulse, clock: Clock) -> None:
    assert pulse.turn() == ""
    clock.now += 5 + 4.9  # late, but within its slack
    assert pulse.turn() == ""
    clock.now += 5 + 5.1
    assert pulse.turn() == "the event loop has made no progress for 10 s"
    clock.now += 5
    assert pulse.turn() == ""


def test_what_a_part_could_not_do_is_a_fault_until_it_can(pulse: Pulse) -> None:
    pulse.beat("writer", 15)
    pulse.failed("writer", "the disk is full")
    assert pulse.fault() == "writer: the disk is full"
    pulse.beat("writer", 15)
    assert pulse.fault() == ""


# hazard K3
async def test_the_watchdog_hears_nothing_while_something_stands_still(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Five turns: before the second the loop was blocked; in the fourth a mailbox hangs, which moves again later."""
    pulse = Pulse(clock=clock)
    pulse.beat("mailbox sales", 30)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        heard: list[int] = []
        passes = iter((20.0, 5.0, 8.0, 5.0))

        async def sleep(_: float) -> None:
            heard.append(pings(systemd))
            if len(heard) == 4:
                pulse.beat("mailbox sales", 30)
            if (passed := next(passes, None)) is None:
                raise asyncio.CancelledError
            clock.now += passed

        monkeypatch.setattr("agent.upkeep.beats.asyncio.sleep", sleep)
        with pytest.raises(asyncio.CancelledError):
            await beat(pulse)
    assert heard == [1, 0, 1, 0, 1]


def pings(systemd: socket.socket) -> int:
    found = 0
    try:
        while True:
            assert systemd.recv(100) == b"WATCHDOG=1"
            found += 1
    except BlockingIOError:
        return found


def never_opened() -> Db:
    raise AssertionError


async def test_a_writer_that_cannot_commit_is_a_fault_and_not_the_end(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = Pulse(clock=clock)
    writer = Writer(never_opened, lambda _: None)
    answers = iter((StoreBusy("somebody writes for too long"), None))
    seen: list[str] = []

    async def run(_: object) -> None:
        if (error := next(answers)) is not None:
            raise error

    async def sleep(_: float) -> None:
        seen.append(pulse.fault())
        if len(seen) == 2:
            raise asyncio.CancelledError

    monkeypatch.setattr(writer, "run", run)
    monkeypatch.setattr("agent.upkeep.beats.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await beat_writer(writer, pulse)
    assert seen == [f"{WRITER}: somebody writes for too long", ""]
