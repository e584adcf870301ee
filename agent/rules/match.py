"""Finding the rules of one stage in one text: an re2 Set says which, a second look at the few hits says where.

RE2 is linear in the text whatever the pattern, so no rule and no mail can make it slow. It has no look-around, and its
`\\b` knows ASCII only, so the ends of a phrase are spelled out.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate
from typing import NamedTuple, Protocol

import msgspec
import re2

from agent.model.signal import MAX_EXCERPT
from agent.rules.fold import bare_words, fold, unfolded
from agent.rules.schema import Rule, Stage

MAX_MEM_BYTES = 8 << 20  # of each Set, and hostile texts fill them all; with less they are often rebuilt
MAX_SET_CHARS = 4_000  # of patterns: a mail of a new kind costs half as much to read as with all of them in one
MAX_PATTERN_BYTES = 40_000  # of one rule: twice as many Chinese phrases no longer fit into the memory of a Set
MAX_KEYWORD_WORDS = 5
MAX_KEYWORD_CHARS = 60

_WHOLE = frozenset({Stage.KEYWORD, Stage.CLIENT})
_ASCII_CAPITAL = re.compile(r"(?<!\\)[A-Z]")
_CLASS_NAME = re.compile(r"\\[pP](?:\{\^?\w+\}|[A-Z])")
_OTHER_SCRIPTS_FROM = "\u0370"  # Greek and all that follows
_UNSPACED_FROM = "\u0e00"  # Thai and everything east of it is written without spaces
# What may stand beside a phrase: all but digits and the letters of spaced scripts, whose punctuation is left out.
# `[^\pL\pN]` says nearly the same in fifty times the memory.
_NO_WORD = r"[^0-9a-z\x{df}-\x{60b}\x{620}-\x{669}\x{66e}-\x{6d3}\x{6d5}-\x{963}\x{966}-\x{dff}]"


class PatternError(ValueError):
    """A pattern that re2 refuses, that is not in folded form, or that matches nothing at all."""


class Hit(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A rule that matched; where it did is looked up only when somebody asks, for most hits are never shown."""

    rule: Rule
    show: Callable[[], str]

    @property
    def excerpt(self) -> str:
        """The words it matched as they were written."""
        return self.show()


class _Found(Protocol):
    """What a search of re2 gives back, as far as it is used here."""

    def span(self, group: int = 0) -> tuple[int, int]: ...

    def groups(self) -> tuple[str | None, ...]: ...


class _Pattern(Protocol):
    """A compiled pattern of re2."""

    def search(self, text: str) -> _Found | None: ...


class _Some(NamedTuple):
    """Rules that are looked for together, by their numbers."""

    rules: tuple[int, ...]
    patterns: re2.Set
    other_script: bool  # nothing of them is found in ASCII


class Matcher:
    """The rules of one stage, compiled once, held against many texts."""

    def __init__(self, stage: Stage, rules: tuple[Rule, ...]) -> None:
        self._stage = stage
        self._whole = stage in _WHOLE
        self._rules = rules
        self._texts = tuple(pattern_of(rule) for rule in rules)
        self._patterns: dict[int, _Pattern] = {}  # compiled when first hit: all of them at once cost 30 MB and more
        self._vetoes: tuple[_Pattern | None, ...] = tuple(_veto(rule) for rule in rules)
        self._sets = tuple(_sets(rules, self._texts, whole=self._whole))

    def find(self, text: str) -> tuple[Hit, ...]:
        """The rules that match, in the order they were given."""
        folded = comparable(text, self._stage) if self._whole else fold(text)
        if not folded:
            return ()
        asked = [some for some in self._sets if not (some.other_script and folded.isascii())]
        raw = folded.encode()
        found = [some.rules[number] for some in asked for number in some.patterns.Match(raw) or ()]
        return tuple(
            [
                Hit(rule=self._rules[index], show=partial(self._excerpt, index, text, folded))
                for index in sorted(found)
                if (veto := self._vetoes[index]) is None or not veto.search(folded)
            ]
        )

    def _excerpt(self, index: int, text: str, folded: str) -> str:
        found = None if self._whole else self._pattern(index).search(folded)
        if found is None:
            piece = text
        elif text.isascii() and len(text) == len(folded):  # then folding moved nothing
            piece = text[slice(*_span(found))]
        else:
            piece = unfolded(text, *_span(found))
        return " ".join(piece[: 2 * MAX_EXCERPT].split())[:MAX_EXCERPT]

    def _pattern(self, index: int) -> _Pattern:
        if index not in self._patterns:
            self._patterns[index] = re2.compile(self._texts[index], _options())
        return self._patterns[index]


class Words:
    """Pieces of text, all looked for in one pass over another."""

    def __init__(self, words: tuple[str, ...]) -> None:
        options = _options()
        options.literal = True
        self._words = words
        self._set = re2.Set.SearchSet(options)
        for word in words:
            self._set.Add(word)
        self._set.Compile()

    def within(self, text: str) -> list[str]:
        """Those that occur in a text, in no order."""
        return [self._words[index] for index in self._set.Match(text.encode("utf-8", "replace")) or ()]


def comparable(text: str, stage: Stage) -> str:
    """What the rules of a stage are held against; empty when the text is no candidate."""
    if stage not in _WHOLE:
        return fold(text)
    words = bare_words(text) if len(text) <= 2 * MAX_EXCERPT else ""
    long = len(words) > MAX_KEYWORD_CHARS or words.count(" ") >= MAX_KEYWORD_WORDS
    return "" if stage is Stage.KEYWORD and long else words


def pattern_of(rule: Rule) -> str:
    """The re2 pattern of a rule; PatternError says what is wrong with one that was written by hand."""
    pattern = _of_phrases(rule) if rule.phrases else _written(rule.pattern)
    if len(pattern.encode()) > MAX_PATTERN_BYTES:
        raise PatternError(f"it is longer than {MAX_PATTERN_BYTES:,} bytes: make several rules of it")
    return pattern


def _of_phrases(rule: Rule) -> str:
    return "|".join(map(_whole_phrase, rule.phrases)) if rule.stage in _WHOLE else _any_phrase(rule.phrases)


def _written(text: str) -> str:
    if _ASCII_CAPITAL.search(_CLASS_NAME.sub("", text)):
        raise PatternError("text is folded before it is compared: write small letters")
    pattern = "".join(letter if letter.isascii() else fold(letter) for letter in text)
    try:
        compiled = re2.compile(pattern, _options())
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise PatternError(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)) from error
    if compiled.search(""):
        raise PatternError("it matches an empty text")
    return pattern


def _sets(rules: tuple[Rule, ...], patterns: tuple[str, ...], *, whole: bool) -> Iterator[_Some]:
    """The patterns in their order, those of other scripts apart, so many in one Set as its automaton has memory for."""
    for other_script in (False, True):
        numbers = [number for number, rule in enumerate(rules) if _is_other_script(rule) is other_script]
        while numbers:
            some = _fitting(numbers, patterns)
            del numbers[: len(some)]
            found = re2.Set.FullMatchSet(_options()) if whole else re2.Set.SearchSet(_options())
            for number in some:
                found.Add(patterns[number])
            found.Compile()
            yield _Some(rules=tuple(some), patterns=found, other_script=other_script)


def _fitting(numbers: list[int], patterns: tuple[str, ...]) -> list[int]:
    """The first of them, at least one, that fit into a Set."""
    sizes = accumulate(len(patterns[number]) for number in numbers)
    fitting = sum(size <= MAX_SET_CHARS for size in sizes)
    return numbers[: max(1, fitting)]


def _is_other_script(rule: Rule) -> bool:
    """Whether it speaks in other letters than Latin ones, as all its samples show."""
    return bool(rule.samples) and all(any(map(_is_other_letter, fold(sample))) for sample in rule.samples)


def _is_other_letter(letter: str) -> bool:
    return letter >= _OTHER_SCRIPTS_FROM and letter.isalpha()


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = MAX_MEM_BYTES
    options.log_errors = False
    return options


def _veto(rule: Rule) -> _Pattern | None:
    if not rule.never_with:
        return None
    compiled: _Pattern = re2.compile(_any_phrase(rule.never_with), _options())
    return compiled


def _whole_phrase(phrase: str) -> str:
    words = bare_words(phrase)
    if not words:
        raise PatternError("an empty phrase")
    return str(re2.escape(words))


def _any_phrase(phrases: tuple[str, ...]) -> str:
    """One pattern for all phrases; those that need the same ends share them."""
    bodies: dict[tuple[str, str], list[str]] = {}
    for phrase in phrases:
        words = fold(phrase).split()
        if not words:
            raise PatternError("an empty phrase")
        before = f"(?:^|{_NO_WORD})" if words[0][0] < _UNSPACED_FROM else ""
        after = f"(?:$|{_NO_WORD})" if words[-1][-1] < _UNSPACED_FROM else ""
        bodies.setdefault((before, after), []).append(r"\s+".join(re2.escape(word) for word in words))
    return "|".join(f"{before}({'|'.join(body)}){after}" for (before, after), body in bodies.items())


def _span(found: _Found) -> tuple[int, int]:
    """The phrase itself where the pattern has a group, without the boundary characters around it."""
    named = (number for number, text in enumerate(found.groups(), start=1) if text is not None)
    return found.span(next(named, 0))
