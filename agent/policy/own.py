"""Who is ours: addresses at our domains, and the configured addresses wherever they live, never get a state."""

from dataclasses import dataclass
from functools import lru_cache

from agent.model.address import AddressKey, fold_domain, parse_address
from agent.model.settings import Settings

_Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ours:
    """What is ours in the form that is compared; `beneath` is how a domain below one of ours ends."""

    domains: frozenset[str]
    beneath: tuple[str, ...]
    addresses: frozenset[AddressKey]


def is_own(key: AddressKey, settings: Settings) -> bool:
    """Whether an address, or a whole domain, belongs to the company itself."""
    ours = _ours((*settings.identity.domains, settings.addresses.token_domain), _configured(settings))
    return key.domain in ours.domains or key.domain.endswith(ours.beneath) or key in ours.addresses


@lru_cache(maxsize=8)  # asked for every signal, and settings change with the process alone
def _ours(domains: _Texts, addresses: _Texts) -> _Ours:
    folded = frozenset(filter(None, map(fold_domain, domains)))
    keys = frozenset(filter(None, map(parse_address, addresses)))
    return _Ours(domains=folded, beneath=tuple(f".{domain}" for domain in sorted(folded)), addresses=keys)


def _configured(settings: Settings) -> _Texts:
    places, letters = settings.addresses, settings.letters
    roles = (*places.unsubscribe, *places.bounce, *places.reply, *places.complaint)
    logins = tuple(account.user for account in settings.imap)
    return (*roles, *logins, settings.identity.contact, letters.from_address, letters.reply_to, settings.relay.user)
