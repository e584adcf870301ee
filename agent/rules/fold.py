"""One way to make texts comparable: compatibility forms, case, diacritics and invisible marks off; a span leads back.

Letter by letter and decomposed, never composed: normalising a whole text is quadratic in a run of combining marks
(64,000 of them take four seconds), and a hostile mail is nothing else.
"""

import re
import unicodedata

from agent.rules.hanzi import SIMPLIFIED

# Marks that are optional or decorative where they occur (Latin, Cyrillic, Greek, Hebrew, Arabic). Marks that make
# another letter (Devanagari vowels, Japanese voicing) stay.
_OPTIONAL_MARKS = (
    (0x0300, 0x036F),
    (0x0591, 0x05BD),
    (0x05BF, 0x05BF),
    (0x05C1, 0x05C2),
    (0x05C4, 0x05C5),
    (0x05C7, 0x05C7),
    (0x0610, 0x061A),
    (0x064B, 0x065F),
    (0x0670, 0x0670),
)
_TATWEEL = "\u0640"
_QUOTES = str.maketrans("\u2018\u2019\u201b\u02bc\u00b4`", "''''''")
# Letters that no decomposition makes plain, and the spellings of one Arabic or Persian letter.
_VARIANTS = str.maketrans(
    "\u0111\u0142\u00f8\u0131\u0629\u0649\u06cc\u06a9\u06be\u06c0\u0671",
    "dloi\u0647\u064a\u064a\u0643\u0647\u0647\u0627",
)
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
    plain = plain.translate(_QUOTES).translate(_VARIANTS).translate(SIMPLIFIED)
    return "".join(_digit(c) for c in plain if not _optional(c))


def _digit(letter: str) -> str:
    """The digits of every script as ours."""
    value = unicodedata.decimal(letter, None)
    return letter if value is None else str(value)


_TABLE = _FoldTable()
# The same for plain ASCII, twenty times as fast.
_ASCII = bytes(ord(_fold_letter(chr(code)) or " ") if code < 128 else code for code in range(256))
_ASCII_DROPPED = bytes(code for code in range(128) if not _fold_letter(chr(code)))


def fold(text: str) -> str:
    """The comparable form of a text."""
    if text.isascii():
        return text.encode().translate(_ASCII, _ASCII_DROPPED).decode()
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
