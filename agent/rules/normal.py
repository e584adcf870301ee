"""The form phrases and sentences are compared in: folded words between single spaces, commas as words of their own,
an e-mail address as `@`, no spaces inside scripts that write none.
"""

import re

from agent.rules.fold import fold
from agent.rules.lookalike import plain_words

UNSPACED_FROM = "\u0e00"  # Thai and everything east of it is written without spaces, or with spaces at will
MAX_SENTENCE = 600

_WIDE = "\u0e00-\U0003ffff"
# Unspaced scripts write on without a border, so only ASCII letters count.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}+@[A-Za-z0-9-]{1,60}+(?:\.[A-Za-z0-9-]{1,60}+){1,6}")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>]{1,300}+|\b[\w-]{1,60}+\.(?:com|net|org|info|biz|ru|de|cn)\b")
_IN_LINK = re.compile(r"://|www\.|\.(?:com|net|org|info|biz|ru|de|cn)")  # what no link does without: found fast
_COMMA = re.compile(r"[,;:\u3001\uff0c\uff1b\uff1a\u060c\u061b]+")
# Zs and signs; marks stay with their letters (Devanagari vowels are no word characters to `\w`).
_APART = re.compile(r"[^\w@,\u0900-\u0963\u0966-\u096f\u0971-\u0dff\u0e00-\u0eff\u3099\u309a]+")
# Of ASCII, in one table: signs are spaces, and what stands for a comma is one.
_ASCII = bytes(
    code if chr(code).isalnum() or chr(code) in "@," else ord("," if chr(code) in ";:" else " ") for code in range(128)
) + bytes(128)
_BORDER = re.compile(f"(?<=[0-9a-z@])(?=[{_WIDE}])|(?<=[{_WIDE}])(?=[0-9a-z@])")
_INSIDE = re.compile(f"(?<=[{_WIDE}]) (?=[{_WIDE}])")
_IN_SYLLABLE = re.compile(
    "[\u1160-\u11ff]"
)  # Hangul is compared decomposed: only the first letter of a syllable counts


def normalised(text: str) -> str:
    """The comparable form of one sentence or phrase, between two spaces; one space for an empty one."""
    if "@" in text:
        text = ADDRESS.sub(" @ ", text)
    if "." in text and _IN_LINK.search(text):
        text = _LINK.sub(" ", text)
    folded = fold(text)
    words = _ascii_words(folded) if folded.isascii() else _words(folded)
    return f" {words} " if words else " "


def _ascii_words(folded: str) -> str:
    """The same as `_words`, several times as fast."""
    plain = folded.encode().translate(_ASCII).decode()
    if "," in plain:
        plain = _COMMA.sub(" , ", plain)
    return " ".join(plain.split())


def _words(folded: str) -> str:
    folded = plain_words(_APART.sub(" ", _COMMA.sub(" , ", folded.replace("_", " "))))
    return _INSIDE.sub("", _BORDER.sub(" ", folded)).strip()


def letters(text: str) -> int:
    """How many letters a reader sees: a Korean syllable is one."""
    return len(text) if text.isascii() else len(_IN_SYLLABLE.sub("", text))
