"""The relay is tried as far as our own address, and never sent a mail."""

from collections.abc import Mapping

import pytest

from agent.doctor import post
from agent.model.settings import Addresses, LetterSettings, RelaySettings, TlsMode
from tests.support.fake_relay import Deed, FakeRelay, Reply
from tests.unit.doctor.conftest import MakePatient, lines


def relay(port: int, **more: object) -> RelaySettings:
    """On loopback."""
    return RelaySettings(host="127.0.0.1", port=port, tls=TlsMode.NONE, **more)  # type: ignore[arg-type]  # few


async def test_nothing_is_sent(patient: MakePatient) -> None:
    async with FakeRelay() as server:
        found = await post.relay(patient(relay=relay(server.port, user="sales@shop.example")))
    assert lines(found) == [("ok", "relay")]
    assert server.verbs[-3:] == ["MAIL", "RSET", "QUIT"] or server.verbs[-2:] == ["MAIL", "RSET"]
    assert "MAIL FROM:<sales@shop.example>" in server.commands
    assert (server.mails, server.offered) == ([], [])


@pytest.mark.parametrize(
    "script",
    [{"AUTH": "535 5.7.8 wrong"}, {"MAIL": "550 5.7.1 not yours"}, {"CONNECT": "554 go away"}, {"CONNECT": Deed.DROP}],
    ids=["login", "sender", "greeting", "dropped"],
)
async def test_a_relay_that_refuses(script: Mapping[str, Reply], patient: MakePatient) -> None:
    async with FakeRelay(script=script) as server:
        found = await post.relay(patient(relay=relay(server.port, user="sales@shop.example")))
    assert lines(found) == [("broken", "relay")]


async def test_a_relay_that_says_nothing(patient: MakePatient) -> None:
    async with FakeRelay(script={"EHLO": Deed.SILENT}) as server:
        found = await post.relay(patient(relay=relay(server.port, seconds=1)))
    assert lines(found) == [("broken", "relay")]


async def test_without_starttls_no_password_leaves(patient: MakePatient) -> None:
    async with FakeRelay(extensions=("AUTH PLAIN",)) as server:
        box = RelaySettings(host="localhost", port=server.port, user="u")
        assert lines(await post.relay(patient(relay=box))) == [("broken", "relay")]
    assert "AUTH" not in server.verbs


async def test_its_greeting_tells_the_time(patient: MakePatient) -> None:
    async with FakeRelay(script={"CONNECT": "220 mx ESMTP Exim Sun, 22 Nov 2026 09:00:00 +0000"}) as server:
        found = await post.relay(patient(relay=relay(server.port)))
    assert lines(found) == [("ok", "relay"), ("warning", "clock")]


async def test_without_a_relay_letters_wait(patient: MakePatient) -> None:
    assert lines(await post.relay(patient())) == [("warning", "relay")]


async def test_an_unreadable_ca_file(patient: MakePatient) -> None:
    box = RelaySettings(host="localhost", ca_file="/nowhere.pem")
    assert lines(await post.relay(patient(relay=box))) == [("broken", "relay")]


@pytest.mark.parametrize(
    ("sections", "sender"),
    [
        ({"letters": LetterSettings(envelope_from="<>")}, ""),
        ({"letters": LetterSettings(envelope_from="b@shop.example")}, "b@shop.example"),
        ({"addresses": Addresses(token_domain="go.shop.example")}, "postmaster@go.shop.example"),
        ({"relay": RelaySettings(user="login")}, ""),
    ],
)
def test_the_sender_is_of_the_kind_letters_have(sections: dict[str, object], sender: str, patient: MakePatient) -> None:
    assert post.sender(patient(**sections).settings) == sender
