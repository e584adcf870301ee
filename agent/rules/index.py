"""Many phrases against one sentence: the words of the sentence say which few phrases are worth a look."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from agent.rules.normal import MAX_SENTENCE, UNSPACED_FROM
from agent.rules.phrase import Phrase

MAX_FOUND = 8  # of one phrase in one sentence

Owner = TypeVar("Owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[Owner]):
    """A phrase in a normalised sentence. `gaps`: what stands between its words; `slots`: what it asks to be read."""

    owner: Owner
    phrase: str
    start: int
    end: int
    gaps: tuple[tuple[int, int], ...] = ()
    slots: tuple[tuple[str, str], ...] = ()

    def slot(self, name: str) -> str:
        """The words in a slot, or an empty string."""
        return dict(self.slots).get(name, "")


class PhraseIndex(Generic[Owner]):
    """Phrases by the words they cannot do without. Patterns are compiled when first needed."""

    def __init__(self, phrases: Iterator[tuple[Owner, Phrase]]) -> None:
        self._phrases = tuple(phrases)
        self._compiled: dict[int, re.Pattern[str]] = {}
        self._words: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._wide: dict[str, list[tuple[str, int]]] = {}
        for number, (_, phrase) in enumerate(self._phrases):
            for anchor in phrase.anchors:
                if anchor.wide:
                    self._wide.setdefault(anchor.text[:2], []).append((anchor.text, number))
                else:
                    (self._stems if anchor.stem else self._words).setdefault(anchor.text, []).append(number)
        self._lengths = sorted({len(stem) for stem in self._stems})

    def find(self, sentence: str) -> tuple[Found[Owner], ...]:
        """Every phrase that occurs in a normalised sentence, in the order the phrases were given."""
        sentence = sentence[:MAX_SENTENCE]
        found: list[Found[Owner]] = []
        for number in sorted(self._candidates(sentence)):
            found.extend(self._search(number, sentence))
        return tuple(found)

    def _candidates(self, sentence: str) -> set[int]:
        numbers: set[int] = set()
        for word in set(sentence.split()):
            numbers.update(self._words.get(word, ()))
            for length in self._lengths:
                if length > len(word):
                    break
                numbers.update(self._stems.get(word[:length], ()))
        if not sentence.isascii() and max(sentence) >= UNSPACED_FROM:
            numbers.update(self._inside_words(sentence))
        return numbers

    def _inside_words(self, sentence: str) -> Iterator[int]:
        for at in range(len(sentence)):
            for size in (1, 2):
                for text, number in self._wide.get(sentence[at : at + size], ()):
                    if sentence.startswith(text, at):
                        yield number

    def _search(self, number: int, sentence: str) -> Iterator[Found[Owner]]:
        owner, phrase = self._phrases[number]
        pattern = self._compiled.get(number)
        if pattern is None:
            pattern = self._compiled[number] = re.compile(phrase.pattern)
        at = 0
        for _ in range(MAX_FOUND):
            match = pattern.search(sentence, at)
            if match is None:
                return
            named = pattern.groupindex
            yield Found(
                owner=owner,
                phrase=phrase.text,
                start=match.start(),
                end=match.end(),
                gaps=tuple(
                    match.span(n) for n in range(1, pattern.groups + 1) if n not in named.values() and match.end(n) > 0
                ),
                slots=tuple((name, (match[name] or "").strip()) for name in named),
            )
            at = max(match.end(), at + 1)
