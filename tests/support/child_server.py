"""What every real mail server in tests needs: free ports, a sign that it is up, an end even when the test is killed."""

import os
import secrets
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PORTS = 2_500  # for each of up to 8 processes that run tests, below those that the kernel gives to whoever connects


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on, nor will before we do: tests that run beside these take others."""
    first = 10_000 + PORTS * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))
    found: list[int] = []
    while len(found) < count:
        port = first + secrets.randbelow(PORTS)  # not `random`, which every test begins with the same seed
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            found += [port] if port not in found else []
    return found


class ChildServer:
    """A mail system in the foreground: our child, and its whole process group ends with us.

    A killed test run must leave nothing behind: a shell at the other end of a pipe sends TERM when our end closes.
    (PR_SET_PDEATHSIG does not do: Dovecot and Postfix change credentials, which clears it.)
    """

    def __init__(self, command: list[str], log: Path, *, cwd: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, env=env, start_new_session=True
            )
        self._reaper = subprocess.Popen(
            ["/bin/sh", "-c", f"read x; kill -TERM {self._process.pid} 2>/dev/null"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def wait_for_port(self, port: int, seconds: float = 20) -> None:
        """Return once somebody listens; RuntimeError with the log when that does not come to be."""
        end = time.monotonic() + seconds
        while self._process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 0.5).close()
                return
            except OSError:
                time.sleep(0.03)  # the kernel tells nobody of a port that opens, nor does every mail system
        raise RuntimeError(f"port {port} is not served:\n{self.log.read_text(errors='replace')[-3000:]}")

    def kill(self) -> None:
        """KILL to all its processes, as when the power fails."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(5)

    def stop(self) -> None:
        """TERM to the master, which stops its children; KILL to the group when it does not listen."""
        self._reaper.kill()
        self._reaper.wait()
        if self._reaper.stdin is not None:
            self._reaper.stdin.close()
        self._process.terminate()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
