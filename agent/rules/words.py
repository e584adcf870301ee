"""The words of one language around a request: lists for its phrases, negation, business talk, courtesy and calendar."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import msgspec
import tomli

from agent.rules.index import PhraseIndex
from agent.rules.phrase import NO_LISTS, Lists, Phrase, PhraseError, read_phrase


class MarkKind(Enum):
    """What a word or phrase does to a request that stands near it."""

    NEGATION = "negations"  # before the request, or inside it: takes it back
    NEGATION_AFTER = "negations_after"  # right behind it, for languages that negate there
    BUSINESS = "business"  # an order, a machine: the request is about that
    INSTRUCTION = "instructions"  # "to unsubscribe click here": printed by senders
    DOUBT = "doubts"  # "how do I", "if we", "whether": talk about it
    OTHER = "others"  # "my colleague": it is not the writer's own
    POLITE = "polite"  # may surround a keyword
    KEEP = "keeps"  # "but keep sending": only a part is unwanted
    CONTACT = "contacts"  # "please write to": the address that follows is the new one
    ALSO = "also"  # "me and": the writer and those he names
    THERE = "there"  # "that address": one that was named before
    UNTIL = "until"  # with <date>
    LASTING = "lasting"  # with <span>
    INTERVAL = "intervals"


class Unit(Enum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A word or phrase that is no request itself. `value`: the days of an interval."""

    kind: MarkKind
    language: str
    value: int = 0


class CalendarFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of times. Each month and weekday is a list of its spellings."""

    months: tuple[tuple[str, ...], ...] = ()
    weekdays: tuple[tuple[str, ...], ...] = ()  # Monday first
    day: tuple[str, ...] = ()
    week: tuple[str, ...] = ()
    month: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    numbers: dict[str, tuple[str, ...]] = {}
    tomorrow: tuple[str, ...] = ()
    next: tuple[str, ...] = ()  # next week, next month, next year
    end: tuple[str, ...] = ()  # end of March
    middle: tuple[str, ...] = ()
    seasons: dict[str, tuple[str, ...]] = {}  # month in which it is over: summer = 9
    new_year: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    intervals: dict[str, tuple[str, ...]] = {}


class WordsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One words.toml."""

    lists: dict[str, tuple[str, ...]] = {}
    negations: tuple[str, ...] = ()
    negations_after: tuple[str, ...] = ()
    business: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    polite: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    before_names: tuple[str, ...] = ()
    in_sentences: tuple[str, ...] = ()
    calendar: CalendarFile = CalendarFile()


class WordsError(ValueError):
    """A words.toml that cannot be used; the message names file and field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWord:
    """A word of the calendar: what it is (`month`, `unit`, `number`, `next`, `end` ...) and which."""

    kind: str
    value: int = 0
    unit: Unit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abbreviations:
    """Words whose full stop ends no sentence: `before_names` (and figures) whatever follows, `in_sentences` where it
    goes on in small letters.
    """

    before_names: frozenset[str] = frozenset()
    in_sentences: frozenset[str] = frozenset()

    def __or__(self, other: "Abbreviations") -> "Abbreviations":
        """Those of both languages."""
        return Abbreviations(
            before_names=self.before_names | other.before_names, in_sentences=self.in_sentences | other.in_sentences
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What phrases of one language may use, `marks` as they are written; and how it abbreviates."""

    lists: Lists
    marks: tuple[str, ...]
    abbreviations: Abbreviations
    calendar: PhraseIndex[TimeWord]


EMPTY = Language(lists=NO_LISTS, marks=(), abbreviations=Abbreviations(), calendar=PhraseIndex(iter(())))
Marks = tuple[tuple[Mark, Phrase], ...]


def read_words(path: str, language: str, text: str) -> tuple[Language, Marks]:
    """The words of a language, and its marks to be indexed; WordsError on the first thing that is wrong."""
    try:
        file = msgspec.convert(tomli.loads(text), WordsFile)
    except (tomli.TOMLDecodeError, msgspec.ValidationError) as error:
        raise WordsError(f"{path}: {error}") from error
    calendar = file.calendar
    intervals = tuple(_intervals(calendar))
    lists = Lists({**file.lists, "interval": intervals} if intervals else file.lists)
    marks = tuple(_marks(path, language, file, lists))
    written = tuple(phrase.text for _, phrase in marks)
    return Language(
        lists=lists,
        marks=written,
        abbreviations=Abbreviations(
            before_names=_plain_words(path, "before_names", file.before_names),
            in_sentences=_plain_words(path, "in_sentences", file.in_sentences),
        ),
        calendar=PhraseIndex(_times(path, calendar)),
    ), marks


def _intervals(calendar: CalendarFile) -> Iterator[str]:
    """Nobody asks for mail every day; who says it complains."""
    for days, phrases in calendar.intervals.items():
        yield from phrases if days != "1" else ()


def _marks(path: str, language: str, file: WordsFile, lists: Lists) -> Iterator[tuple[Mark, Phrase]]:
    for kind in MarkKind:
        if kind is MarkKind.INTERVAL:
            continue
        source = file.calendar if kind in (MarkKind.UNTIL, MarkKind.LASTING) else file
        texts: tuple[str, ...] = getattr(source, kind.value)
        for text in texts:
            yield Mark(kind=kind, language=language), _phrase(path, kind.value, text, lists)
    for days, texts in file.calendar.intervals.items():
        for text in texts:
            mark = Mark(kind=MarkKind.INTERVAL, language=language, value=_number(path, "intervals", days))
            yield mark, _phrase(path, "intervals", text, lists)


def _times(path: str, file: CalendarFile) -> Iterator[tuple[TimeWord, Phrase]]:
    for field, names, size in (("months", file.months, 12), ("weekdays", file.weekdays, 7)):
        if names and len(names) != size:
            raise WordsError(f"{path}: field `calendar.{field}`: want {size} lists, not {len(names)}")
        for at, spellings in enumerate(names):
            word = TimeWord(kind=field[:-1] if field == "weekdays" else "month_name", value=at + (field == "months"))
            yield from _each(path, field, word, spellings)
    for unit in Unit:
        yield from _each(path, unit.value, TimeWord(kind="unit", unit=unit), getattr(file, unit.value))
    for kind in ("tomorrow", "next", "end", "middle", "new_year"):
        yield from _each(path, kind, TimeWord(kind=kind), getattr(file, kind))
    for kind, table in (("number", file.numbers), ("season", file.seasons)):
        for number, spellings in table.items():
            yield from _each(path, kind, TimeWord(kind=kind, value=_number(path, kind, number)), spellings)


def _each(path: str, field: str, word: TimeWord, spellings: tuple[str, ...]) -> Iterator[tuple[TimeWord, Phrase]]:
    for text in spellings:
        yield word, _phrase(path, f"calendar.{field}", text, NO_LISTS)


def _plain_words(path: str, field: str, words: tuple[str, ...]) -> frozenset[str]:
    for word in words:
        if not (word.isalpha() and word == word.lower()):
            raise WordsError(f"{path}: field `{field}`: {word!r} is no word in small letters without a full stop")
    return frozenset(words)


def _phrase(path: str, field: str, text: str, lists: Lists) -> Phrase:
    try:
        return read_phrase(text, lists)
    except PhraseError as error:
        raise WordsError(f"{path}: field `{field}`: {error}") from error


def _number(path: str, field: str, text: str) -> int:
    if not text.isdecimal():
        raise WordsError(f"{path}: field `calendar.{field}`: {text!r} is no number")
    return int(text)
