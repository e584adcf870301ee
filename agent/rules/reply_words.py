"""Answers to our letters as data: the numbers 1 to 5 and a few words in every language, each meaning one thing only.

A bare number means something only in an answer to a letter of ours; who calls has to know that it is one.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

import msgspec
import tomli

from agent.model.signal import OptOutReason
from agent.rules.fold import bare_words

REPLY_FILES = ("lang/*/reply_words.toml",)
# In the order our letters print them, the first as 1.
REASONS = (
    OptOutReason.TOO_FREQUENT,
    OptOutReason.NOT_RELEVANT,
    OptOutReason.NO_LONGER_NEEDED,
    OptOutReason.OTHER_CHANNEL,
    OptOutReason.NEVER_SIGNED_UP,
)
MAX_LINE = 120

_NUMBER = re.compile(r"(\d)(?:(?: (?:and|und|y|et|e|и))? \d)* ?(\D*)")  # of several the first counts
_SET_OFF = re.compile(r"\s{2,}|\t|[,;!，、،]")  # what follows is courtesy, or the meaning copied from our letter


class ReplyWord(Enum):
    """What an answer may ask for, besides giving a reason."""

    PAUSE = "pause"
    LESS = "less"
    START = "start"


Meaning = ReplyWord | OptOutReason


class ReplyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One reply_words.toml."""

    pause: tuple[str, ...]
    less: tuple[str, ...]
    start: tuple[str, ...]
    reasons: dict[str, tuple[str, ...]]


class ReplyWordsError(ValueError):
    """A reply_words.toml that cannot be used; the message names file and field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyWords:
    """Every phrase of every language in its comparable form, and its one meaning."""

    meanings: Mapping[str, Meaning]

    def read(self, line: str) -> Meaning | None:
        """What one line says when it is nothing but an answer: `2`, `2. not relevant`, `PAUSE`, `PAUSE, please`."""
        said = _plain(line) if len(line) <= MAX_LINE else ""
        numbered = _NUMBER.fullmatch(said)
        if not numbered:
            return self.meanings.get(said) or self.meanings.get(_plain(_SET_OFF.split(line[:MAX_LINE], maxsplit=1)[0]))
        number, words = int(numbered[1]), numbered[2]
        reason = REASONS[number - 1] if 1 <= number <= len(REASONS) else None
        return reason if not words or self.meanings.get(words) is reason else None


NO_WORDS = ReplyWords(meanings=MappingProxyType({}))


def build_reply_words(texts: Mapping[str, str]) -> ReplyWords:
    """The words of these files (path to TOML text); ReplyWordsError on the first thing that is wrong."""
    meanings: dict[str, Meaning] = {}
    for path in sorted(texts):
        for phrase, meaning in _phrases(path, texts[path]):
            said = _plain(phrase)
            if not said or meanings.setdefault(said, meaning) is not meaning:
                raise ReplyWordsError(f"{path}: {phrase!r} is empty, or means something else already")
    return ReplyWords(meanings=MappingProxyType(meanings))


def _phrases(path: str, text: str) -> Iterator[tuple[str, Meaning]]:
    try:
        file = msgspec.convert(tomli.loads(text), ReplyFile)
    except (tomli.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ReplyWordsError(f"{path}: {error}") from error
    for word, phrases in zip(ReplyWord, (file.pause, file.less, file.start), strict=True):
        yield from ((phrase, word) for phrase in phrases)
    for name, phrases in file.reasons.items():
        reason = next((reason for reason in REASONS if reason.value == name), None)
        if reason is None:
            raise ReplyWordsError(f"{path}: field `reasons`: there is no {name!r} among those our letters offer")
        yield from ((phrase, reason) for phrase in phrases)


def _plain(text: str) -> str:
    """Folded words, and the numerals of every script as 0 to 9."""
    return "".join(str(unicodedata.digit(letter, letter)) for letter in bare_words(text))
