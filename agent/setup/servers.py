"""Where a mailbox has its servers: a provider known by name, its SRV records, its MX, the usual host names."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from agent.intake.imap.hints import Provider, of_domain, of_mx
from agent.model.settings import TlsMode
from agent.resolve.records import Records

IMAPS, SUBMISSION, SUBMISSIONS, SMTP, PLAIN_IMAP = 993, 587, 465, 25, 143
SECONDS = 4.0

Ask = Callable[[str, str], Awaitable[Records]]
Reach = Callable[[str, int], Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A host and its port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What was found; `how` says by what, for the person to judge."""

    imap: Server | None = None
    relay: Server | None = None
    how: str = ""
    provider: Provider | None = None


def read_server(text: str, default_port: int) -> Server | None:
    """`host` or `host:port` as typed."""
    host, colon, port = text.strip().rpartition(":")
    if not colon:
        host, port = port, str(default_port)
    fits = bool(host) and port.isdecimal() and 0 < int(port) < 65536
    return Server(host=host.strip("[]").lower(), port=int(port)) if fits else None


def imap_tls(server: Server) -> TlsMode:
    """Only 143 is a port without TLS, which the configuration then allows on loopback alone."""
    return TlsMode.NONE if server.port == PLAIN_IMAP else TlsMode.IMPLICIT


def relay_tls(server: Server) -> TlsMode:
    """By the port, as RFC 8314 has it."""
    return {SUBMISSIONS: TlsMode.IMPLICIT, SMTP: TlsMode.NONE}.get(server.port, TlsMode.STARTTLS)


async def find(domain: str, ask: Ask, reach: Reach) -> Servers:
    """The first way that leads somewhere; what it does not find stays None."""
    provider = of_domain(domain)
    if provider is not None:
        return _of_provider(provider, f"{provider.name} is known")
    imaps, submissions, submission, mx = await asyncio.gather(
        ask(f"_imaps._tcp.{domain}", "SRV"), ask(f"_submissions._tcp.{domain}", "SRV"),
        ask(f"_submission._tcp.{domain}", "SRV"), ask(domain, "MX"),
    )  # fmt: skip
    for host in mx.texts:
        provider = of_mx(host)
        if provider is not None:
            return _of_provider(provider, f"the MX of {domain} is {host}: {provider.name}")
    # RFC 6186 section 3.1 and RFC 8314 section 5.1
    imap, relay = _of_srv(imaps), _of_srv(submissions) or _of_srv(submission)
    how = f"by the SRV records of {domain}" if imap or relay else ""
    if imap is None:
        imap, how = await _first(("imap.", "mail."), domain, mx.texts, (IMAPS,), reach), how or "it answers"
    if relay is None:
        relay = await _first(("smtp.", "mail."), domain, mx.texts, (SUBMISSION, SUBMISSIONS), reach)
    return Servers(imap=imap, relay=relay, how=how if imap else "")


def _of_provider(provider: Provider, how: str) -> Servers:
    return Servers(
        imap=read_server(provider.imap, IMAPS) if provider.imap else None,
        relay=read_server(provider.submission, SUBMISSION) if provider.submission else None,
        how=how,
        provider=provider,
    )


def _of_srv(records: Records) -> Server | None:
    """A target of "." says that there is no such service (RFC 2782)."""
    return next((server for text in records.texts if (server := read_server(text, 0)) is not None), None)


async def _first(
    names: Iterable[str], domain: str, hosts: tuple[str, ...], ports: tuple[int, ...], reach: Reach
) -> Server | None:
    """The first that takes a connection: the MX is as a rule the mailbox server of a small hoster."""
    places = [Server(host=host, port=port) for host in (*(f"{n}{domain}" for n in names), *hosts) for port in ports]
    answers = await asyncio.gather(*(reach(place.host, place.port) for place in places))
    return next((place for place, answered in zip(places, answers, strict=True) if answered), None)


async def reachable(host: str, port: int) -> bool:
    """Whether somebody takes a connection there."""
    with suppress(OSError, UnicodeError):  # TimeoutError is an OSError
        async with asyncio.timeout(SECONDS):
            _, line = await asyncio.open_connection(host, port)
        line.close()
        return True
    return False
