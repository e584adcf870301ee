"""One way to make texts comparable: compatibility forms, case, diacritics and invisible marks off; a span leads back.

Letter by letter and decomposed, never composed: normalising a whole text is quadratic in a run of combining marks
(64,000 of them take four seconds), and a hostile mail is nothing else.
"""

import re
import unicodedata

# Marks that are optional or decorative where they occur (Latin, Cyrillic, Greek, Hebrew, Arabic). Marks that make
# another letter (Devanagari vowels, Japanese voicing) stay.
_OPTIONAL_MARKS = ((0x0300, 0x036F), (0x0591, 0x05C7), (0x0610, 0x061A), (0x064B, 0x065F), (0x0670, 0x0670))
_TATWEEL = "\u0640"
_QUOTES = str.maketrans("\u2018\u2019\u201b\u02bc\u00b4`", "''''''")
_NOT_WORD = re.compile(r"[\W_]+")


class _FoldTable(dict[int, str]):
    """Filled as letters are met, so that `str.translate` runs over text at C speed."""

    def __missing__(self, code: int) -> str:
        folded = _fold_letter(chr(code))
        self[code] = folded
        return folded


def _optional(mark: str) -> bool:
    return any(low <= ord(mark) <= high for low, high in _OPTIONAL_MARKS)


def _fold_letter(letter: str) -> str:
    """Cf holds the zero-width and bidi marks, Cc other than white space nothing readable."""
    if letter == _TATWEEL or (unicodedata.category(letter) in ("Cf", "Cc", "Cs") and letter not in "\t\n\r"):
        return ""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
    return "".join(c for c in plain.translate(_QUOTES) if not _optional(c))


_TABLE = _FoldTable()


def fold(text: str) -> str:
    """The comparable form of a text."""
    return text.translate(_TABLE)


def bare_words(text: str) -> str:
    """The folded words of a text, single-spaced, with everything else off: the form keywords are compared in."""
    return _NOT_WORD.sub(" ", fold(text)).strip()


def unfolded(text: str, start: int, end: int) -> str:
    """The piece of the original text that a span of its folded form came from."""
    at = first = last = 0
    for index, letter in enumerate(text):
        if at <= start:
            first = index
        at += len(_TABLE[ord(letter)])
        last = index + 1
        if at >= end:
            break
    return text[first:last]
