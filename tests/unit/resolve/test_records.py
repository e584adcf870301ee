"""Any record, against a name server on loopback: in the order of use, and never waited for long."""

import asyncio
from collections.abc import Callable

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest

from agent.resolve import records
from agent.resolve.records import Records, Said, ask
from tests.unit.resolve.test_dns import NameServer


@pytest.fixture
def resolving_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`resolving_at(port)`: the resolver of this machine is there."""
    resolver = dns.asyncresolver.Resolver

    def begin(port: int) -> None:
        def made() -> dns.asyncresolver.Resolver:
            found = resolver(configure=False)
            found.nameservers, found.port = ["127.0.0.1"], port
            return found

        monkeypatch.setattr(dns.asyncresolver, "Resolver", made)

    return begin


async def asked(begin: Callable[[int], None], kind: str, *texts: str, rcode: int = dns.rcode.NOERROR) -> Records:
    """What `ask` makes of a server's answer; of silence when rcode is -1."""

    def say(query: dns.message.Message) -> dns.message.Message | None:
        if rcode < 0:
            return None
        reply = dns.message.make_response(query)
        reply.set_rcode(dns.rcode.Rcode(rcode))
        if texts:
            reply.answer.append(dns.rrset.from_text("shop.example.", 60, "IN", kind, *texts))
        return reply

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(say), local_addr=("127.0.0.1", 0)
    )
    try:
        begin(transport.get_extra_info("sockname")[1])
        return await ask("shop.example", kind)
    finally:
        transport.close()


@pytest.mark.parametrize(
    ("kind", "texts", "read"),
    [
        ("MX", ("20 B.example.", "10 A.example."), ("a.example", "b.example")),
        ("MX", ("0 .",), ("",)),
        ("SRV", ("0 1 993 Box.example.",), ("box.example:993",)),
        ("TXT", ('"v=spf1 " "mx -all"',), ("v=spf1 mx -all",)),
        ("A", ("192.0.2.1",), ("192.0.2.1",)),
    ],
)
async def test_records_as_texts(
    resolving_at: Callable[[int], None], kind: str, texts: tuple[str, ...], read: tuple[str, ...]
) -> None:
    assert await asked(resolving_at, kind, *texts) == Records(said=Said.FOUND, texts=read)


async def test_no_record_no_name_no_answer(
    resolving_at: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "SECONDS", 0.2)
    assert (await asked(resolving_at, "MX")).said is Said.NONE
    assert (await asked(resolving_at, "MX", rcode=dns.rcode.NXDOMAIN)).said is Said.NO_NAME
    assert (await asked(resolving_at, "MX", rcode=dns.rcode.SERVFAIL)).said is Said.UNSURE
    assert (await asked(resolving_at, "MX", rcode=-1)).said is Said.UNSURE


async def test_what_is_no_name_at_all() -> None:
    assert (await ask("a" * 70 + ".example", "MX")).said is Said.UNSURE
    assert (await ask("a..example", "MX")).said is Said.UNSURE
