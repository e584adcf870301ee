"""Own words to sentences: wrapped lines joined, each sentence beside its comparable form; bounded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agent.rules.normal import UNSPACED_FROM, letters, normalised
from agent.rules.words import Abbreviations

MAX_TEXT = 3_000
MAX_SENTENCES = 30
_WRAPPED = 60  # a shorter line ended because its writer ended it
# Hindi, Urdu, Hebrew, Armenian and Ethiopic end a sentence with marks of their own; Thai with none.
_STOPS, _WIDE_STOPS = "!?…؟۔।॥׃։።", "。！？；।؟．｡"  # those of unspaced scripts need no space behind them
# The first set is all that is looked for; the rest is asked where one of it stands.
_END = re.compile(rf"[{_STOPS}{_WIDE_STOPS}.\n](?:(?<=[{_STOPS}])\s+|(?<=[^\d]\.)\s+|(?<=[{_WIDE_STOPS}\n]))")
_LAST_WORD = re.compile(r"[^\s(\"']{1,8}$")
_ABBREVIATION = 2  # letters; people who write all in small letters do not end a sentence with a shorter word either
_QUESTION = ("?", "？", "؟")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """`words`: the comparable form between two spaces."""

    text: str
    words: str
    question: bool

    @property
    def length(self) -> int:
        """About how many words; unspaced scripts write one for every two letters."""
        if self.words.isascii():
            return self.words.count(" ") - 1
        unspaced = "".join(letter for letter in self.words[:400] if letter >= UNSPACED_FROM)
        return self.words.count(" ") - 1 + letters(unspaced) // 2


def sentences(text: str, abbreviations: Abbreviations) -> tuple[Sentence, ...]:
    """The sentences of the own words, the empty ones left out."""
    found: list[Sentence] = []
    for piece in _pieces(_joined(text[:MAX_TEXT]), abbreviations):
        words = normalised(piece)
        if words.strip(" ,"):
            found.append(Sentence(text=piece.strip(), words=words, question=piece.rstrip(" \"'”»").endswith(_QUESTION)))
        if len(found) >= MAX_SENTENCES:
            break
    return tuple(found)


def _pieces(text: str, abbreviations: Abbreviations) -> Iterator[str]:
    start = 0
    for end in _END.finditer(text):
        mark = end[0][0]
        stop = end.start() + (mark != "\n")
        if mark != "." or end[0] == ".\n" or not _abbreviated(text, stop, end.end(), abbreviations):
            yield text[start:stop]
            start = end.end()
    yield text[start:]


def _abbreviated(text: str, stop: int, following: int, known: Abbreviations) -> bool:
    """Whether a full stop ends an abbreviation: "Art. 15", "sp. z o.o.", "inkl. Versand", "Mr. Smith"."""
    after = text[following : following + 1]
    if after.isdigit():
        return True
    found = _LAST_WORD.search(text, max(0, stop - 9), stop - 1)
    word = found[0].lower() if found is not None else ""
    short = len(word.rpartition(".")[2]) <= _ABBREVIATION or word in known.in_sentences
    return word in known.before_names or (short and after.islower())


def _joined(text: str) -> str:
    lines = [line.strip() for line in text.split("\n")]
    out: list[str] = []
    for at, line in enumerate(lines):
        out.append(line)
        goes_on = len(line) >= _WRAPPED and at + 1 < len(lines) and lines[at + 1]
        out.append(" " if goes_on else "\n")
    return "".join(out)
