"""What a provider wants in place of the password one would think of; data/imap_hints.toml is read when needed."""

from dataclasses import dataclass
from importlib.resources import files

import msgspec
import tomli

ANYWHERE = (
    "Check user and password; many providers want an app password made in the web mail, and IMAP switched on there"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One entry of the file."""

    name: str
    hosts: tuple[str, ...]
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hints:
    provider: tuple[Provider, ...]


def providers() -> tuple[Provider, ...]:
    """Every provider that is known by name."""
    text = (files("agent.data") / "imap_hints.toml").read_text("utf-8")
    return msgspec.convert(tomli.loads(text), _Hints).provider


def login_hint(host: str) -> str:
    """What to try when this host refuses a login; the longest ending that fits wins."""
    name = "." + host.rstrip(".").lower()
    fits = [(len(end), entry.hint) for entry in providers() for end in entry.hosts if name.endswith("." + end)]
    return max(fits)[1] if fits else ANYWHERE
