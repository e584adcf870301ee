"""The listener from inside: it answers while the daemon runs, and could be opened while it does not."""

import socket
from dataclasses import replace

import pytest

from agent.doctor import doors
from agent.model.settings import SmtpSettings
from tests.support.child_server import free_ports
from tests.support.fake_relay import FakeRelay
from tests.unit.doctor.conftest import MakePatient, lines


def listen(port: int, host: str = "127.0.0.1") -> SmtpSettings:
    return SmtpSettings(listen=(f"{host}:{port}",), hostname="mx.shop.example")


async def test_while_it_runs(patient: MakePatient) -> None:
    async with FakeRelay() as server:
        one = replace(patient(smtp=listen(server.port, "0.0.0.0")), at_work=True)
        assert [one.level.value for one in await doors.listeners(one)] == ["ok"]
    async with FakeRelay(script={"CONNECT": "554 no"}) as server:
        one = replace(patient(smtp=listen(server.port)), at_work=True)
        assert [one.level.value for one in await doors.listeners(one)] == ["broken"]
    one = replace(patient(smtp=listen(free_ports(1)[0])), at_work=True)
    assert [one.level.value for one in await doors.listeners(one)] == ["broken"]


async def test_while_it_does_not(patient: MakePatient) -> None:
    (port,) = free_ports(1)
    assert [one.level.value for one in await doors.listeners(patient(smtp=listen(port)))] == ["ok"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        (found,) = await doors.listeners(patient(smtp=listen(other.getsockname()[1])))
    assert found.level.value == "broken"
    assert "behind-postfix" in found.mend
    (found,) = await doors.listeners(patient(smtp=listen(port, "192.0.2.1")))
    assert found.level.value == "broken"


async def test_a_silent_listener(patient: MakePatient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        one = replace(patient(smtp=listen(silent.getsockname()[1])), at_work=True)
        found = await doors.listeners(one)
    assert [one.level.value for one in found] == ["broken"]


def test_from_outside_only_another_machine_can_see(patient: MakePatient) -> None:
    assert doors.outside(patient(smtp=listen(2525))) == ()
    (found,) = doors.outside(patient(smtp=listen(25)))
    assert lines((found,)) == [("ok", "outside")]
    assert "nc -v mx.shop.example 25" in found.mend
