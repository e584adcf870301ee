"""Placeholders of a letter: one fixed set, filled in one pass, so that no value can bring placeholders of its own."""

import re
import unicodedata
from collections.abc import Callable, Mapping

NUMBERS = {f"reason_{number}": str(number) for number in range(1, 6)}  # what to reply with to give a reason

NAMES = frozenset(
    {
        "company",
        "postal_address",
        "contact",
        "address",
        "list",
        "until",
        "start_word",
        "pause_word",
        "pause_days",
        "less_word",
        "confirm_link",
        "confirm_address",
        "confirm_subject",
        *NUMBERS,
    }
)
_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")


def used(template: str) -> frozenset[str]:
    """The placeholders a template names; a brace that belongs to none is named too, as it stands."""
    stray = {brace for brace in "{}" if brace in _PLACEHOLDER.sub("", template)}
    return frozenset(_PLACEHOLDER.findall(template)) | stray


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its values; ValueError for a name without one."""
    unknown = sorted(name for name in used(template) if name not in values)
    if unknown:
        raise ValueError(f"placeholder without a value: {', '.join(unknown)}")
    return fill_with(template, values, str)


def fill_with(template: str, values: Mapping[str, str], between: Callable[[str], str]) -> str:
    """The template with its values as they are, and what stands between them as `between` makes it."""
    pieces = _PLACEHOLDER.split(template)  # text and names in turn
    return "".join(values[piece] if at % 2 else between(piece) for at, piece in enumerate(pieces))


def one_line(name: str, value: str) -> str:
    """The value, if nothing in it can begin a new line, steer a terminal or turn the reading direction about."""
    for char in value:
        if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in "\u202a\u202b\u202c\u202d\u202e":
            raise ValueError(f"{name} holds the control character U+{ord(char):04X}")
    return value
