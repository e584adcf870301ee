"""Who is one of us: mail is taken for our own addresses only, never passed on, and an opt-out is never refused.

No list of tokens is asked, only the key: a known and an unknown token cost the same, so nobody learns by guessing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from agent.mail.token import find_tokens
from agent.model.address import AddressKey, fold_domain, parse_address
from agent.model.mail import Headers, Purpose, Role
from agent.model.settings import Settings
from agent.trust.tokens import KeyRing, verify

OK = "250 2.1.5 OK"
UNKNOWN = "550 5.1.1 No such address here"
FOREIGN = "550 5.7.1 This server does not relay mail"

_POSTMASTERS = frozenset({"postmaster", "abuse"})  # RFC 5321 section 4.5.1, RFC 2142
_RELAY_MARK = re.compile(r"[%!@:]")  # user%host, host!user, "user@host", @host:user
_BATV = (re.compile(r"prvs=[0-9a-z]{1,16}=(.+)"), re.compile(r"prvs=(.+)=[0-9a-z]{6,16}"))  # both orders exist
_SRS = re.compile(r"srs[01][=+-].*=([^=]+)")
_ROLE_OF = {
    Purpose.BOUNCE: Role.BOUNCE,
    Purpose.UNSUBSCRIBE: Role.UNSUBSCRIBE,
    Purpose.REPLY: Role.REPLY,
    Purpose.FEEDBACK: Role.COMPLAINT,
    Purpose.CONFIRM: Role.REPLY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The reply to RCPT, and what the address is for when it is taken and known."""

    reply: str
    role: Role | None = None

    @property
    def accepted(self) -> bool:
        """Whether mail to it is taken."""
        return self.reply == OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Our addresses, made once from the settings."""

    plain: Mapping[str, Role]
    domains: frozenset[str]
    token_domain: str
    ring: KeyRing | None

    def judge(self, text: str) -> Answer:
        """The answer to one recipient."""
        if text.casefold() == "postmaster":  # the one address without a domain (RFC 5321 section 4.5.1)
            return Answer(reply=OK)
        key = parse_address(text)
        if key is None or key.domain not in self.domains:
            return Answer(reply=FOREIGN)
        return self._known(key) or self._minted(key) or _stranger(key)

    def _known(self, key: AddressKey) -> Answer | None:
        for local in unwrapped(key.local):
            role = self.plain.get(f"{local}@{key.domain}")
            if role:
                return Answer(reply=OK, role=role)
            if local in _POSTMASTERS:
                return Answer(reply=OK)
        return None

    def _minted(self, key: AddressKey) -> Answer | None:
        """A mangled unsubscribe token counts as the plain address; any other must prove itself."""
        if key.domain != self.token_domain:
            return None
        if any(_is_opt_out(local) for local in unwrapped(key.local)):
            return Answer(reply=OK, role=Role.UNSUBSCRIBE)
        if self.ring is None:
            return None
        proven = filter(None, map(partial(verify, self.ring), find_tokens(Headers(), envelope_to=(str(key),))))
        return next((Answer(reply=OK, role=_ROLE_OF[token.purpose]) for token in proven), None)


def directory(settings: Settings, ring: KeyRing | None) -> Directory:
    """Our addresses by these settings; where two roles claim one, the earlier in Role has it."""
    plain: dict[str, Role] = {}
    for role in Role:
        for text in settings.addresses.of(role):
            key = parse_address(text)
            if key:
                plain.setdefault(str(key), role)
    token_domain = fold_domain(settings.addresses.token_domain) or ""
    ours = {fold_domain(name) or "" for name in settings.identity.domains}
    domains = ours | {token_domain} | {text.rpartition("@")[2] for text in plain}
    return Directory(plain=plain, domains=frozenset(domains - {""}), token_domain=token_domain, ring=ring)


def unwrapped(local: str) -> Iterator[str]:
    """A folded local part, and what is inside BATV or SRS, each also without its `+detail`."""
    inner = [local, *(found[1] for found in (form.fullmatch(local) for form in (*_BATV, _SRS)) if found)]
    for text in inner:
        yield text
        if "+" in text:
            yield text.partition("+")[0]


def _is_opt_out(local: str) -> bool:
    return local.startswith("unsub") or (local.startswith("u") and not _RELAY_MARK.search(local))


def _stranger(key: AddressKey) -> Answer:
    return Answer(reply=FOREIGN if _RELAY_MARK.search(key.local) else UNKNOWN)
