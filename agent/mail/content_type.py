"""The Content-Type field and its parameters (RFC 2045 section 5), bounded."""

import re
from functools import lru_cache
from typing import NamedTuple

from agent.mail.headers import MAX_SHORT

_ESCAPED = re.compile(r"\\(.)")
_PARAMETER = re.compile(r";[ \t]*([\w.*-]{1,40})[ \t]*=[ \t]*(\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"|[^;\s]*)")


class ContentType(NamedTuple):
    """What a Content-Type states; the kind is empty when it is malformed."""

    kind: str
    charset: str
    boundary: str
    name: str


def content_type(value: str, default: str = "text/plain") -> str:
    """`type/subtype` in lower case; the default when absent or malformed (RFC 2045 section 5.2)."""
    return read_content_type(value).kind or default


def parameters(value: str) -> dict[str, str]:
    """Parameters of a Content-Type, bounded; RFC 2231 charset marks are taken off."""
    found: dict[str, str] = {}
    for name, text in _PARAMETER.findall(value[:2000]):
        if text.startswith('"'):
            text = _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
        if name.endswith("*"):
            name, text = name[:-1], text.rpartition("'")[2]
        found.setdefault(name.lower(), text)
    return found


def read_content_type(value: str) -> ContentType:
    """All that the field states; what most mails state is kept, because it is asked for again and again."""
    return _type_before(value) if len(value) <= MAX_SHORT else _type(value)


def _type(value: str) -> ContentType:
    word = value.partition(";")[0].partition("(")[0].strip().lower()
    found = parameters(value) if "=" in value else {}
    return ContentType(
        kind=word if "/" in word and " " not in word else "",
        charset=found.get("charset", ""),
        boundary=found.get("boundary", "").rstrip(),
        name=found.get("name", ""),
    )


_type_before = lru_cache(maxsize=64)(_type)  # a mail's own is asked for three times
