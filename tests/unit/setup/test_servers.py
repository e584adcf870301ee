"""Where a mailbox has its servers: each way in its turn, and only what answers is believed."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agent.intake.imap.hints import providers
from agent.model.settings import TlsMode
from agent.resolve.records import Records, Said
from agent.setup.servers import Server, Servers, find, imap_tls, reachable, read_server, relay_tls

Zone = dict[tuple[str, str], tuple[str, ...]]


def asking(zone: Zone) -> Callable[[str, str], Awaitable[Records]]:
    async def ask(name: str, kind: str) -> Records:
        texts = zone.get((name, kind))
        return Records(said=Said.FOUND, texts=texts) if texts else Records(said=Said.NO_NAME)

    return ask


def found(domain: str, zone: Zone, *open_places: str) -> tuple[str, str, str]:
    async def reach(host: str, port: int) -> bool:
        return f"{host}:{port}" in open_places

    servers: Servers = asyncio.run(find(domain, asking(zone), reach))
    return str(servers.imap), str(servers.relay), servers.how


def test_a_provider_by_its_own_domain() -> None:
    assert found("163.com", {})[:2] == ("imap.163.com:993", "smtp.163.com:465")


def test_a_provider_by_the_mx_of_a_business_domain() -> None:
    zone: Zone = {("shop.example", "MX"): ("aspmx.l.google.com", "alt1.aspmx.l.google.com")}
    imap, relay, how = found("shop.example", zone)
    assert (imap, relay) == ("imap.gmail.com:993", "smtp.gmail.com:587")
    assert how == "the MX of shop.example is aspmx.l.google.com: Gmail and Google Workspace"


def test_srv_records_come_before_guesses() -> None:
    zone: Zone = {
        ("_imaps._tcp.shop.example", "SRV"): ("box.hoster.example:993",),
        ("_submission._tcp.shop.example", "SRV"): ("out.hoster.example:587",),
        ("_submissions._tcp.shop.example", "SRV"): (":0",),
    }
    assert found("shop.example", zone, "imap.shop.example:993")[:2] == (
        "box.hoster.example:993", "out.hoster.example:587"
    )  # fmt: skip


def test_names_that_answer_and_the_mx_last() -> None:
    zone: Zone = {("shop.example", "MX"): ("mx.hoster.example",)}
    everything = ("imap.shop.example:993", "mail.shop.example:993", "mx.hoster.example:993", "mail.shop.example:587")
    assert found("shop.example", zone, *everything)[:2] == ("imap.shop.example:993", "mail.shop.example:587")
    assert found("shop.example", zone, *everything[1:])[0] == "mail.shop.example:993"
    assert found("shop.example", zone, "mx.hoster.example:993", "mx.hoster.example:465")[:2] == (
        "mx.hoster.example:993", "mx.hoster.example:465"
    )  # fmt: skip
    assert found("shop.example", zone) == ("None", "None", "")


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("Mail.Shop.Example", "mail.shop.example:993"), (" a.example:1993 ", "a.example:1993"), ("a.example:0", ""),
        ("a.example:x", ""), ("", ""), (":993", ""), ("a.example:70000", ""),
    ],
)  # fmt: skip
def test_a_server_as_typed(text: str, server: str) -> None:
    read = read_server(text, 993)
    assert (str(read) if read else "") == server


def test_encryption_follows_the_port() -> None:
    def server(port: int) -> Server:
        return Server(host="a.example", port=port)

    assert [relay_tls(server(port)) for port in (465, 587, 2525, 25)] == [
        TlsMode.IMPLICIT, TlsMode.STARTTLS, TlsMode.STARTTLS, TlsMode.NONE
    ]  # fmt: skip
    assert [imap_tls(server(port)) for port in (993, 143)] == [TlsMode.IMPLICIT, TlsMode.NONE]


async def test_somebody_answers_or_nobody_does() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await reachable("127.0.0.1", port)
    server.close()
    await server.wait_closed()
    assert not await reachable("127.0.0.1", port)
    assert not await reachable("no..name", 993)


def test_the_file_of_providers_is_consistent() -> None:
    known = providers()
    for names in ([name for entry in known for name in entry.domains], [name for entry in known for name in entry.mx]):
        assert len(names) == len(set(names))
    assert [entry.name for entry in known if (entry.domains or entry.mx) and not entry.imap] == []
    assert [entry.name for entry in known if entry.imap and not entry.submission] == []
    wrong = [entry.name for entry in known if entry.imap and not any(entry.imap.endswith(end) for end in entry.hosts)]
    assert wrong == [], "the hint beside a refused login is found by the host"
