"""When a mail was written and what it answers, as its headers say."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from agent.model.mail import Headers

MAX_REFERENCES = 10

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# What nearly every mail has; all else is for the standard library, which takes ten times as long.
_DATE = re.compile(
    rf"(?:[A-Z][a-z]{{2}},  ?)?(\d{{1,2}}) ({'|'.join(_MONTHS)}) ([12]\d{{3}}) (\d\d):(\d\d):(\d\d)"
    r" ([+-])([01]\d)(\d\d)(?= \(|$)",
    re.ASCII,
)
# What mail programs put before the Subject they answer or pass on, in the languages of the buyers.
_ANSWER = re.compile(
    r"\s*(?:re|fwd?|wg|aw|antw|sv|vs|odp|rv|res|ynt|ref|atb|hal|tr|bls|ответ|回复|答复|回覆|答覆|回信|返信|转发|轉寄)\s*(?:\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
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


def answers(headers: Headers) -> bool:
    """Whether it was written as an answer to a mail, as far as its headers or its Subject say."""
    if headers.first("In-Reply-To") or headers.first("References"):
        return True
    return answers_subject(headers.first("Subject"))


def answers_subject(subject: str) -> bool:
    """Whether a mail program repeated the Subject of another mail: then it is not what the writer says."""
    return _ANSWER.match(subject) is not None
