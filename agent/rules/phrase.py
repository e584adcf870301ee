"""One phrase of a language file as a pattern: words, stems, choices, options, gaps and the language's own word lists.

The patterns never backtrack over more than one gap, and gaps are bounded: the work is linear in the sentence.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from agent.rules.normal import UNSPACED_FROM, normalised

MAX_DEPTH = 8

_TOKEN = re.compile(r"\.\.\.|[()\[\]|*^]|\{[a-z_]+\}|<[a-z]+>|[^()\[\]|*^{}<>.\s]+|\.|\s+")
_LITERAL = re.compile(r"(?:\{[a-z_]+\}|<[a-z]+>)|([^()\[\]|*^{}<>\s]+)(\*?)")
_END = "(?= |$)"
_MAY_STAND_APART = " ?"
_WORD_GAP = "((?: [^ ]++){0,4}?)"
# One letter as a reader counts them: Hangul is compared decomposed, and a syllable is one letter.
_LETTER = "(?:[\u1100-\u115f][\u1160-\u11a7][\u11a8-\u11ff]?+|[^,\u1100-\u11ff])"
_WIDE_GAP = f"([\u11a8-\u11ff]?+{_LETTER}{{0,8}}?)"  # behind a stem, which may end within a syllable
# What a slot holds is read by its own reader afterwards; here it is so many words, or letters of an unspaced script.
_SLOTS = {
    "topic": ("(?P<topic>(?: [^ ,]++){1,4}%s)", f"(?P<topic>{_LETTER}{{1,10}}%s)"),
    "date": ("(?P<date>(?: [^ ,]++){1,5}%s)", f"(?P<date>{_LETTER}{{1,10}}%s)"),
    "span": ("(?P<span>(?: [^ ,]++){1,4}%s)", f"(?P<span>{_LETTER}{{1,8}}%s)"),
}


class PhraseError(ValueError):
    """A phrase that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A piece of text one of which must occur where the phrase does: a word, the start of one, or unspaced letters."""

    text: str
    stem: bool = False

    @property
    def key(self) -> str:
        """One word for it, for comparing."""
        return f"{self.text}*" if self.stem else self.text

    @property
    def wide(self) -> bool:
        """Whether it is looked for inside words."""
        return self.text >= UNSPACED_FROM


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a phrase: its pattern, and what must be in a text for it to match (empty: nothing sure): one of
    `anchors`, and one of each of `needs`, where a star ends a stem.
    """

    pattern: str
    anchors: frozenset[Anchor] = frozenset()
    needs: tuple[frozenset[str], ...] = ()
    wide: bool = False  # ends (or begins) in an unspaced script


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase ready to be indexed: by `anchors`, and it is looked for only where one of each of `needs` occurs too.
    `pattern` is for the stdlib, with possessive repeats.
    """

    text: str
    pattern: str
    anchors: frozenset[Anchor]
    needs: tuple[frozenset[str], ...]


class Lists:
    """The word lists of one language; each is read once, when a phrase first uses it."""

    def __init__(self, words: Mapping[str, tuple[str, ...]]) -> None:
        self.words = words
        self.read: dict[str, Piece] = {}


NO_LISTS = Lists({})


def read_phrase(text: str, lists: Lists) -> Phrase:
    """The phrase in compiled form; PhraseError names what is wrong."""
    piece = _Reader(text, lists, 0).all()
    if any(piece.pattern.count(f"(?P<{slot}>") > 1 for slot in _SLOTS):
        raise PhraseError(f"{text!r}: one slot twice")
    if not piece.anchors:
        raise PhraseError(f"{text!r} has no word that must occur")
    sought = {anchor.key for anchor in piece.anchors}
    others = tuple(need for need in piece.needs if need != sought)
    return Phrase(text=text, pattern=piece.pattern, anchors=piece.anchors, needs=others)


def forget_words() -> None:
    """Free what reading many phrases has remembered, once all are read."""
    _literal.cache_clear()


def literals(phrases: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The words and the stems that are written in these phrases, in their comparable form."""
    tokens = _LITERAL.findall(" ".join(phrases))
    words = normalised(" ".join({word for word, star in tokens if not star})).split()
    stems = normalised(" , ".join({word for word, star in tokens if star})).split(",")
    # "e-mail*" is any word that begins with "mail", behind an "e".
    return frozenset(words), frozenset(stem.split()[-1] for stem in stems if stem.strip())


class _Reader:
    """Recursive descent over one phrase; word lists are read as phrases in place."""

    def __init__(self, text: str, lists: Lists, depth: int) -> None:
        self._text = text
        self._lists = lists
        self._depth = depth
        self._tokens = [found[0] for found in _TOKEN.finditer(text)]
        if depth > MAX_DEPTH:
            raise PhraseError(f"{text!r}: lists within lists")
        if "".join(self._tokens) != text:
            raise PhraseError(f"{text!r}: a bracket or mark stands alone")
        self._at = 0

    def all(self) -> Piece:
        piece = self._choice()
        if self._at < len(self._tokens):
            raise PhraseError(f"{self._text!r}: too many closing brackets")
        return piece

    def _choice(self) -> Piece:
        branches = [self._sequence()]
        while self._peek() == "|":
            self._at += 1
            branches.append(self._sequence())
        return _either(branches)

    def _sequence(self) -> Piece:
        pieces: list[Piece | None] = []  # None is a gap
        while (token := self._peek()) not in ("", "|", ")", "]"):
            self._at += 1
            if token == "...":
                pieces.append(None)
            elif token == "*":
                raise PhraseError(f"{self._text!r}: `*` stands right behind a word")
            elif not token.isspace() and (piece := self._one(token)).pattern:
                pieces.append(piece)
        return _joined(pieces)

    def _one(self, token: str) -> Piece:
        if token == "(":
            return self._closed(")")
        if token == "[":
            inner = self._closed("]")
            return Piece(f"(?:{inner.pattern})?", wide=inner.wide)
        if token == "^":
            return Piece("^")
        if token[0] == "{":
            return self._list(token[1:-1])
        if token[0] == "<":
            return self._slot(token[1:-1])
        stem = self._peek() == "*"
        self._at += stem
        return _literal(token, stem)

    def _closed(self, bracket: str) -> Piece:
        inner = self._choice()
        if self._peek() != bracket:
            raise PhraseError(f"{self._text!r}: `{bracket}` is missing")
        self._at += 1
        return inner

    def _list(self, name: str) -> Piece:
        if name not in self._lists.words:
            raise PhraseError(f"{self._text!r}: there is no word list `{name}`")
        if name not in self._lists.read:
            entries = self._lists.words[name]
            self._lists.read[name] = _either([_Reader(text, self._lists, self._depth + 1).all() for text in entries])
        return self._lists.read[name]

    def _slot(self, name: str) -> Piece:
        if name not in _SLOTS:
            raise PhraseError(f"{self._text!r}: there is no slot `{name}`")
        lazy = "?" if any(not token.isspace() for token in self._tokens[self._at :]) else ""
        wide = max(normalised(self._text)) >= UNSPACED_FROM  # Vietnamese is not, once its accents are off
        return Piece(_SLOTS[name][wide] % lazy, wide=wide)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""


@lru_cache(maxsize=2_048)  # a language at a time; what is kept longer leaves holes in the memory
def _literal(text: str, stem: bool) -> Piece:
    words = normalised(text).split()
    if not words:
        return Piece("")
    pieces: list[Piece] = []
    for at, word in enumerate(words):
        begun = stem and at == len(words) - 1
        if word[0] >= UNSPACED_FROM:
            pieces.append(
                Piece(
                    f"{_MAY_STAND_APART}{re.escape(word)}", frozenset({Anchor(word)}), (frozenset({word}),), wide=True
                )
            )
        elif word == ",":
            pieces.append(Piece(f" ,{_END}"))
        else:
            anchor = Anchor(word, stem=begun)
            pattern = f" {re.escape(word)}[^ ]*+" if begun else f" {re.escape(word)}{_END}"
            pieces.append(Piece(pattern, frozenset({anchor}), (frozenset({anchor.key}),)))
    return _joined(list(pieces))


def _joined(pieces: list[Piece | None]) -> Piece:
    if len(pieces) == 1 and pieces[0] is not None:
        return pieces[0]
    patterns = []
    for at, piece in enumerate(pieces):
        if piece is not None:
            patterns.append(piece.pattern)
            continue
        beside = [p for p in (*pieces[max(0, at - 1) : at], *pieces[at + 1 : at + 2]) if p is not None]
        patterns.append(_WIDE_GAP if any(p.wide for p in beside) else _WORD_GAP)
    solid = [piece for piece in pieces if piece is not None]
    sure = [piece.anchors for piece in solid if piece.anchors]
    needs = tuple(need for piece in solid for need in piece.needs)
    return Piece("".join(patterns), _best(sure), needs, wide=any(piece.wide for piece in solid))


def _best(anchors: list[frozenset[Anchor]]) -> frozenset[Anchor]:
    """Of the sets that must each be met, the rarest in text: the fewest and longest pieces."""
    return max(anchors, key=lambda some: (min(_weight(one) for one in some), -len(some)), default=frozenset())


def _weight(anchor: Anchor) -> int:
    return min(len(anchor.text) * (3 if anchor.wide else 1), 9)


def _either(branches: list[Piece]) -> Piece:
    if len(branches) == 1:
        return branches[0]
    branches = sorted(branches, key=lambda branch: -len(branch.pattern))  # of "a" and "a b" the longer is tried first
    sure = all(branch.anchors for branch in branches)
    anchors = frozenset().union(*(branch.anchors for branch in branches)) if sure else frozenset()
    patterns = [branch.pattern for branch in branches]
    shared = _MAY_STAND_APART if all(pattern.startswith(_MAY_STAND_APART) for pattern in patterns) else ""
    return Piece(
        f"{shared}(?:{'|'.join(pattern.removeprefix(shared) for pattern in patterns)})",  # asked once, not of each
        anchors,
        (frozenset(anchor.key for anchor in anchors),) if sure else (),
        wide=any(branch.wide for branch in branches),
    )
