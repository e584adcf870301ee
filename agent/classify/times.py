"""Times in words, against the day a mail was written: "until June", "for six weeks", "三个月内", "bis Ende März".

A time that cannot be read is None, never a guess; what lies in the past is read as the next such time.
"""

import calendar
import re
from datetime import datetime, timedelta

from agent.rules.index import Found, PhraseIndex
from agent.rules.normal import normalised
from agent.rules.words import TimeWord, Unit

_NUMBERS = re.compile(r"(?<![^ ])\d{1,4}(?![^ ])")
_ORDINAL = re.compile(r"(?<= )(\d{1,2})(?:st|nd|rd|th|er|го|го)(?= )")
MAX_YEARS = 5


def until(words: str, calendars: tuple[PhraseIndex[TimeWord], ...], written: datetime) -> datetime | None:
    """The time a phrase like "the end of March" names, at the beginning of its day."""
    text = _ORDINAL.sub(r"\1", normalised(words))
    today = written.replace(hour=0, minute=0, second=0, microsecond=0)
    for held in calendars:
        if (when := _named(text, held.find(text), today)) is not None:
            return when
    return _digits([int(found) for found in _NUMBERS.findall(text)], today)


def after(words: str, calendars: tuple[PhraseIndex[TimeWord], ...], written: datetime) -> datetime | None:
    """The end of a stretch like "six weeks"; "a month" is one."""
    text = normalised(words)
    digits = [int(found) for found in _NUMBERS.findall(text)]
    for held in calendars:
        found = held.find(text)
        unit = next((one.owner.unit for one in found if one.owner.unit is not None), None)
        if unit is not None:
            numbers = digits or [one.owner.value for one in _longest(found, "number")]
            return shifted(written, numbers[0] if numbers else 1, unit)
    return None


def shifted(start: datetime, count: int, unit: Unit) -> datetime | None:
    """So many units later; None for more than anybody means."""
    match unit:
        case Unit.DAY | Unit.WEEK:
            days = count * (7 if unit is Unit.WEEK else 1)
            return start + timedelta(days=days) if 0 < days <= 366 * MAX_YEARS else None
        case Unit.MONTH | Unit.YEAR:
            months = count * (12 if unit is Unit.YEAR else 1)
            if not 0 < months <= 12 * MAX_YEARS:
                return None
            year, month = divmod(start.month - 1 + months, 12)
            return _day(start, start.year + year, month + 1, start.day)


def _named(text: str, found: tuple[Found[TimeWord], ...], today: datetime) -> datetime | None:
    month = next(iter(_longest(found, "month_name")), None)
    if month is not None:
        return _month(text, found, month, today)
    weekday = next(iter(_longest(found, "weekday")), None)
    if weekday is not None:
        return today + timedelta(days=(weekday.owner.value - today.weekday() - 1) % 7 + 1)
    return _relative(text, found, today)


def _relative(text: str, found: tuple[Found[TimeWord], ...], today: datetime) -> datetime | None:
    kinds = {one.owner.kind for one in found}
    if "tomorrow" in kinds:
        return today + timedelta(days=1)
    season = next((one.owner.value for one in found if one.owner.kind == "season"), 0)
    if season:
        return _next_month(today, season)
    if "new_year" in kinds:
        return _next_month(today, 1)
    unit = next((one.owner.unit for one in found if one.owner.unit is not None), None)
    numbers = [int(n) for n in _NUMBERS.findall(text)]
    years = [number for number in numbers if today.year < number + ("end" in kinds) <= today.year + MAX_YEARS]
    if years and len(numbers) == 1:
        return today.replace(year=years[0] + ("end" in kinds), month=1, day=1)
    if unit is None or not kinds & {"next", "end"}:
        return None
    return _coming(today, unit)


def _coming(today: datetime, unit: Unit) -> datetime:
    """The first day of the next week, month or year."""
    match unit:
        case Unit.DAY:
            return today + timedelta(days=1)
        case Unit.WEEK:
            return today + timedelta(days=7 - today.weekday())
        case Unit.MONTH:
            return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        case Unit.YEAR:
            return today.replace(year=today.year + 1, month=1, day=1)


def _month(text: str, found: tuple[Found[TimeWord], ...], month: Found[TimeWord], today: datetime) -> datetime | None:
    numbers = [int(n) for n in _NUMBERS.findall(text[: month.start] + " " + text[month.end :])]
    year = next((n for n in numbers if today.year <= n <= today.year + MAX_YEARS), 0)
    day = next((n for n in numbers if 1 <= n <= 31), 0)
    kinds = {one.owner.kind for one in found}
    start = _day(today, year or today.year, month.owner.value, day or 1)
    if start is None:
        return None
    if not day and "end" in kinds:
        start = (start + timedelta(days=32)).replace(day=1)
    elif not day and "middle" in kinds:
        start = start.replace(day=15)
    return start if year or start > today else _day(today, start.year + 1, start.month, start.day)


def _next_month(today: datetime, month: int, day: int = 1) -> datetime | None:
    this = _day(today, today.year, month, day)
    return this if this is not None and this > today else _day(today, today.year + 1, month, day)


def _digits(numbers: list[int], today: datetime) -> datetime | None:
    """2026-12-01, 01.12.2026, 1.12.: the year first or last; day before month, unless that cannot be."""
    if len(numbers) >= 3 and numbers[0] > 31:
        return _day(today, numbers[0], numbers[1], numbers[2])
    if len(numbers) >= 2:
        day, month = (numbers[0], numbers[1]) if numbers[1] <= 12 else (numbers[1], numbers[0])
        if len(numbers) == 2:
            return _next_month(today, month, day) if day <= 31 else None
        year = numbers[2] + 2000 if numbers[2] < 100 else numbers[2]
        return _day(today, year, month, day)
    if numbers and today.year < numbers[0] <= today.year + MAX_YEARS:
        return today.replace(year=numbers[0], month=1, day=1)
    return None


def _day(today: datetime, year: int, month: int, day: int) -> datetime | None:
    if not (1 <= month <= 12 and 1 <= day <= 31 and abs(year - today.year) <= MAX_YEARS):
        return None
    return today.replace(year=year, month=month, day=min(day, calendar.monthrange(year, month)[1]))


def _longest(found: tuple[Found[TimeWord], ...], kind: str) -> list[Found[TimeWord]]:
    """Those of one kind, the longest first: 三月 may be within 十三月."""
    return sorted((one for one in found if one.owner.kind == kind), key=lambda one: one.start - one.end)
