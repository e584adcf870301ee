"""Minted addresses: a purpose letter, a key id, 64 bits of name and 80 bits of HMAC; nothing else ever proves one."""

import base64
import hmac
import re
from dataclasses import dataclass, field

from agent.model.address import fold_domain
from agent.model.mail import Purpose, Token, TokenText

ID_CHARS = 13  # 8 octets in base32 without padding
MAC_OCTETS = 10  # 80 bits, 16 characters
KEY_HEX_CHARS = 64

_KEY_LINE = re.compile(r"([a-z0-9]):([0-9a-fA-F]{64})")
_ID = re.compile(r"[a-z2-7]{13}")

# The place a token stands in fixes its purpose: one that leaked from a Return-Path cannot unsubscribe anybody.
_PLACES: dict[Purpose, frozenset[str]] = {
    Purpose.BOUNCE: frozenset({"recipient", "return-path", "envelope-id"}),
    Purpose.UNSUBSCRIBE: frozenset({"recipient", "subject", "list-unsubscribe"}),
    Purpose.REPLY: frozenset({"recipient", "subject", "message-id", "references"}),
    Purpose.FEEDBACK: frozenset({"recipient", "message-id", "references", "envelope-id", "feedback-id"}),
    Purpose.CONFIRM: frozenset({"recipient", "subject"}),
}

_VECTOR_ID = "a" * ID_CHARS
_VECTOR_DOMAIN = "vector.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """Key ids and secrets, oldest first: the last one signs, all of them verify. Secrets never show in a repr."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)


def parse_ring(text: str) -> KeyRing:
    """The ring of a key file, one `kid:64 hex digits` a line; a ValueError says which line is wrong and why."""
    keys: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line:
            continue
        found = _KEY_LINE.fullmatch(line)
        if not found:
            raise ValueError(f"line {number}: want one of a-z or 0-9, a colon and {KEY_HEX_CHARS} hex digits")
        if found[1] in keys:
            raise ValueError(f"line {number}: key id {found[1]} occurs twice")
        keys[found[1]] = bytes.fromhex(found[2])
    if not keys:
        raise ValueError("no key in it")
    return KeyRing(keys=tuple(keys.items()))


def new_key_line(kid: str, secret: bytes) -> str:
    """The line of a key file for a fresh secret of 32 octets."""
    line = f"{kid}:{secret.hex()}"
    if not _KEY_LINE.fullmatch(line):
        raise ValueError("a key has an id of one letter or digit and a secret of 32 octets")
    return line + "\n"


def token_id(raw8: bytes) -> str:
    """Eight octets as 13 base32 characters, lower case: local parts get lower-cased and upper-cased on the way."""
    if len(raw8) != 8:
        raise ValueError("a token id is made of 8 octets")
    return base64.b32encode(raw8).decode("ascii").rstrip("=").lower()


def mint(ring: KeyRing, purpose: Purpose, token_id: str, domain: str) -> str:
    """The local part `<p><kid><id><mac>`, 31 characters of a-z and 0-9, signed by the newest key."""
    if not _ID.fullmatch(token_id):
        raise ValueError("a token id is 13 base32 characters in lower case")
    kid, secret = ring.keys[-1]
    return f"{purpose.value}{kid}{token_id}{_mac(secret, purpose, kid, token_id, domain)}"


def verify(ring: KeyRing, text: TokenText) -> Token | None:
    """The token that text is, or None: wrong MAC, key, purpose, place or domain, or cut short."""
    kid, name, mac = text.key_id.lower(), text.id.lower(), text.mac.lower()
    secret = dict(ring.keys).get(kid)
    if secret is None or not _ID.fullmatch(name) or not mac.isascii() or text.place not in _PLACES[text.purpose]:
        return None
    if not hmac.compare_digest(_mac(secret, text.purpose, kid, name, text.domain), mac):
        return None
    return Token(purpose=text.purpose, key_id=kid, id=name, place=text.place)


def vectors(ring: KeyRing) -> dict[str, str]:
    """For each key what it makes of a fixed input: stored once, compared at every start, so a changed secret shows."""
    return {kid: _mac(secret, Purpose.UNSUBSCRIBE, kid, _VECTOR_ID, _VECTOR_DOMAIN) for kid, secret in ring.keys}


def _mac(secret: bytes, purpose: Purpose, kid: str, name: str, domain: str) -> str:
    folded = fold_domain(domain) or ""
    message = "\0".join((purpose.value, kid, name, folded)).encode("utf-8")
    digest = hmac.digest(secret, message, "sha256")
    return base64.b32encode(digest[:MAC_OCTETS]).decode("ascii").lower()
