"""The reader process dies, hangs and bursts; the daemon's side blames one mail and reads on."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.model.mail import Door, RawMessage, Source
from agent.model.settings import Identity, ImapAccount, Limits, RelaySettings, Settings
from agent.worker import child, frames, reader
from agent.worker.reader import Reader, ReaderDown, ReaderFailed

LIMITS = Limits(reader_cpu_seconds=1, reader_seconds=60, reader_memory_bytes=1_000_000_000)
SETTINGS = Settings(
    identity=Identity(
        company="Example Exports", postal_address="1 Harbour Road", contact="a@example.com", domains=("example.com",)
    ),
    limits=LIMITS,
)


def mail(text: str) -> RawMessage:
    return RawMessage(
        source=Source(door=Door.FILES, reference=f"files:{text}"),
        envelope_from=None,
        envelope_to=(),
        peer="",
        raw=text.encode(),
        received_at=datetime(2026, 1, 31, tzinfo=UTC),
    )


def settings(**limits: int) -> Settings:
    return replace(SETTINGS, limits=replace(LIMITS, **limits))


async def said(reader: Reader, text: str) -> str:
    return (await reader.read(mail(text))).message_id


def running(pid: int) -> bool:
    """Whether the process exists, if only as a zombie."""
    return Path(f"/proc/{pid}").exists()


@pytest.fixture(autouse=True)
def odd(monkeypatch: pytest.MonkeyPatch) -> None:
    script = str(Path(__file__).with_name("odd_child.py"))
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-I", script))


@pytest.fixture
async def subject() -> AsyncIterator[Reader]:
    subject = Reader(SETTINGS)
    yield subject
    await subject.stop()


async def test_answers_come_to_whom_they_belong(subject: Reader) -> None:
    texts = [f"say {number}" for number in range(100)]
    assert await asyncio.gather(*(said(subject, text) for text in texts)) == [str(n) for n in range(100)]


async def test_one_process_serves_for_ever(subject: Reader) -> None:
    await subject.start()
    assert len({await said(subject, "pid") for _ in range(20)}) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("burn", "used more than 1 s of CPU time"),  # hazard C11
        ("bomb", "MemoryError at odd_child.py:"),  # hazard C1
        ("bug with secret words", "RuntimeError at odd_child.py:"),
        ("garbage", "a frame of 4294967295 bytes is announced"),
        ("huge", "FrameError at frames.py:"),
    ],
)
async def test_a_mail_that_kills_the_reader_is_blamed_alone(subject: Reader, text: str, why: str) -> None:
    before, failure, *after = await asyncio.gather(
        said(subject, "pid"), said(subject, text), *(said(subject, f"say {n}") for n in range(20)),
        said(subject, "pid"), return_exceptions=True,
    )  # fmt: skip
    assert isinstance(failure, ReaderFailed)
    assert why in str(failure)
    assert "secret words" not in str(failure)  # hazard J4
    assert after[:-1] == [str(n) for n in range(20)]
    assert after[-1] != before


async def test_a_hanging_mail_is_killed_and_blamed_alone() -> None:
    subject = Reader(settings(reader_seconds=1))
    hung, well = await asyncio.gather(said(subject, "hang"), said(subject, "say well"), return_exceptions=True)
    assert str(hung) == "took longer than 1 s"
    assert well == "well"
    await subject.stop()


async def test_kill_9_in_mid_flight(subject: Reader, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_caught(subject, f"meet {meeting}"))
        behind = group.create_task(said(subject, "say unharmed"))
        pid = int(await asyncio.to_thread(meeting.read_text))
        os.kill(pid, signal.SIGKILL)
    assert reading.result() == "the reader was ended by signal 9 (Killed)"
    assert behind.result() == "unharmed"
    assert not running(pid)


async def _caught(subject: Reader, text: str) -> str:
    with pytest.raises(ReaderFailed) as caught:
        await said(subject, text)
    return str(caught.value)


async def test_a_reader_killed_while_idle_harms_no_mail(subject: Reader) -> None:
    pid = int(await said(subject, "pid"))
    os.kill(pid, signal.SIGKILL)
    living = subject._child
    assert living
    await living.gone.wait()
    assert int(await said(subject, "pid")) != pid


async def test_a_stray_print_harms_nothing(subject: Reader) -> None:
    assert await said(subject, "stray") == "printed"
    assert await said(subject, "say next") == "next"


async def test_a_cancelled_caller_leaves_the_order_intact(subject: Reader, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)
    async with asyncio.TaskGroup() as group:
        leaving = group.create_task(said(subject, f"meet {meeting}"))
        behind = group.create_task(said(subject, "say mine"))
        pid = int(await asyncio.to_thread(meeting.read_text))
        leaving.cancel()
        os.kill(pid, signal.SIGKILL)
    assert leaving.cancelled()
    assert behind.result() == "mine"


async def test_stop_ends_the_process_and_leaves_no_zombie(subject: Reader) -> None:
    pid = int(await said(subject, "pid"))
    await subject.stop()
    assert not running(pid)
    with pytest.raises(ReaderDown):
        await said(subject, "say late")
    await subject.start()
    assert await said(subject, "say again") == "again"


async def test_stop_does_not_wait_for_a_hanging_mail(
    subject: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "STOP_SECONDS", 0)
    meeting = tmp_path / "meeting"
    os.mkfifo(meeting)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(_down(subject, f"meet {meeting}"))
        await asyncio.to_thread(meeting.read_text)
        await subject.stop()
    assert reading.result() == "the reader was stopped"


async def _down(subject: Reader, text: str) -> str:
    with pytest.raises(ReaderDown) as caught:
        await said(subject, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ((sys.executable, "-c", "raise SystemExit(3)"), "the reader ended with status 3"),
        (("/nonexistent/python",), "/nonexistent/python: No such file or directory"),
        ((sys.executable, "-c", "print('hello')"), "a frame of 1751477356 bytes is announced"),
    ],
)
async def test_a_reader_that_does_not_start_blames_no_mail(
    command: tuple[str, ...], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "COMMAND", command)
    monkeypatch.setattr(reader, "START_PAUSES", (0, 0))
    subject = Reader(SETTINGS)
    with pytest.raises(ReaderDown, match="the reader does not start") as caught:
        await subject.start()
    assert why in str(caught.value)
    await subject.stop()


async def test_a_reader_that_never_becomes_ready_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-c", "import signal; signal.pause()"))
    monkeypatch.setattr(child, "START_SECONDS", 0)
    monkeypatch.setattr(reader, "START_PAUSES", (0,))
    with pytest.raises(ReaderDown, match="not ready after 0 s"):
        await Reader(SETTINGS).start()


async def test_a_mail_larger_than_a_frame_is_refused_without_sending(
    subject: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MAX_QUESTION", 1000)
    with pytest.raises(ReaderFailed, match="more than a frame may hold"):
        await said(subject, "say " + "x" * 2000)


async def test_the_child_gets_no_environment_of_ours(subject: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTOUTD_RELAY_PASSWORD", "hunter2")  # hazard K11, J3
    assert "OPTOUTD" not in await said(subject, "environ")


def test_no_password_goes_down_the_pipe() -> None:  # hazard J3
    account = ImapAccount(name="a", host="imap.example.com", user="a", password="hunter2")
    whole = replace(SETTINGS, imap=(account,), relay=RelaySettings(password="hunter2"))
    assert b"hunter2" not in Reader(whole)._hello
