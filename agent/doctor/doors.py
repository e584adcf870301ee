"""The SMTP listener: does it answer, or could it be opened; and how to see it from outside."""

import asyncio
import errno
import socket

from agent.doctor.finding import Finding, Findings, broken, ok, warning
from agent.doctor.patient import Patient

SECONDS = 5.0
SMTP_PORT = 25
LOW_PORTS = 1024


async def listeners(patient: Patient) -> Findings:
    """Every place of smtp.listen."""
    places = [_place(text) for text in patient.settings.smtp.listen]
    if patient.at_work:
        return tuple(await asyncio.gather(*(_answers(host, port) for host, port in places)))
    return tuple(_free(host, port) for host, port in places)


def outside(patient: Patient) -> Findings:
    """Whether a firewall lets others in can only be seen from another machine."""
    public = any(port == SMTP_PORT for _, port in map(_place, patient.settings.smtp.listen))
    name = patient.settings.smtp.hostname or patient.settings.addresses.token_domain
    if not public or not name:
        return ()
    test = f"from another machine: nc -v {name} 25   (it must say 220; some hosters open port 25 on request only)"
    return (ok("outside", "whether the world reaches port 25 cannot be seen from inside", test),)


async def _answers(host: str, port: int) -> Finding:
    about = f"listener {host}:{port}"
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - every address includes loopback
    mend = "the daemon runs and does not answer here; see its log: journalctl -u optoutd"
    try:
        async with asyncio.timeout(SECONDS):
            incoming, outgoing = await asyncio.open_connection(target, port)
            try:
                greeting = await incoming.readline()
            finally:
                outgoing.close()
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        return broken(about, f"does not answer: {str(error) or type(error).__name__}", mend)
    if not greeting.startswith(b"220"):
        return broken(about, "greets wrongly: " + ascii(greeting[:80].decode("latin-1")), mend)
    return ok(about, "answers")


def _free(host: str, port: int) -> Finding:
    about = f"listener {host}:{port}"
    try:
        with socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET):
            return ok(about, "can be opened")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            mend = f"see which: sudo ss -ltnp 'sport = :{port}'; with Postfix there, see docs/how-to/behind-postfix.md"
            return broken(about, "another program listens there", mend)
        if error.errno == errno.EACCES and port < LOW_PORTS:
            mend = "the unit in systemd/ says how it is allowed (AmbientCapabilities)"
            return warning(about, f"this user may not open port {port}", mend)
        return broken(about, f"cannot be opened: {error.strerror}", "write an address of this machine into smtp.listen")


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
