"""The types of model/settings.py in words: what may be written for a key, and how TOML writes a value."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import date, datetime, time
from enum import Enum
from typing import Annotated, Literal, get_args, get_origin, get_type_hints

from msgspec import Meta

SECRET_KEYS = frozenset({"password"})
MAX_SHOWN = 60

# What a key without a default shows in the example, and in the message that says it is missing.
EXAMPLES: Mapping[str, object] = {
    "company": "Example Exports Ltd",
    "postal_address": "1 Harbour Road, 12345 Example City",
    "contact": "sales@example.com",
    "domains": ("example.com",),
    "name": "sales",
    "host": "imap.example.com",
    "user": "sales@example.com",
}


def keys_of(kind: type) -> dict[str, Field[object]]:
    """The fields of a section by name, in order."""
    return {field.name: field for field in fields(kind)}


def hints_of(kind: type) -> dict[str, object]:
    """The full type of each key, with its bounds and its one line why."""
    return get_type_hints(kind, include_extras=True)


def why(hint: object) -> str:
    """The one line beside a key."""
    return next((meta.description for meta in _metas(hint) if meta.description), "")


def expected(hint: object) -> str:
    """What may be written, as the end of the sentence `write ...`."""
    plain = _plain(hint)
    if plain is int:
        return "a whole number" + _bounds(hint)
    if plain is bool:
        return "true or false"
    if plain is str:
        return "a text in quotes"
    if words := _words(plain):
        return "one of " + ", ".join(words)
    if get_origin(plain) is tuple:
        return 'a list of texts, such as ["one", "two"]'
    return "a date and time with its zone, such as 2026-01-31T00:00:00Z"


def kind_word(hint: object) -> str:
    """The short name of a type in the reference."""
    plain = _plain(hint)
    if words := _words(plain):
        return " / ".join(words)
    if get_origin(plain) is tuple:
        return "list of texts"
    if plain is int:
        return "number" + _bounds(hint)
    if plain is bool:
        return "true / false"
    return "text" if plain is str else "date and time"


def default_of(field: Field[object]) -> object:
    """The default of a key, or its example value when it must be given."""
    return EXAMPLES[field.name] if required(field) else field.default


def required(field: Field[object]) -> bool:
    """Whether a key must be given."""
    return field.default is MISSING and field.default_factory is MISSING


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Enum):
        return toml(value.value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple | list):
        return "[" + ", ".join(toml(entry) for entry in value) + "]"
    return f"{value:_}" if isinstance(value, int) and value >= 100_000 else str(value)


def shown(key: str, value: object) -> str:
    """A wrong value for a message: short, on one line, and never a password."""
    if key in SECRET_KEYS:
        return "the value"
    if isinstance(value, dict):
        return "a table"
    text = value.isoformat() if isinstance(value, date | datetime | time) else toml(value)
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def _metas(hint: object) -> tuple[Meta, ...]:
    return tuple(m for m in get_args(hint)[1:] if isinstance(m, Meta)) if get_origin(hint) is Annotated else ()


def _plain(hint: object) -> object:
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if isinstance(hint, types.UnionType):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def _words(plain: object) -> tuple[str, ...]:
    if isinstance(plain, type) and issubclass(plain, Enum):
        return tuple(str(member.value) for member in plain)
    return tuple(str(word) for word in get_args(plain)) if get_origin(plain) is Literal else ()


def _bounds(hint: object) -> str:
    least = next((m.ge for m in _metas(hint) if m.ge is not None), None)
    most = next((m.le for m in _metas(hint) if m.le is not None), None)
    if least is not None and most is not None:
        return f" from {least} to {most}"
    return f" of at least {least}" if least is not None else ""
