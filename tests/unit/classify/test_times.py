"""Times in words, against a mail written on Monday, 2 March 2026."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.classify.times import after, shifted, until
from agent.rules.catalog import Catalog
from agent.rules.words import Unit, WordsError, read_words

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words", "day"),
    [
        ("en", "june", "2026-06-01"),
        ("en", "the end of march", "2026-04-01"),
        ("en", "mid april", "2026-04-15"),
        ("en", "15th of january", "2027-01-15"),
        ("en", "1 December 2026", "2026-12-01"),
        ("en", "friday", "2026-03-06"),
        ("en", "next week", "2026-03-09"),
        ("en", "next month", "2026-04-01"),
        ("en", "next year", "2027-01-01"),
        ("en", "tomorrow", "2026-03-03"),
        ("en", "the summer", "2026-09-01"),
        ("en", "2027", "2027-01-01"),
        ("en", "31.12.2026", "2026-12-31"),
        ("en", "2026-05-04", "2026-05-04"),
        ("en", "12/25", "2026-12-25"),
        ("de", "Ende März", "2026-04-01"),
        ("ru", "сентября", "2026-09-01"),
        ("zh", "三月", "2027-03-01"),
        ("zh", "12月1日", "2026-12-01"),
        ("es", "15 de abril", "2026-04-15"),
        ("fr", "fin juin", "2026-07-01"),
        ("ar", "نهاية مايو", "2026-06-01"),
    ],
)
def test_until(catalog: Catalog, language: str, words: str, day: str) -> None:
    when = until(words, catalog.speech.calendars(language), NOW)
    assert when == datetime.fromisoformat(day).replace(tzinfo=UTC)


@pytest.mark.parametrize("words", ["we are ready", "", "99.99.2026", "month", "31 12 2099"])
def test_what_cannot_be_read_is_no_time(catalog: Catalog, words: str) -> None:
    assert until(words, catalog.speech.calendars("en"), NOW) is None


@pytest.mark.parametrize(
    ("language", "words", "day"),
    [
        ("en", "six weeks", "2026-04-13"),
        ("en", "3 months", "2026-06-02"),
        ("en", "a year", "2027-03-02"),
        ("zh", "三个月", "2026-06-02"),
        ("de", "zwei Wochen", "2026-03-16"),
        ("ru", "три месяца", "2026-06-02"),
        ("ar", "شهرين", "2026-05-02"),
    ],
)
def test_after(catalog: Catalog, language: str, words: str, day: str) -> None:
    when = after(words, catalog.speech.calendars(language), NOW)
    assert when is not None
    assert when.date().isoformat() == day


def test_nobody_means_a_century(catalog: Catalog) -> None:
    assert after("100 years", catalog.speech.calendars("en"), NOW) is None
    assert after("some time", catalog.speech.calendars("en"), NOW) is None
    assert shifted(NOW, 0, Unit.DAY) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x =", "w.toml: "),
        ("polit = []", "w.toml: "),
        ("negations = ['(no']", "field `negations`: "),
        ("[calendar]\nmonths = [['a']]", "want 12 lists, not 1"),
        ("[calendar.intervals]\nmonth = ['monthly']", "'month' is no number"),
        ("in_sentences = ['incl.']", "field `in_sentences`: 'incl.' is no word in small letters"),
    ],
)
def test_a_wrong_words_file_says_where(text: str, says: str) -> None:
    with pytest.raises(WordsError) as caught:
        read_words("w.toml", "xx", text)
    assert says in str(caught.value)


def test_every_language_has_a_calendar(catalog: Catalog) -> None:
    for path in (Path(__file__).parents[3] / "agent" / "data" / "lang").glob("*/words.toml"):
        assert catalog.speech.calendars(path.parent.name.partition("-")[0])
