"""What is known of mailbox providers: data/providers.toml, read when needed."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import msgspec
import tomli

ANYWHERE = (
    "Check user and password; many providers want an app password made in the web mail, and IMAP switched on there"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One entry of the file, which says what each means."""

    name: str
    hosts: tuple[str, ...]
    hint: str
    domains: tuple[str, ...] = ()
    mx: tuple[str, ...] = ()
    imap: str = ""
    submission: str = ""
    passwords: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    provider: tuple[Provider, ...]


def providers() -> tuple[Provider, ...]:
    """Every provider that is known by name."""
    text = (files("agent.data") / "providers.toml").read_text("utf-8")
    return msgspec.convert(tomli.loads(text), _File).provider


def login_hint(host: str) -> str:
    """What to try when this host refuses a login."""
    provider = _best(host, lambda entry: entry.hosts)
    return provider.hint if provider else ANYWHERE


def of_domain(domain: str) -> Provider | None:
    """The provider whose mailboxes are at this domain."""
    return next((entry for entry in providers() if domain.lower() in entry.domains), None)


def of_mx(host: str) -> Provider | None:
    """The provider that takes a domain's mail at this host."""
    return _best(host, lambda entry: entry.mx)


def _best(host: str, endings: Callable[[Provider], tuple[str, ...]]) -> Provider | None:
    """The longest ending that fits wins."""
    name = "." + host.rstrip(".").lower()
    fits = [(len(end), entry) for entry in providers() for end in endings(entry) if name.endswith("." + end)]
    return max(fits, key=lambda fit: fit[0])[1] if fits else None
