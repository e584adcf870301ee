"""What the address a mail was sent to is for; the address alone is enough for an opt-out."""

import re

from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail, Purpose, RawMessage, Role
from agent.model.settings import Addresses

# The weightiest first: a mail to several of our addresses has the first of these roles.
_ORDER = (Role.UNSUBSCRIBE, Role.COMPLAINT, Role.BOUNCE, Role.REPLY)

_BY_PURPOSE = {
    Purpose.UNSUBSCRIBE: Role.UNSUBSCRIBE,
    Purpose.BOUNCE: Role.BOUNCE,
    Purpose.REPLY: Role.REPLY,
    Purpose.FEEDBACK: Role.COMPLAINT,
    Purpose.CONFIRM: Role.REPLY,
}
_TOKEN_SHAPE = re.compile(r"([burfc])[a-z0-9][a-z2-7]{29}")
# `td` and `leave` also begin names, so a letter must not follow them.
_UNSUBSCRIBE_NAME = re.compile(r"unsubscribe|unsub|opt-?out|(?:leave|td)(?![^\W\d_])")


def role_of(mail: ParsedMail, message: RawMessage, addresses: Addresses | None) -> Role | None:
    """The role of the receiving address; what the door knew counts where the recipients say nothing."""
    envelope = tuple(filter(None, (parse_address(text) for text in message.envelope_to)))
    for recipients in (envelope, mail.to):
        roles = [_guess(key) if addresses is None else _configured(key, addresses) for key in recipients]
        found = [role for role in roles if role is not None]
        if found:
            return min(found, key=_ORDER.index)
    return message.role


def _guess(key: AddressKey) -> Role | None:
    """Without a configuration only names that say it themselves (DESIGN.md section 3)."""
    shape = _TOKEN_SHAPE.fullmatch(key.local)
    if _UNSUBSCRIBE_NAME.match(key.local) or (shape and shape[1] == Purpose.UNSUBSCRIBE.value):
        return Role.UNSUBSCRIBE
    return None


def _configured(key: AddressKey, addresses: Addresses) -> Role | None:
    plain = _without_detail(key)
    for role in _ORDER:
        ours = {parse_address(text) for text in addresses.of(role)}
        if key in ours or plain in ours:
            return role
    return _tokenised(key) if addresses.token_domain and key.domain == addresses.token_domain.lower() else None


def _without_detail(key: AddressKey) -> AddressKey:
    """`local+detail` reaches the mailbox `local` (RFC 5233); this compares our own addresses, never a stranger's."""
    return AddressKey(local=key.local.partition("+")[0], domain=key.domain)


def _tokenised(key: AddressKey) -> Role | None:
    """A mangled unsubscribe token is still an opt-out: no opt-out is ever refused."""
    shape = _TOKEN_SHAPE.fullmatch(key.local)
    if shape:
        return _BY_PURPOSE[Purpose(shape[1])]
    return Role.UNSUBSCRIBE if key.local.startswith("u") else None
