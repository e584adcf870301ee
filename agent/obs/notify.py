"""Word to systemd (sd_notify): READY, RELOADING, STOPPING, WATCHDOG; silent where no systemd listens."""

import os
import socket


def notify(state: str, *, wait: bool = True) -> bool:
    """Send one state line to $NOTIFY_SOCKET; True when somebody listened. A listener that is slow may be waited for."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.setblocking(wait)
        try:
            peer.sendto(state.encode(), address)
        except BlockingIOError:
            return False
    return True


def watchdog_seconds() -> float | None:
    """Half of what systemd allows between two signs of life, or None."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 2_000_000 if usec.isdigit() and int(usec) > 0 else None
