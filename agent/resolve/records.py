"""Any record of a name, within a time-out: for commands a person waits for.

dnspython costs 15 MB, so it is loaded with the first question.
"""

from dataclasses import dataclass
from enum import Enum

SECONDS = 4.0


class Said(Enum):
    """How a question ended."""

    FOUND = "found"
    NONE = "none"  # the name is there, this kind of record is not
    NO_NAME = "no name"
    UNSURE = "unsure"  # no resolver, or it did not answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records as text, in the order they are to be used (MX, SRV: best first)."""

    said: Said
    texts: tuple[str, ...] = ()


async def ask(name: str, kind: str) -> Records:
    """What this machine's resolver says."""
    import dns.asyncresolver
    import dns.exception
    import dns.resolver

    try:
        resolver = dns.asyncresolver.Resolver()
        resolver.lifetime = SECONDS
        answer = await resolver.resolve(f"{name.rstrip('.')}.", kind, search=False)
    except dns.resolver.NXDOMAIN:
        return Records(said=Said.NO_NAME)
    except dns.resolver.NoAnswer:
        return Records(said=Said.NONE)
    except (dns.exception.DNSException, OSError, UnicodeError):  # timeout, SERVFAIL, no resolver, no network
        return Records(said=Said.UNSURE)
    return Records(said=Said.FOUND, texts=tuple(text for _, text in sorted(map(_in_order, answer))))


def _in_order(record: object) -> tuple[int, str]:
    """The rank of a record and its text: of MX the host, of SRV `host:port`, of TXT the joined strings."""
    if hasattr(record, "exchange"):
        return int(getattr(record, "preference", 0)), str(record.exchange).rstrip(".").lower()
    if hasattr(record, "target") and hasattr(record, "port"):
        return int(getattr(record, "priority", 0)), f"{str(record.target).rstrip('.').lower()}:{record.port}"
    if hasattr(record, "strings"):
        return 0, b"".join(record.strings).decode("ascii", "replace")
    return 0, str(record).rstrip(".").lower()
