"""One reader process as the daemon sees it: what it was asked, what it answered, and why it ended.

Answers come in the order of the questions, so the oldest open question is the mail that is being read.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from typing import assert_never, cast

from agent.model.reading import Reading
from agent.model.settings import Limits
from agent.worker import frames

COMMAND = (sys.executable, "-I", "-m", "agent.worker")  # -I: neither the working folder nor PYTHON* can slip code in
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "MALLOC_ARENA_MAX": "2"}
START_SECONDS = 60
STOP_SECONDS = 2


class ReaderFailed(Exception):  # noqa: N818 - named after what happened to the mail
    """This mail could not be read: it killed the reader, hung it, or met a bug in it."""


class ReaderDown(Exception):  # noqa: N818 - likewise
    """No reader can be started, or it was stopped; no mail is to blame."""


class Unread(Exception):  # noqa: N818 - likewise
    """The child died before it came to this mail."""


class Child(asyncio.SubprocessProtocol):
    """One reader process and the questions it has not answered yet, oldest first."""

    def __init__(self, limits: Limits) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._unframer = frames.Unframer(frames.MAX_ANSWER)
        self._waiting: deque[asyncio.Future[Reading]] = deque()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.SubprocessTransport | None = None
        self._why = ""
        self._closing = False
        self.living = False  # ready, and nothing speaks against asking it
        self.gone = asyncio.Event()

    async def launch(self, hello: bytes) -> None:
        """Start the process and wait until its rules are loaded; ReaderDown says why it did not come up."""
        try:
            await self._loop.subprocess_exec(
                lambda: self, *COMMAND, stderr=None, env=ENVIRONMENT, start_new_session=True
            )
        except OSError as error:
            raise ReaderDown(f"{COMMAND[0]}: {error.strerror}") from None
        self._write(hello)
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._ready
        except TimeoutError:
            raise ReaderDown(f"not ready after {START_SECONDS} s") from None
        finally:
            if not self.living:
                self._end("never became ready")
                await self.gone.wait()

    def ask(self, question: bytes) -> "asyncio.Future[Reading]":
        """Send one mail; the future ends in its reading, ReaderFailed, Unread or ReaderDown."""
        if not self.living:
            raise Unread
        answer: asyncio.Future[Reading] = self._loop.create_future()
        self._waiting.append(answer)
        self._write(question)
        if len(self._waiting) == 1:
            self._watch()
        return answer

    async def close(self) -> None:
        """Close standard input, which ends the child; kill it when it does not go."""
        self._closing = True
        self.living = False
        if self._transport and isinstance(pipe := self._transport.get_pipe_transport(0), asyncio.WriteTransport):
            pipe.close()
            self._alarm(STOP_SECONDS, "did not stop")
        await self.gone.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process runs."""
        self._transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Answers came."""
        try:
            for body in self._unframer.feed(data):
                self._take(frames.decode_reply(body))
        except frames.FrameError as error:
            self._end(str(error))

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """A child without its pipes is of no use; as a rule it is ending and its status will say why."""
        self.living = False
        self._alarm(STOP_SECONDS, "closed its pipe")

    def connection_lost(self, exc: Exception | None) -> None:
        """The process is gone and all it said has been heard: blame the mail it was reading, free the others."""
        self.living = False
        if self._timer:
            self._timer.cancel()
        why = self._why or self._obituary()
        if not self._ready.done():
            self._ready.set_exception(ReaderDown(why))
        for place, answer in enumerate(self._waiting):
            if not answer.done():
                answer.set_exception(self._fate(place, why))
        self._waiting.clear()
        if self._transport:
            self._transport.close()
        self.gone.set()

    def _take(self, reply: frames.Ready | Reading | frames.Failed) -> None:
        if self._why:
            return  # already being ended: a late answer must not shift the blame to the next mail
        match reply:
            case frames.Ready():
                self.living = True
                if not self._ready.done():
                    self._ready.set_result(None)
            case frames.Failed():
                self._end(reply.why)
            case Reading():
                self._answer(reply)
            case _:
                assert_never(reply)

    def _answer(self, reading: Reading) -> None:
        if not self._waiting:
            self._end("answered without being asked")
            return
        answer = self._waiting.popleft()
        if not answer.done():  # its caller may have been cancelled
            answer.set_result(reading)
        self._watch()

    def _fate(self, place: int, why: str) -> Exception:
        if self._closing:
            return ReaderDown("the reader was stopped")
        return ReaderFailed(why) if place == 0 else Unread()

    def _obituary(self) -> str:
        code = self._transport.get_returncode() if self._transport else None
        if code == -signal.SIGPROF:
            return f"used more than {self._limits.reader_cpu_seconds} s of CPU time"
        if code is not None and code < 0:
            return f"the reader was ended by signal {-code} ({signal.strsignal(-code)})"
        return f"the reader ended with status {code}"

    def _write(self, body: bytes) -> None:
        if self._transport and isinstance(pipe := self._transport.get_pipe_transport(0), asyncio.WriteTransport):
            pipe.write(body)

    def _watch(self) -> None:
        """The clock runs for the oldest question alone, from when the one before it was answered."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._alarm(self._limits.reader_seconds, f"took longer than {self._limits.reader_seconds} s")

    def _alarm(self, seconds: float, why: str) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, self._end, why)

    def _end(self, why: str) -> None:
        self.living = False
        self._why = self._why or why
        if self._transport and self._transport.get_returncode() is None:
            # Not transport.kill(): it polls, and so snatches the exit status from asyncio's own waiter (CPython 3.11).
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._transport.get_pid(), signal.SIGKILL)
