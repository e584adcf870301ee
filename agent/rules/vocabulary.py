"""Which languages know the words of a sentence: every word that stands in one of their phrases, lists or samples."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from agent.rules.index import KNOWN_WORDS
from agent.rules.normal import normalised
from agent.rules.phrase import literals

MIN_STEM = 3
_DIGIT = 16  # bits
_HIGHEST = (1 << _DIGIT) - 1  # more words than this no sentence has


class Vocabulary:
    """The words of all languages at once, each with a bit for every language that knows it."""

    def __init__(self, phrases: Mapping[str, Iterable[str]], samples: Mapping[str, Iterable[str]]) -> None:
        """Both by language."""
        self._words: dict[str, int] = {}
        self._stems: dict[str, int] = {}
        self._bits = {language: 1 << at for at, language in enumerate(sorted({*phrases, *samples}))}
        for language, bit in self._bits.items():
            words, stems = literals(phrases.get(language, ()))
            said = normalised("\n".join(samples.get(language, ()))).split()
            _add(self._words, (*words, *said, *(stem for stem in stems if len(stem) < MIN_STEM)), bit)
            _add(self._stems, (stem for stem in stems if len(stem) >= MIN_STEM), bit)
        self._lengths = sorted({len(stem) for stem in self._stems})
        self._known = lru_cache(maxsize=KNOWN_WORDS)(self._known_in)

    def counts(self, words: Iterable[str]) -> dict[str, int]:
        """How many of these words each language knows; languages that know none are left out."""
        total = sum(map(self._known, words))
        places = enumerate(self._bits)
        return {language: count for at, language in places if (count := (total >> at * _DIGIT) & _HIGHEST)}

    def _known_in(self, word: str) -> int:
        """A one in the digit of each language that knows a word, so that all are counted in one sum."""
        mask = self._knows(word)
        return sum(1 << at * _DIGIT for at, bit in enumerate(self._bits.values()) if mask & bit)

    def _knows(self, word: str) -> int:
        known = self._words.get(word, 0)
        for length in self._lengths:
            if length > len(word):
                break
            known |= self._stems.get(word[:length], 0)
        return known


def _add(held: dict[str, int], words: Iterable[str], bit: int) -> None:
    for word in words:
        held[word] = held.get(word, 0) | bit
