"""Status codes in free text: RFC 3463 enhanced codes and SMTP reply codes (RFC 5321 section 4.2)."""

import re
from functools import lru_cache

_SHORT = 20
# Not inside an IP address, a version or a date: no digit, dot or dash may touch it, but for the dash of `550-5.1.1`.
# What stands before is looked at behind the first digit: a pattern that begins with a digit is searched faster.
_ENHANCED = re.compile(
    r"([245])(?:(?<![\d.\-/].)|(?<=[245]\d\d-.))[.](\d{1,3})[.](\d{1,3})(?![\d]|[.]\d|-\d)", re.ASCII
)
_AFTER_REPLY = re.compile(r"(?:(?<![\w.])[45]\d\d[- ]+#?|: )([45])[.](\d{1,3})[.](\d{1,3})(?![\d]|[.]\d|-\d)", re.ASCII)
_DOTTED = re.compile(r"[45][.]\d{1,3}[.]\d", re.ASCII)
_REPLY = re.compile(r"([245][0-5]\d)(?<![\w.:/#@+-]\d\d\d)(?=$|[ \-\t\r\n,;:.)\]'\"](?![\d.]*\d{2}))", re.ASCII)


def find_statuses(text: str) -> tuple[str, ...]:
    """Every enhanced status code of a text, in order, leading zeros taken off."""
    return tuple(f"{m[1]}.{int(m[2])}.{int(m[3])}" for m in _ENHANCED.finditer(text))


def find_status(text: str) -> str:
    """The enhanced status code that says most: the first whose detail is not 0, else the first, else nothing."""
    return _status_before(text) if len(text) <= _SHORT else _status(text)


def _status(text: str) -> str:
    found = find_statuses(text)
    telling = (status for status in found if not status.endswith(".0"))
    return next(telling, found[0] if found else "")


_status_before = lru_cache(maxsize=256)(_status)  # what stands in Status fields: few codes make up most of the mail


def find_failure(text: str) -> str:
    """The same among codes that tell of a failure; that the time ran out says less than why."""
    return _most_telling([status for status in find_statuses(text) if status[0] != "2"])


def find_reply_status(text: str) -> str:
    """The enhanced code that a server gave right after its reply code (RFC 2034 section 4)."""
    if not _DOTTED.search(text):  # nine of ten texts: the search below is the slowest of a report
        return ""
    return _most_telling([f"{m[1]}.{int(m[2])}.{int(m[3])}" for m in _AFTER_REPLY.finditer(text)])


def _most_telling(found: list[str]) -> str:
    telling = [status for status in found if not status.endswith(".0")] or found
    return next((status for status in telling if not status.endswith(".4.7")), telling[0] if telling else "")


def find_reply_code(text: str) -> str:
    """The first number that looks like an SMTP reply code, or an empty string."""
    match = _REPLY.search(text)
    return match[1] if match else ""
