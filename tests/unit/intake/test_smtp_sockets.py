"""Sockets that are passed, and sockets that are bound."""

import os
import socket

import pytest

from agent.intake.smtp import sockets
from agent.intake.smtp.sockets import ListenError, bind, bind_all, inherited, split


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:25", ("127.0.0.1", 25)),
        ("[::1]:2525", ("::1", 2525)),
        (":25", ("", 25)),
        ("host.test:0", ("host.test", 0)),
    ],
)
def test_split(text: str, found: tuple[str, int]) -> None:
    assert split(text) == found


@pytest.mark.parametrize(
    "text", ["", "25", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "127.0.0.1:-1"]
)
def test_split_refuses(text: str) -> None:
    with pytest.raises(ListenError, match="no host:port"):
        split(text)


def test_taken_port_is_named() -> None:
    with bind("127.0.0.1:0") as first:
        first.listen()
        text = f"127.0.0.1:{first.getsockname()[1]}"
        with pytest.raises(ListenError, match=f"cannot listen at {text}: Address already in use"):
            bind(text)


def test_foreign_address_is_named() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:0: Cannot assign"):
        bind("192.0.2.1:0")


def test_no_right_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ListenError, match="let systemd pass the socket"):
        bind("127.0.0.1:25")


def test_ipv6() -> None:
    with bind("[::1]:0") as made:
        assert made.getsockname()[0] == "::1"


def test_passed_port_is_not_bound_again() -> None:
    with bind("127.0.0.1:0") as passed:
        port = passed.getsockname()[1]
        found = bind_all((f"127.0.0.1:{port}", "127.0.0.1:0"), (passed,))
        assert found[0] is passed
        assert len(found) == 2
        found[1].close()


def test_all_or_none() -> None:
    with pytest.raises(ListenError):
        bind_all(("127.0.0.1:0", "192.0.2.1:0"), ())  # a socket left open would be a warning, which is an error


def test_inherited_by_name_and_the_variables_go(monkeypatch: pytest.MonkeyPatch) -> None:
    with bind("127.0.0.1:0") as one, bind("127.0.0.1:0") as two:
        monkeypatch.setattr(sockets, "FIRST_FD", 200)
        os.dup2(one.fileno(), 200)
        os.dup2(two.fileno(), 201)
        environ = {"LISTEN_PID": "77", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "http:smtp", "HOME": "/"}
        (found,) = inherited(environ, 77)  # hazard K2
        with found:
            assert found.getsockname() == two.getsockname()
            assert found.gettimeout() == 0
            assert not found.get_inheritable()
        assert environ == {"HOME": "/"}
        os.close(200)


@pytest.mark.parametrize(
    "environ",
    [{}, {"LISTEN_PID": "78", "LISTEN_FDS": "1"}, {"LISTEN_PID": "77"}, {"LISTEN_PID": "77", "LISTEN_FDS": "many"}],
)
def test_not_meant_for_us(environ: dict[str, str]) -> None:
    assert inherited(environ, 77) == ()
    assert environ == {}
