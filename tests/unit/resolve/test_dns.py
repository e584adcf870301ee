"""One look-up against a name server on loopback: what comes back for whatever it says."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

from agent.model.dkim import KeyState
from agent.resolve.dns import MAX_TXT, Dns, Found

NAME = "s1._domainkey.buyer.example"
Say = Callable[[dns.message.Message], dns.message.Message | None]


class NameServer(asyncio.DatagramProtocol):
    """Answers each question with what `say` makes of it; None is silence."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        self.asked.append(str(query.question[0].name))
        reply = self._say(query)
        if reply is not None:
            self._transport.sendto(reply.to_wire(max_size=65_535), addr)


@asynccontextmanager
async def serving(say: Say) -> AsyncIterator[tuple[Dns, NameServer]]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(say), local_addr=("127.0.0.1", 0)
    )
    try:
        yield Dns(("127.0.0.1",), 0.5, port=transport.get_extra_info("sockname")[1]), server
    finally:
        transport.close()


def records(*texts: str) -> Say:
    def say(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        if texts:
            reply.answer.append(dns.rrset.from_text(query.question[0].name, 120, "IN", "TXT", *texts))
        return reply

    return say


def failing(code: dns.rcode.Rcode) -> Say:
    def say(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.set_rcode(code)
        return reply

    return say


@pytest.mark.parametrize(
    ("say", "wanted"),
    [
        (records('"v=DKIM1; " "p=x"'), Found(state=KeyState.FOUND, txt=b"v=DKIM1; p=x", ttl=120)),
        (records('"other"', '"v=DKIM1; p=x"'), Found(state=KeyState.FOUND, txt=b"v=DKIM1; p=x", ttl=120)),
        (records('"p=x"'), Found(state=KeyState.FOUND, txt=b"p=x", ttl=120)),
        (records(), Found(state=KeyState.NONE)),
        (failing(dns.rcode.NXDOMAIN), Found(state=KeyState.NONE)),
        (failing(dns.rcode.SERVFAIL), Found(state=KeyState.TEMPERROR)),
        (failing(dns.rcode.REFUSED), Found(state=KeyState.TEMPERROR)),
        (lambda _: None, Found(state=KeyState.TEMPERROR)),
    ],
)
async def test_what_a_server_says(say: Say, wanted: Found) -> None:
    async with serving(say) as (asks, server):
        assert await asks.txt(NAME) == wanted
    assert set(server.asked) == {f"{NAME}."}  # absolute: no search list of the machine is ever tried


async def test_a_fat_record_is_cut_where_it_shows() -> None:
    fat = " ".join(f'"{"x" * 250}"' for _ in range(40))
    async with serving(records(fat)) as (asks, _):
        found = await asks.txt(NAME)
    assert found is not None
    assert len(found.txt) == MAX_TXT + 1


@pytest.mark.parametrize("name", ["x" * 64 + ".example", ".".join(["x" * 60] * 5)])
async def test_a_name_that_is_none_is_not_asked(name: str) -> None:
    async with serving(records('"x"')) as (asks, server):
        assert await asks.txt(name) == Found(state=KeyState.NONE)
    assert server.asked == []


async def test_a_machine_without_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr("dns.asyncresolver.Resolver", none)
    assert await Dns((), 1).txt(NAME) is None
