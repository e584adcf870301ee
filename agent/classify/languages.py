"""Which languages a sentence may be in. Neighbours share words, and what a word does it does in its own language."""

import re
from functools import cached_property

from agent.classify.sentences import Sentence
from agent.rules.index import Found
from agent.rules.normal import UNSPACED_FROM
from agent.rules.speech import Owner, Said, Speech

FOREIGN = 2  # so many words more does another language know of the text
_KANA_SHARE = 10  # Japanese writes at least one kana beside so many Chinese characters
_KANA, _CHINESE = re.compile("[\u3040-\u30ff]"), re.compile("[\u4e00-\u9fff]")
_FEW = 8  # letters, with the spaces around
_SIGNS = (",", "@")


class Languages:
    """How many words every language knows of each sentence and of the whole text; counted when first asked."""

    def __init__(self, sentences: tuple[Sentence, ...], speech: Speech) -> None:
        self._sentences = sentences
        self._speech = speech
        self._counted: tuple[dict[str, int], ...] = ()

    def outdo(self, number: int, one: str, other: str) -> bool:
        """Whether one language knows more of a sentence than another; between equals the whole text decides."""
        return one != other and self._rank(number, one) > self._rank(number, other)

    def foreign(self, number: int, found: Found[Owner]) -> bool:
        """Whether the words of a rule are words of another language, in which the sentence is written."""
        owner = found.owner
        if not isinstance(owner, Said) or not owner.language:
            return False
        words = self._sentences[number].words[found.start : found.end]
        known = self._known(words, self._is_japanese(number))
        here, overall = self._rank(number, owner.language)
        total = len(_words(words))
        return any(
            self._counts()[number].get(language, 0) > here and self._counts()[-1].get(language, 0) >= overall + FOREIGN
            for language, count in known.items()
            if language != owner.language and count == total
        )

    def _rank(self, number: int, language: str) -> tuple[int, int]:
        counts = self._counts()
        return counts[number].get(language, 0), counts[-1].get(language, 0)

    def _counts(self) -> tuple[dict[str, int], ...]:
        """Of each sentence, and of the text at the end."""
        if not self._counted:
            counted = [self._known(one.words, self._is_japanese(at)) for at, one in enumerate(self._sentences)]
            text: dict[str, int] = {}
            for counts in counted:
                for language, count in counts.items():
                    text[language] = text.get(language, 0) + count
            self._counted = (*counted, text)
        return self._counted

    def _is_japanese(self, number: int) -> bool:
        """By its kana; a few characters without any are what the rest of the text is."""
        words = self._sentences[number].words
        if len(words) > _FEW:
            return _has_kana(words)
        return self._has_kana

    @cached_property
    def _has_kana(self) -> bool:
        return _has_kana("".join(sentence.words for sentence in self._sentences))

    def _known(self, words: str, japanese: bool) -> dict[str, int]:
        known = _words(words)
        counts = self._speech.vocabulary.counts([word for word in known if word[0] < UNSPACED_FROM])
        for letter in () if words.isascii() else known:
            for language in _of_script(letter, japanese) if letter[0] >= UNSPACED_FROM else ():
                counts[language] = counts.get(language, 0) + 1
        return counts


def _of_script(letter: str, japanese: bool) -> tuple[str, ...]:
    if letter < "\u0e80":
        return ("th",)
    if "\u1100" <= letter < "\u1200":
        return ("ko",)
    return ("ja",) if japanese or "\u3040" <= letter < "\u3100" else ("zh", "ja")


def _words(words: str) -> list[str]:
    """The words of a sentence; of an unspaced script its letters."""
    if words.isascii():
        return [word for word in words.split() if word not in _SIGNS]
    out: list[str] = []
    for word in words.split():
        if word not in _SIGNS:
            out.extend(word if word[0] >= UNSPACED_FROM else (word,))
    return out


def _has_kana(text: str) -> bool:
    if text.isascii():
        return False
    kana = len(_KANA.findall(text))
    return kana > 0 and kana * _KANA_SHARE >= len(_CHINESE.findall(text))
