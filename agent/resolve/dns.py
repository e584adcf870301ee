"""One TXT look-up: absolute names, a deadline, and an answer for whatever can happen.

dnspython costs 15 MB, so it is loaded with the first question; many mailboxes never need one.
"""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.model.dkim import KeyState

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

MAX_TXT = 4_096
FIRST = b"v=DKIM1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came back; `ttl` in seconds. More than MAX_TXT octets are cut just above it, so that it shows."""

    state: KeyState
    txt: bytes = b""
    ttl: int = 0


class Dns:
    """Asks the servers of the settings, or those of the machine."""

    def __init__(self, servers: tuple[str, ...], seconds: float, *, port: int = 53) -> None:
        self._servers = servers
        self._seconds = seconds
        self._port = port
        self._resolver: Resolver | None = None

    async def txt(self, name: str) -> Found | None:
        """The TXT record of a name; None when this machine has no DNS to ask at all."""
        if self._resolver is None:
            self._resolver = await asyncio.to_thread(self._open)
        if self._resolver is None:
            return None
        found = await _ask(self._resolver, name)
        if found.state is KeyState.TEMPERROR:
            self._resolver = None  # the machine may have other servers by now
        return found

    def _open(self) -> "Resolver | None":
        from dns.asyncresolver import Resolver
        from dns.resolver import NoResolverConfiguration

        try:
            resolver = Resolver(configure=not self._servers)
        except NoResolverConfiguration:
            return None
        resolver.port = self._port
        if self._servers:
            resolver.nameservers = list(self._servers)  # with the port as it is at this moment
        resolver.lifetime = self._seconds
        resolver.timeout = self._seconds / 2  # one lost packet is no failure
        resolver.use_edns(0, 0, 1232)  # keys of 2,048 bits do not fit into 512 octets
        return resolver


async def _ask(resolver: "Resolver", name: str) -> Found:
    import dns.exception
    import dns.name
    import dns.resolver

    try:
        absolute = dns.name.from_text(name, dns.name.root)
        answer = await resolver.resolve(absolute, "TXT", search=False, raise_on_no_answer=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.YXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong):
        return Found(state=KeyState.NONE)
    except (dns.exception.DNSException, OSError):  # timeouts, SERVFAIL of every server, no network
        return Found(state=KeyState.TEMPERROR)
    if answer.rrset is None:
        return Found(state=KeyState.NONE)
    records = [b"".join(record.strings) for record in answer.rrset]
    # RFC 6376 section 3.6.2.2 leaves several records undefined; the first that calls itself a key is it.
    best = next((record for record in records if record.startswith(FIRST)), records[0])
    return Found(state=KeyState.FOUND, txt=best[: MAX_TXT + 1], ttl=answer.rrset.ttl)
