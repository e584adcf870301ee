"""Where /metrics and /healthz are answered: a port on loopback or a unix socket, and nowhere else. Pure."""

import ipaddress
import re
from dataclasses import dataclass

_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[0-9.]+|localhost):(?P<port>[0-9]{1,5})")
_UNIX = "unix:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`path` is that of a unix socket; without one, host and port count."""

    host: str = ""
    port: int = 0
    path: str = ""


def place_of(text: str) -> Place | None:
    """The place a setting names, None where it is empty; ValueError says why it is no place for this."""
    if not text:
        return None
    if text.startswith(_UNIX):
        path = text.removeprefix(_UNIX)
        if not path.startswith("/") or len(path.encode()) > 100:  # the kernel takes 107 bytes
            raise ValueError('names no socket; write, for example, "unix:/run/optoutd/metrics.sock"')
        return Place(path=path)
    found = _PORT.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise ValueError('is neither host:port nor a unix socket; write, for example, "127.0.0.1:9464"')
    host = found["host"].strip("[]").replace("localhost", "127.0.0.1")
    try:
        if ipaddress.ip_address(host).is_loopback:
            return Place(host=host, port=int(found["port"]))
    except ValueError:
        raise ValueError('has no address before the port; write, for example, "127.0.0.1:9464"') from None
    raise ValueError(
        "could be asked by other machines, and it answers everybody, without a password; "
        'write a loopback address, such as "127.0.0.1:9464", or "unix:/run/optoutd/metrics.sock"'
    )
