"""Who is ours: addresses at our domains, and the configured addresses wherever they live, never get a state."""

from agent.model.address import AddressKey, fold_domain, parse_address
from agent.model.settings import Settings


def is_own(key: AddressKey, settings: Settings) -> bool:
    """Whether an address, or a whole domain, belongs to the company itself."""
    domains = (*settings.identity.domains, settings.addresses.token_domain)
    if any(_within(key.domain, fold_domain(domain)) for domain in domains if domain):
        return True
    return any(parse_address(address) == key for address in _configured(settings) if address)


def _within(domain: str, ours: str | None) -> bool:
    return ours is not None and (domain == ours or domain.endswith(f".{ours}"))


def _configured(settings: Settings) -> tuple[str, ...]:
    places, letters = settings.addresses, settings.letters
    roles = (*places.unsubscribe, *places.bounce, *places.reply, *places.complaint)
    logins = tuple(account.user for account in settings.imap)
    return (*roles, *logins, settings.identity.contact, letters.from_address, letters.reply_to, settings.relay.user)
