"""Address header fields to keys: linear, strict, and never a choice among several readings (RFC 5322 section 3.4)."""

import re
from collections.abc import Sequence
from functools import lru_cache

from agent.model.address import AddressKey, parse_address

MAX_MAILBOXES = 50
MAX_FIELD = 20_000
MAX_KEPT = 200  # longer fields are not kept in memory

_ONE = re.compile(r"[^\"(),;:<>]*+(?:<[^\"(),;:<>]*+>)?[^\"(),;:<>]*+")  # no list, no comment, nothing quoted
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[(),;:<>]|[^"(),;:<>]+|"')


def single_sender(values: Sequence[str]) -> AddressKey | None:
    """The one address of all From fields; several, none, a group or anything ambiguous is nobody."""
    found = _people(values[0]) if len(values) == 1 else ()
    return found[0] if len(found) == 1 else None


def addresses_of(values: tuple[str, ...]) -> tuple[AddressKey, ...]:
    """Every readable address of recipient fields, each once, in order."""
    found: dict[AddressKey, None] = {}
    for value in dict.fromkeys(values):
        for key in _people(value):
            if key is not None:
                found.setdefault(key)
            if len(found) >= MAX_MAILBOXES:
                return tuple(found)
    return tuple(found)


def _people(value: str) -> tuple[AddressKey | None, ...]:
    return _people_before(value) if len(value) <= MAX_KEPT else _read(value)


def _read(value: str) -> tuple[AddressKey | None, ...]:
    """Every mailbox of a list, None for one that nobody can read; nothing where the list itself is none."""
    return tuple(map(mailbox_address, split_mailboxes(value) or ()))


_people_before = lru_cache(maxsize=256)(_read)  # few mail systems send most of the reports, and to few addresses


def split_mailboxes(value: str) -> tuple[str, ...] | None:
    """The mailboxes of a list with comments taken out, or None for group syntax and unbalanced brackets."""
    if len(value) <= MAX_FIELD and _ONE.fullmatch(value):
        return (value.strip(),) if value.strip() else ()
    parts: list[str] = [""]
    comment, angle = 0, False
    for match in _TOKEN.finditer(value[:MAX_FIELD]):
        token = match[0]
        if token == "(":
            comment += 1
        elif token == ")" and comment:
            comment -= 1
        elif comment:
            continue
        elif token == "," and not angle:
            parts.append("")
        elif token == '"' or (token in ":;" and not angle):
            return None  # an open quote, or a group
        else:
            angle = token == "<" or (angle and token != ">")
            parts[-1] += token
    kept = tuple(part.strip() for part in parts[: MAX_MAILBOXES + 1] if part.strip())
    return None if angle or comment else kept


def mailbox_address(mailbox: str) -> AddressKey | None:
    """The address of `Name <local@domain>` or of a bare address; a name that holds another address is refused."""
    opening = mailbox.rfind("<")
    if opening < 0:
        return parse_address(mailbox)
    name, rest = mailbox[:opening].strip(), mailbox[opening:]
    key = parse_address(rest)
    if key is not None and "@" in name and not name.startswith('"') and parse_address(name) != key:
        return None  # two addresses in one mailbox: readers disagree which one counts
    return None if "<" in name and not name.startswith('"') else key
