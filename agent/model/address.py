"""Mail addresses as keys: one strict reader, one way to compare; dots, plus and dash are never folded."""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

import idna

# RFC 5321 section 4.5.3.1.1 allows 64 octets; SRS1 and BATV wrap longer ones, and those must still be readable.
MAX_LOCAL_OCTETS = 128
ERASED_DOMAIN = "erased.invalid"  # a keyed hash at this domain stands for a person whose data was erased
MAX_DOMAIN_OCTETS = 255  # RFC 5321 section 4.5.3.1.2

_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_ATOM = re.compile(r'[^\s@<>()\[\],;:\\"\x00-\x1f\x7f]+')
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_QUOTED = re.compile(r'"((?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*)"')
_ESCAPED = re.compile(r'["\\]')
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressKey:
    """One address, or one whole domain (empty `local`), in the form that is compared and stored.

    `local` is NFC and case-folded, `domain` a lower-case A-label (RFC 5890), `raw` the form it arrived in.
    """

    local: str
    domain: str
    raw: str = field(default="", compare=False)

    def __str__(self) -> str:
        """As one writes it; quotes come back where the local part is none without (RFC 5321 section 4.1.2)."""
        if not self.local or _ATOM.fullmatch(self.local):
            return f"{self.local}@{self.domain}"
        return '"' + _ESCAPED.sub(r"\\\g<0>", self.local) + f'"@{self.domain}'

    @property
    def domain_key(self) -> "AddressKey":
        """The key of the whole domain, written `@domain`."""
        return AddressKey(local="", domain=self.domain)


def fold_domain(text: str) -> str | None:
    """The lower-case A-label of a domain, or None when it is none (RFC 5890, RFC 1035 section 2.3.4)."""
    return _folded_before(text) if len(text) <= MAX_DOMAIN_OCTETS else _folded(text)  # long ones are not kept in memory


def _folded(text: str) -> str | None:
    name = text.strip().rstrip(".").lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            return None
    labels = name.split(".")
    if len(name) > MAX_DOMAIN_OCTETS or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return name


_folded_before = lru_cache(maxsize=1024)(_folded)  # few domains make up most of the mail


def _fold_local(text: str) -> str | None:
    quoted = _QUOTED.fullmatch(text) if text.startswith('"') else None
    if quoted:
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    if not text or len(text.encode("utf-8", "replace")) > MAX_LOCAL_OCTETS:
        return None
    if not (text.isascii() and text.isprintable()) and any(unicodedata.category(c) in _UNSEEN for c in text):
        return None  # NUL, zero-width and bidi marks make two addresses look like one
    if not quoted and not _ATOM.fullmatch(text):
        return None
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text).casefold()


def parse_address(text: str) -> AddressKey | None:
    """Exactly one `local@domain` (angle brackets allowed), or None: never a guess among several."""
    return _parsed_before(text) if len(text) <= MAX_LOCAL_OCTETS + MAX_DOMAIN_OCTETS else _parsed(text)


def _parsed(text: str) -> AddressKey | None:
    raw = text.strip()
    if raw.startswith("<") and raw.endswith(">"):
        raw = raw[1:-1].strip()
    at = raw.rfind("@")
    if at <= 0:
        return None
    plain = at <= MAX_LOCAL_OCTETS and _PLAIN.fullmatch(raw, 0, at)  # nearly every address
    local, domain = raw[:at].lower() if plain else _fold_local(raw[:at]), fold_domain(raw[at + 1 :])
    if local is None or domain is None:
        return None
    return AddressKey(local=local, domain=domain, raw=raw)


_parsed_before = lru_cache(maxsize=512)(_parsed)  # a report names the same few in several places


def parse_key(text: str) -> AddressKey | None:
    """An address, or a whole domain written `@domain`."""
    if text.strip().startswith("@"):
        domain = fold_domain(text.strip()[1:])
        return AddressKey(local="", domain=domain, raw=text.strip()) if domain else None
    return parse_address(text)
