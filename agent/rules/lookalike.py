"""Words disguised by letters of another alphabet that look the same, and words typed on the wrong keyboard layout."""

import re

_CYRILLIC = "авекмнорстухіјѕԁԛԝ"
_LATIN = "abekmhopctyxijsdqw"
_GREEK, _GREEK_LATIN = "αεικνοτυχρ", "aeikvotuxp"
_TO_LATIN = str.maketrans(_CYRILLIC + _GREEK, _LATIN + _GREEK_LATIN)
_TO_CYRILLIC = str.maketrans("abekmhopctyx", "авекмнорстух")
_MIXED = re.compile("[a-z][^ ]{0,40}?[\u0370-\u052f]|[\u0370-\u052f][^ ]{0,40}?[a-z]")
_LATIN_LETTER = re.compile("[a-z]")
_NOT_LATIN = re.compile("[\u0370-\u052f]")

_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_JCUKEN = "йцукенгшщзхъфывапролджэячсмитьбю"
_RUSSIAN = str.maketrans(_QWERTY + "`", _JCUKEN + "ё")
_ENGLISH = str.maketrans(_JCUKEN + "ё", _QWERTY + "`")


def plain_words(folded: str) -> str:
    """Each word that mixes Latin with Cyrillic or Greek letters, in the one alphabet it imitates."""
    if not _LATIN_LETTER.search(folded) or not _MIXED.search(folded):
        return folded
    return " ".join(_plain(word) for word in folded.split(" "))


def _plain(word: str) -> str:
    if not _MIXED.search(word):
        return word
    latin = word.translate(_TO_LATIN)
    return word.translate(_TO_CYRILLIC) if _NOT_LATIN.search(latin) else latin


def in_latin(folded: str) -> str:
    """A text of look-alikes only ("стор" for "ctop") in Latin letters."""
    return folded.translate(_TO_LATIN)


def other_layout(text: str) -> str:
    """What the same keys give on the other layout, Russian for Latin and back; empty when it is neither."""
    small = text.strip().lower()
    if small.isascii():
        return small.translate(_RUSSIAN)
    return small.translate(_ENGLISH) if all(c in _JCUKEN + "ё .!" for c in small) else ""
