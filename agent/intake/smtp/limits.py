"""How much all peers together may take: connections, by network and in all, and memory for mail on its way in."""

from collections import Counter
from ipaddress import IPv6Address, ip_address, ip_network

_V4_PREFIX = 24
_V6_PREFIX = 64


def host_of(peername: object) -> str:
    """The address of a peer as text, an IPv4-mapped one as IPv4; `unknown` when the socket has none."""
    if not isinstance(peername, tuple) or not peername:
        return "unknown"
    text = str(peername[0]).partition("%")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)


def network_of(host: str) -> str:
    """The network that counts as one peer: IPv4 /24, IPv6 /64."""
    try:
        version = ip_address(host).version
    except ValueError:
        return host
    return str(ip_network(f"{host}/{_V4_PREFIX if version == 4 else _V6_PREFIX}", strict=False))


class Crowd:
    """Who is connected; the counts go back to nothing when all have left."""

    def __init__(self, *, total: int, per_network: int) -> None:
        self._total = total
        self._per_network = per_network
        self._here: Counter[str] = Counter()

    def enter(self, network: str) -> bool:
        """Count one more, or say no."""
        if self._here.total() >= self._total or self._here[network] >= self._per_network:
            return False
        self._here[network] += 1
        return True

    def leave(self, network: str) -> None:
        """Count one less."""
        self._here[network] -= 1
        if self._here[network] <= 0:
            del self._here[network]

    def __len__(self) -> int:
        return self._here.total()

    @property
    def networks(self) -> int:
        """How many networks have somebody here."""
        return len(self._here)


class Memory:
    """The octets of mail that are held at once by all sessions and by the store's queue."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class Loan:
    """One mail's part of the memory; given back once, whoever is the last to hold the mail."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._octets = 0

    def cover(self, octets: int) -> bool:
        """Hold this much from now on; False when all mails together are over the limit."""
        self._memory.used += octets - self._octets
        self._octets = octets
        return self._memory.used <= self._memory.limit

    def close(self) -> None:
        """Give it back."""
        self.cover(0)
