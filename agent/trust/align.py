"""Relaxed alignment (RFC 7489 section 3.1): two domains belong together when their organisational domains are one."""

import functools

from publicsuffixlist import PublicSuffixList

from agent.model.address import fold_domain


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def organisational(domain: str) -> str:
    """The registered domain above a name; a public suffix or an unreadable name stands for itself."""
    folded = fold_domain(domain)
    if folded is None:
        return domain
    found: str | None = _suffixes().privatesuffix(folded)
    return found or folded


def aligned(one: str, other: str) -> bool:
    """Whether two domains have one owner."""
    return bool(one) and organisational(one) == organisational(other)
