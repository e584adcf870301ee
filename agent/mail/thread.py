"""When a mail was written and what it answers, as its headers say."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from agent.model.mail import Headers, ParsedMail

MAX_REFERENCES = 10

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# What nearly every mail has; all else is for the standard library, which takes ten times as long.
_DATE = re.compile(
    rf"(?:[A-Z][a-z]{{2}},  ?)?(\d{{1,2}}) ({'|'.join(_MONTHS)}) ([12]\d{{3}}) (\d\d):(\d\d):(\d\d)"
    r" ([+-])([01]\d)(\d\d)(?= \(|$)",
    re.ASCII,
)
# A word before the Subject, as in `Re: `, `AW[2]:` and `回复：`; which words count is data.
_PREFIX = re.compile(r"\s*([^\s\[:：]{1,20})\s*(?:\[\d+\])?\s*[:：]")
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")


def written_at(headers: Headers) -> datetime | None:
    """The Date header in UTC, None when it cannot be read."""
    stated = headers.first("Date")
    try:
        if usual := _DATE.match(stated):
            return _usual(usual)
        written = parsedate_to_datetime(stated)
        # RFC 5322 section 3.3: -0000 tells the time in UTC but nothing of the zone.
        return written.replace(tzinfo=UTC) if written.tzinfo is None else written.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _usual(date: re.Match[str]) -> datetime:
    day, month, year, hour, minute, second, sign, hours, minutes = date.groups()
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    here = datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    return here + ahead if sign == "-" else here - ahead


def references(headers: Headers) -> str:
    """RFC 5322 section 3.6.4: the parent's References, else its In-Reply-To; the first and the latest of a long one."""
    ids = _MESSAGE_ID.findall(headers.first("References")) or _MESSAGE_ID.findall(headers.first("In-Reply-To"))[:1]
    if len(ids) > MAX_REFERENCES:
        ids = ids[:1] + ids[1 - MAX_REFERENCES :]
    return " ".join(ids)


def answers(mail: ParsedMail) -> bool:
    """Whether it was written as an answer to a mail, as far as its headers or its Subject say."""
    return bool(mail.headers.first("In-Reply-To") or mail.headers.first("References") or mail.subject_repeated)


def repeats_subject(subject: str, prefixes: frozenset[str]) -> bool:
    """Whether a mail program repeated the Subject of another mail: then it is not what the writer says."""
    found = _PREFIX.match(subject)
    return found is not None and found[1].casefold() in prefixes
