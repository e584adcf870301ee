"""The real program in tests: `optoutd run` as a process of its own, that can be waited for, killed, and leaves nothing.

Waits end by what the program does (READY, a log line, its end), never by a pause.
"""

import asyncio
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

SECONDS = 20  # nothing here takes long; a test that waits for ever shall fail instead
CONFIG = """
[identity]
company = "Harbour Nets Co., Ltd."
postal_address = "18 Pier Road, Qingdao 266000, China"
contact = "sales@harbour-nets.example"
domains = ["harbour-nets.example"]
[store]
directory = "{directory}/store"
public_directory = "{directory}/public"
free_bytes = 0
[addresses]
unsubscribe = ["unsubscribe@news.harbour-nets.example"]
bounce = ["bounce@news.harbour-nets.example"]
reply = ["sales@harbour-nets.example"]
token_domain = "news.harbour-nets.example"
[smtp]
listen = ["127.0.0.1:{smtp_port}"]
hostname = "mx.harbour-nets.example"
connections_per_network = 200
[letters]
per_hour = 100_000
per_domain_hour = 100_000
[policy]
breaker_per_minute = 100_000
hard_domain_count = 100_000
weak_hard_per_hour = 100_000
[limits]
attempts = {attempts}
"""
RELAY = """
[relay]
host = "127.0.0.1"
port = {port}
tls = "none"
"""


def write_config(directory: Path, smtp_port: int, *, relay_port: int = 0, attempts: int = 3, more: str = "") -> Path:
    """A configuration without the breakers and rates that a load would meet; `more` is TOML to add."""
    relay = RELAY.format(port=relay_port) if relay_port else ""
    path = directory / "config.toml"
    path.write_text(CONFIG.format(directory=directory, smtp_port=smtp_port, attempts=attempts) + relay + more)
    path.chmod(0o600)
    return path


class Program:
    """One life of the program; `lines` is its log so far. `async with Program(config) as life: await life.ready()`."""

    def __init__(self, config: Path, *options: str, before: Callable[[socket.socket], object] = lambda _: None) -> None:
        self.lines: list[str] = []
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind("")  # Linux then gives it an abstract name
        self.notified.setblocking(False)
        before(self.notified)
        self._config = config
        self._options = options
        self._spoke = asyncio.Event()
        self._readers: list[int] = []

    async def __aenter__(self) -> "Program":
        name = "@" + self.notified.getsockname()[1:].decode("ascii")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent", "-c", str(self._config), "run", *self._options,
            stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
            env={**os.environ, "NOTIFY_SOCKET": name, "MALLOC_ARENA_MAX": "2"},
        )  # fmt: skip
        self._tasks = asyncio.TaskGroup()
        await self._tasks.__aenter__()
        self._listening = self._tasks.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.kill()
        try:
            await self.gone()
        finally:
            for reader in self._readers:
                os.close(reader)
            self.notified.close()
            await self._tasks.__aexit__(None, None, None)

    async def ready(self) -> None:
        """Return at READY=1; RuntimeError with the log when the program ends before it."""
        if await self.told() != "READY=1":
            raise RuntimeError(f"never became ready: {self.lines[-5:]}")

    async def told(self) -> str:
        """What systemd would be told next; empty when the program has ended instead."""
        loop = asyncio.get_running_loop()
        telling = self._tasks.create_task(loop.sock_recv(self.notified, 100))
        try:
            async with asyncio.timeout(SECONDS):
                await asyncio.wait((telling, self._listening), return_when=asyncio.FIRST_COMPLETED)
            return telling.result().decode("ascii") if telling.done() else ""
        finally:
            telling.cancel()

    async def until(self, done: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Return when `done` says so; it is asked again after whatever the program logs, and when it is silent: what
        it does after its last line is told by nobody. RuntimeError with the log when that does not come to be.
        """
        end = asyncio.get_running_loop().time() + max(seconds, SECONDS)
        while not done():
            self._spoke.clear()
            if self._listening.done():
                raise RuntimeError(f"the program has ended: {self.lines[-5:]}")
            if asyncio.get_running_loop().time() > end:
                raise RuntimeError(f"it does not come to be: {self.lines[-20:]}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._spoke.wait(), 0.5)

    def kill(self) -> None:
        """As the power does it. The reader is in a session of its own and has to see by itself that it is alone."""
        if self.process.returncode is None:
            self._readers += [os.pidfd_open(child) for child in self.children()]
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def children(self) -> list[int]:
        """The processes it has started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()] if children.exists() else []

    async def gone(self) -> int:
        """The exit code, once the program and all that it started are gone."""
        try:
            async with asyncio.timeout(SECONDS):
                await asyncio.wait((self._listening,))
                return await self.process.wait()
        finally:
            for reader in self._readers:  # only one that did not go by itself is still there to hear it
                if not select.select((reader,), (), (), 0)[0]:
                    signal.pidfd_send_signal(reader, signal.SIGKILL)

    async def _listen(self) -> None:
        """Ends when nobody holds the other end any more: neither the program nor its reader."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode("utf-8").rstrip("\n"))
            self._spoke.set()
        self._spoke.set()
