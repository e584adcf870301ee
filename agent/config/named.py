"""What is wrong with a host, a domain, a file or a password that a setting names."""

import ipaddress
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from agent.model.address import fold_domain


def loopback(host: str) -> bool:
    """Whether a connection to this host cannot leave the machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def password_faults(place: str, literal: str, file: str) -> Iterator[str]:
    """A password may be written here or in a file of its own."""
    if literal and file:
        yield f"{place}.password: is given twice, also as password_file; take password out"


def host_faults(place: str, host: str) -> Iterator[str]:
    """A host is a name or an address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not is_domain(host):
            yield f"{place}: {quoted(host)} is not a host name; write the name alone, the port goes into port"


def file_faults(place: str, name: str) -> Iterator[str]:
    """A file that is named is there, and this user may read it."""
    if name and (trouble := unreadable(Path(name))):
        yield f"{place}: {name}: {trouble}; write the path of a file that this user may read, or leave {place} out"


def unreadable(path: Path) -> str | None:
    """Why this user cannot read the file."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        return error.strerror
    if not regular:
        return "Not a file"
    return None if os.access(path, os.R_OK) else "Permission denied"


def is_domain(text: str) -> bool:
    """Whether it is the name of a domain, in whatever letters."""
    return fold_domain(text) is not None


def quoted(text: str) -> str:
    """As a message shows it: bounded, without controls."""
    return '"' + "".join(c if c.isprintable() else "?" for c in text[:60]) + '"'
