"""Many phrases against one sentence: the words of the sentence say which few phrases are worth a look."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from agent.rules.normal import MAX_SENTENCE, UNSPACED_FROM
from agent.rules.phrase import Phrase

MAX_FOUND = 8  # of one phrase in one sentence
KNOWN_WORDS = 8_192  # kept with what they lead to; people use few words again and again

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
        held: list[tuple[Owner, str, str, tuple[frozenset[str], ...]]] = []  # without the anchors: they fill megabytes
        self._compiled: dict[int, re.Pattern[str]] = {}
        self._words: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._wide: dict[str, list[tuple[str, int]]] = {}
        for number, (owner, phrase) in enumerate(phrases):
            held.append((owner, phrase.text, phrase.pattern, phrase.needs))
            for anchor in phrase.anchors:
                if anchor.wide:
                    self._wide.setdefault(anchor.text[:2], []).append((anchor.text, number))
                else:
                    (self._stems if anchor.stem else self._words).setdefault(anchor.text, []).append(number)
        self._about = lru_cache(maxsize=KNOWN_WORDS)(self._about_word)
        self._phrases = tuple(held)
        needed = {key for *_, needs in held for need in needs for key in need}
        self._begun = {key[:-1] for key in needed if key.endswith("*")}
        self._lengths = sorted({len(stem) for stem in self._begun.union(self._stems)})

    def find(self, sentence: str) -> tuple[Found[Owner], ...]:
        """Every phrase that occurs in a normalised sentence, in the order the phrases were given."""
        sentence = sentence[:MAX_SENTENCE]
        found: list[Found[Owner]] = []
        for number in sorted(self._candidates(sentence)):
            found.extend(self._search(number, sentence))
        return tuple(found)

    def _candidates(self, sentence: str) -> list[int]:
        """The phrases of which everything that must occur does, not yet in their order."""
        numbers: set[int] = set()
        present: set[str] = set()
        for word in set(sentence.split()):
            sought, keys = self._about(word)
            numbers.update(sought)
            present.update(keys)
        if not sentence.isascii() and max(sentence) >= UNSPACED_FROM:
            numbers.update(self._inside_words(sentence))
        return [n for n in numbers if not any(map(present.isdisjoint, self._phrases[n][-1]))]

    def _about_word(self, word: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """The phrases that one word leads to, and what they may call it."""
        begun = {word[:length] for length in self._lengths if length <= len(word)}
        stems = (number for stem in begun & self._stems.keys() for number in self._stems[stem])
        return (*self._words.get(word, ()), *stems), (word, *(f"{stem}*" for stem in begun & self._begun))

    def _inside_words(self, sentence: str) -> Iterator[int]:
        for at in range(len(sentence)):
            for size in (1, 2):
                for text, number in self._wide.get(sentence[at : at + size], ()):
                    if sentence.startswith(text, at):
                        yield number

    def _search(self, number: int, sentence: str) -> Iterator[Found[Owner]]:
        owner, text, written, _ = self._phrases[number]
        pattern = self._compiled.get(number)
        if pattern is None:
            pattern = self._compiled[number] = re.compile(written)
        at = 0
        for _ in range(MAX_FOUND):
            match = pattern.search(sentence, at)
            if match is None:
                return
            named = pattern.groupindex
            yield Found(
                owner=owner,
                phrase=text,
                start=match.start(),
                end=match.end(),
                gaps=tuple(
                    match.span(n) for n in range(1, pattern.groups + 1) if n not in named.values() and match.end(n) > 0
                ),
                slots=tuple((name, (match[name] or "").strip()) for name in named),
            )
            at = max(match.end(), at + 1)
