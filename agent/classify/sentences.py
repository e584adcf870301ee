"""Own words to sentences: wrapped lines joined, each sentence beside its comparable form; bounded."""

import re
from dataclasses import dataclass

from agent.rules.normal import normalised

MAX_TEXT = 3_000
MAX_SENTENCES = 30
_WRAPPED = 60  # a shorter line ended because its writer ended it
# A full stop before a figure or a small letter ended an abbreviation ("Art. 15", "no. 3"), behind one it counted.
_END = re.compile(r"(?<=[!?…])\s+|(?<=[^\d][.])\s+(?=[^\da-zà-ÿа-я])|(?<=[。！？；।؟])|\n")
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
        return self.words.count(" ") - 1 + sum(letter >= "\u0e00" for letter in self.words[:200]) // 2


def sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of the own words, the empty ones left out."""
    found: list[Sentence] = []
    for piece in _END.split(_joined(text[:MAX_TEXT])):
        words = normalised(piece)
        if words.strip(" ,"):
            found.append(Sentence(text=piece.strip(), words=words, question=piece.rstrip(" \"'”»").endswith(_QUESTION)))
        if len(found) >= MAX_SENTENCES:
            break
    return tuple(found)


def _joined(text: str) -> str:
    lines = [line.strip() for line in text.split("\n")]
    out: list[str] = []
    for at, line in enumerate(lines):
        out.append(line)
        goes_on = len(line) >= _WRAPPED and at + 1 < len(lines) and lines[at + 1]
        out.append(" " if goes_on else "\n")
    return "".join(out)
