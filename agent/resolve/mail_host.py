"""Whether a domain has a host that takes mail, as our own DNS tells it.

dnspython costs 15 MB, so it is loaded with the first question; many mailboxes never need one.
"""

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

ANSWER_SECONDS = 10.0


class Answer(Enum):
    """What the DNS says of a domain; the word stands in the evidence of what follows from it."""

    DEAD = "dns:nxdomain"
    ALIVE = "dns:alive"
    UNSURE = "dns:temperror"


async def ask_dns(domain: str) -> Answer:
    """The answer of this machine's resolver; unsure when it has none."""
    from dns.asyncresolver import Resolver
    from dns.resolver import NoResolverConfiguration

    try:
        resolver = Resolver()
    except NoResolverConfiguration:
        return Answer.UNSURE
    resolver.lifetime = ANSWER_SECONDS
    return await ask_with(resolver, domain)


async def ask_with(resolver: "Resolver", domain: str) -> Answer:
    """By its MX, else by an address of its own (RFC 5321 section 5.1); a null MX takes no mail (RFC 7505)."""
    import dns.exception
    import dns.resolver

    for kind in ("MX", "A", "AAAA"):
        try:
            answer = await resolver.resolve(f"{domain}.", kind, search=False)
        except dns.resolver.NXDOMAIN:
            return Answer.DEAD
        except dns.resolver.NoAnswer:
            continue
        except (dns.exception.DNSException, OSError):  # timeout, SERVFAIL, no network
            return Answer.UNSURE
        null_mx = kind == "MX" and all(str(record.exchange) == "." for record in answer)
        return Answer.DEAD if null_mx else Answer.ALIVE
    return Answer.DEAD
