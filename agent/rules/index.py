"""Many phrases against one sentence: the words of the sentence say which few phrases are worth a look."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
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


# Where a pattern was found, whoever owns it: start, end, gaps and slots.
_Place = tuple[int, int, tuple[tuple[int, int], ...], tuple[tuple[str, str], ...]]


@dataclass(slots=True, eq=False)
class _Pattern(Generic[Owner]):
    """One pattern and the phrases that are written so, each with its number. It is compiled when first needed.
    Every one of `words` must be in a sentence, and of each of `choices` one.
    """

    written: str
    words: tuple[str, ...]
    choices: tuple[frozenset[str], ...]
    phrases: tuple[tuple[int, Owner, str], ...] = ()
    compiled: re.Pattern[str] | None = None
    gaps: tuple[int, ...] = ()

    def places(self, sentence: str) -> list[_Place]:
        """Where it occurs in a normalised sentence."""
        pattern = self.compiled or self._compile()
        places: list[_Place] = []
        at = 0
        while len(places) < MAX_FOUND and (match := pattern.search(sentence, at)) is not None:
            start, end = match.span()
            gaps = tuple([match.span(gap) for gap in self.gaps if match.end(gap) > 0]) if self.gaps else ()
            slots = tuple([(name, (match[name] or "").strip()) for name in pattern.groupindex])
            places.append((start, end, gaps, slots))
            at = max(end, at + 1)
        return places

    def _compile(self) -> re.Pattern[str]:
        self.compiled = pattern = re.compile(self.written)
        named = pattern.groupindex.values()
        self.gaps = tuple(group for group in range(1, pattern.groups + 1) if group not in named)
        return pattern


class PhraseIndex(Generic[Owner]):
    """Phrases by the words they cannot do without; those that are written alike are looked for once."""

    def __init__(self, phrases: Iterator[tuple[Owner, Phrase]]) -> None:
        held: dict[str, _Pattern[Owner]] = {}  # without the anchors: they fill megabytes
        known: dict[str, str] = {}  # likewise words that are written twice
        shared: dict[frozenset[str], frozenset[str]] = {}
        self._words: dict[str, list[_Pattern[Owner]]] = {}
        self._stems: dict[str, list[_Pattern[Owner]]] = {}
        self._wide: dict[str, list[_Pattern[Owner]]] = {}
        for number, (owner, phrase) in enumerate(phrases):
            if phrase.pattern not in held:
                needs = [frozenset(known.setdefault(word, word) for word in need) for need in phrase.needs]
                words = tuple(word for need in needs if len(need) == 1 for word in need)
                choices = tuple(shared.setdefault(need, need) for need in sorted(needs, key=len) if len(need) > 1)
                held[phrase.pattern] = _Pattern(phrase.pattern, words, choices)
                self._anchor(phrase, held[phrase.pattern])
            held[phrase.pattern].phrases += ((number, owner, phrase.text),)
        self._about = lru_cache(maxsize=KNOWN_WORDS)(self._about_word)
        self._needed = needed = set(known)
        self._begun = {key[:-1] for key in needed if key.endswith("*")}
        self._begin: dict[str, list[str]] = {}  # what is looked for inside words, by its first two letters
        for text in self._wide.keys() | {key for key in needed if key >= UNSPACED_FROM}:
            self._begin.setdefault(text[:2], []).append(text)
        self._lengths = sorted({len(stem) for stem in self._begun.union(self._stems)})

    def _anchor(self, phrase: Phrase, pattern: _Pattern[Owner]) -> None:
        for anchor in phrase.anchors:
            held = self._wide if anchor.wide else self._stems if anchor.stem else self._words
            held.setdefault(anchor.text, []).append(pattern)

    def find(self, sentence: str) -> tuple[Found[Owner], ...]:
        """Every phrase that occurs in a normalised sentence, in the order the phrases were given."""
        sentence = sentence[:MAX_SENTENCE]
        found = [
            (number, Found(owner=owner, phrase=text, start=start, end=end, gaps=gaps, slots=slots))
            for pattern in self._candidates(sentence)
            for start, end, gaps, slots in pattern.places(sentence)
            for number, owner, text in pattern.phrases
        ]
        found.sort(key=itemgetter(0))
        return tuple([one for _, one in found])

    def _candidates(self, sentence: str) -> Iterator[_Pattern[Owner]]:
        """The patterns of which everything that must occur does, in no order."""
        patterns: set[_Pattern[Owner]] = set()
        present: set[str] = set()
        for word in set(sentence.split()):
            sought, keys = self._about(word)
            patterns.update(sought)
            present.update(keys)
        if not sentence.isascii() and max(sentence) >= UNSPACED_FROM:
            inside = set(self._inside_words(sentence))
            present |= inside
            patterns.update(*(self._wide.get(text, ()) for text in inside))
        for pattern in patterns:
            if present.issuperset(pattern.words) and not any(map(present.isdisjoint, pattern.choices)):
                yield pattern

    def _about_word(self, word: str) -> tuple[tuple[_Pattern[Owner], ...], tuple[str, ...]]:
        """The patterns that one word leads to, and what others that need it call it."""
        begun = {word[:length] for length in self._lengths if length <= len(word)}
        stems = (pattern for stem in begun & self._stems.keys() for pattern in self._stems[stem])
        keys = [f"{stem}*" for stem in begun & self._begun]
        return (*self._words.get(word, ()), *stems), (*keys, *({word} & self._needed))

    def _inside_words(self, sentence: str) -> Iterator[str]:
        for at, letter in enumerate(sentence):
            if letter >= UNSPACED_FROM:
                yield from self._begin.get(letter, ())
                for text in self._begin.get(sentence[at : at + 2], ()):
                    if sentence.startswith(text, at):
                        yield text
