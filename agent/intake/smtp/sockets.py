"""Where the door's sockets come from: the service manager hands them over, or they are bound here."""

import os
import socket
from collections.abc import Mapping, MutableMapping

FIRST_FD = 3  # sd_listen_fds(3)


class ListenError(Exception):
    """An address cannot be listened at; the message names it and says what to do."""


def inherited(environ: MutableMapping[str, str], pid: int, *, name: str = "smtp") -> tuple[socket.socket, ...]:
    """The listening sockets that systemd passed to this process under `name` (or without names).

    The variables are taken out, so that no child believes they were meant for it (sd_listen_fds(3)).
    """
    given = {key: environ.pop(key, "") for key in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    if given["LISTEN_PID"] != str(pid) or not given["LISTEN_FDS"].isdigit():
        return ()
    return tuple(_adopt(fd) for fd in _wanted(given, name))


def _wanted(given: Mapping[str, str], name: str) -> list[int]:
    fds = range(FIRST_FD, FIRST_FD + int(given["LISTEN_FDS"]))
    names = given["LISTEN_FDNAMES"].split(":") if given["LISTEN_FDNAMES"] else [name] * len(fds)
    return [fd for fd, called in zip(fds, names, strict=False) if called == name]


def _adopt(fd: int) -> socket.socket:
    os.set_inheritable(fd, False)
    taken = socket.socket(fileno=fd)
    taken.setblocking(False)
    return taken


def split(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:2525`, `[::1]:2525` or `:2525` (every interface)."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise ListenError(f"smtp.listen: {text!r} is no host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def bind(text: str) -> socket.socket:
    """A listening socket for one entry of smtp.listen; ListenError says in one line why not."""
    host, port = split(text)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, else asyncio leaves Nagle on
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise ListenError(f"smtp.listen: cannot listen at {text}: {_advice(error)}") from error
    made.setblocking(False)
    return made


def bind_all(listen: tuple[str, ...], passed: tuple[socket.socket, ...]) -> tuple[socket.socket, ...]:
    """The passed sockets, and one for every entry whose port none of them holds; all or none."""
    ports = {taken.getsockname()[1] for taken in passed if taken.family != socket.AF_UNIX}
    made: list[socket.socket] = []
    try:
        for text in listen:
            if split(text)[1] not in ports:
                made.append(bind(text))
    except ListenError:
        for taken in made:
            taken.close()
        raise
    return passed + tuple(made)


def _advice(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "no right to this port; let systemd pass the socket, or take a port above 1023"
    return error.strerror or type(error).__name__
