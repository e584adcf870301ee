"""Addresses that stand for nobody: what a reporter writes in place of the person (RFC 6590)."""

import re

from agent.model.address import AddressKey

# Letters come folded. `redacted-0a1b@` carries a keyed hash, others write the hash alone, in hexadecimal digits or as
# the base64 of RFC 6590's example; `hashed@`, `xxx@` and stars hide the same thing.
_LOCAL = re.compile(
    r"(?:(?:x|user|recipient|rcpt|address|e?mail)[-._]?)?(?:redacted|hashed|hidden|removed|masked|anonymi[sz]ed)"
    r"(?:[-._+].*)?|(?:undisclosed|unknown)(?:[-._+].*)?|x{3,}|.*\*\*.*|\*+|[0-9a-f]{20,}|[a-z0-9+/_-]{20,}={1,2}"
    r"|this-local-part-does-not-exist.*"
)
_DOMAINS = frozenset({"redacted", "hidden", "localhost"})


def is_placeholder(key: AddressKey) -> bool:
    """Whether suppressing this address would suppress nobody, or the wrong one."""
    return bool(_LOCAL.fullmatch(key.local)) or _nowhere(key)


def is_redacted(key: AddressKey) -> bool:
    """The same of a mail system, which redacts nothing itself: there only what cannot be meant otherwise counts."""
    return bool(_LOCAL.fullmatch(key.local)) and _nowhere(key)


def _nowhere(key: AddressKey) -> bool:
    return key.domain in _DOMAINS or key.domain.startswith("redacted.") or key.domain.endswith(".invalid")
