"""What the DNS says of the domain whose mail is to come here."""

import pytest

from agent.doctor import names
from agent.model.settings import Addresses, SmtpSettings
from agent.resolve.records import Records, Said
from tests.unit.doctor.conftest import MakePatient, lines

HERE = {("mx.shop.example", "A"): "127.0.0.1"}
SPF = {("go.shop.example", "TXT"): "v=spf1 mx -all"}
MX = {("go.shop.example", "MX"): "mx.shop.example"}


def answering(zone: dict[tuple[str, str], str], otherwise: Said = Said.NONE) -> object:
    async def ask(name: str, kind: str) -> Records:
        if (name, kind) in zone:
            return Records(said=Said.FOUND, texts=(zone[name, kind],))
        return Records(said=otherwise)

    return ask


@pytest.mark.parametrize(
    ("zone", "otherwise", "levels"),
    [
        ({**MX, **HERE, **SPF}, Said.NONE, ["ok"]),
        ({**MX, **HERE}, Said.NONE, ["ok", "warning"]),
        ({**MX, **SPF, ("mx.shop.example", "A"): "192.0.2.7"}, Said.NONE, ["warning"]),
        ({**MX, **SPF}, Said.NONE, ["broken"]),
        ({("go.shop.example", "MX"): "", **SPF}, Said.NONE, ["broken"]),
        (SPF, Said.NONE, ["broken"]),
        ({}, Said.NO_NAME, ["broken"]),
        ({}, Said.UNSURE, ["warning"]),
    ],
    ids=["right", "no spf", "elsewhere", "mx without address", "null mx", "no mx", "no name", "no answer"],
)
async def test_a_domain(
    zone: dict[tuple[str, str], str], otherwise: Said, levels: list[str], patient: MakePatient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(names, "ask", answering(zone, otherwise))
    sections = {
        "smtp": SmtpSettings(listen=("127.0.0.1:2525",)),
        "addresses": Addresses(token_domain="go.shop.example", unsubscribe=("u@go.shop.example",)),
    }
    found = await names.domains(patient(**sections))
    assert [one.level.value for one in found] == levels


async def test_without_a_listener_no_domain_is_ours(patient: MakePatient) -> None:
    assert await names.domains(patient(addresses=Addresses(token_domain="go.shop.example"))) == ()


@pytest.mark.parametrize(("said", "level"), [(Said.FOUND, "ok"), (Said.NO_NAME, "warning"), (Said.UNSURE, "warning")])
async def test_the_resolver(said: Said, level: str, patient: MakePatient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "ask", answering({}, said))
    assert lines(await names.resolver(patient())) == [(level, "dns")]


def test_an_address_of_this_machine() -> None:
    assert (names.is_ours("127.0.0.1"), names.is_ours("192.0.2.1"), names.is_ours("nonsense")) == (True, False, False)
