"""A linear model over the letters of a text: what the texts it learned from, written so, wanted.

It knows nothing but sums: every n-gram of the text has a weight for every kind, and the sums become probabilities. Its
weights are a data file, made by `./run python -m training.train` from the texts beside that program. What it says is
an opinion for the weighing; by itself it acts on nothing.
"""

import lzma
import math
import sys
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise

import msgspec

from agent.rules.normal import UNSPACED_FROM
from agent.rules.sparse import NOTHING, SparseRows, sparse

LETTERS, WIDE_LETTERS = (4, 5), (1, 2, 3, 4)
BEGINNING, REACH = 4, 6  # letters of a word that outlast its endings; words as far apart as what belongs together
PAIRED = 60  # words of a text that are paired: whoever asks for something does it before
KNOWN = 1_024  # words kept with their n-grams: people use few words again and again
LONG_WORD = 40  # letters; longer ones do not come again, and kept with their n-grams they would fill the memory
KEYS = 1 << 24  # so many names there are for features; that an unknown one has the name of a known one is rare
MAX_FILE = 1_000_000  # bytes
_PLACE = array("I").itemsize
_GROUP = 12  # bits of the keys of one group
_XZ = ({"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 22},)  # the usual dictionary takes 64 MB to read
# Vietnamese letters with two marks stand behind the scripts that write no spaces, and are spaced all the same.
_SPACED = ("\u1e00", "\u1fff")


class NgramsError(ValueError):
    """A model file that cannot be used."""


class _Stored(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file: the keys of the known features as the distances between them, four bytes each, and the weights of all
    features for the first label, for the second and so on, which compresses best.
    """

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    scale: float
    gaps: bytes
    weights: memoryview  # not copied out of the file
    learned_from: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ngrams:
    """The model: for every feature it knows a byte a label, NOTHING for no weight, in units of `scale`."""

    labels: tuple[str, ...]  # a kind, or a kind and its reason: "unsubscribe too_frequent"
    bias: tuple[float, ...]
    scale: float
    keys: "array[int]" = field(default_factory=lambda: array("I"))  # ascending
    weights: SparseRows = field(default_factory=lambda: sparse((b"",)))  # a row for each key
    learned_from: str = ""  # SHA-256 of the texts, so that a test sees when the file is not made of the present ones

    def opinion(self, features: Collection[str]) -> dict[str, float]:
        """The probability of every label; without any feature, what is usual."""
        total = sum(_row(self, feature) for feature in features)
        *sums, known = _little(array("I", total.to_bytes(_PLACE * (len(self.labels) + 1), "little")))
        unit = self.scale / math.sqrt(len(features) or 1)
        scores = [bias + unit * (one - NOTHING * known) for bias, one in zip(self.bias, sums, strict=True)]
        return dict(zip(self.labels, probabilities(scores), strict=True))


@lru_cache(maxsize=2 * KNOWN)
def _row(model: Ngrams, feature: str) -> int:
    """The weights of a feature as the places of one number, and behind them 1: a sum of such numbers adds all labels
    at once, and counts. Zero for a feature that the model does not know.
    """
    wanted = key(feature)
    group, starts = wanted >> _GROUP, _starts(model)
    at = bisect_left(model.keys, wanted, starts[group], starts[group + 1])
    if at == len(model.keys) or model.keys[at] != wanted:
        return 0
    row = _says_nothing(len(model.labels))
    for place, value in model.weights.kept(at):
        row += (value - NOTHING) << (8 * _PLACE * place)
    return row


@lru_cache(maxsize=2)
def _starts(model: Ngrams) -> "array[int]":
    """Where the keys of each group begin, so that few are looked through for one."""
    return array("I", [bisect_left(model.keys, group << _GROUP) for group in range((KEYS >> _GROUP) + 1)])


@lru_cache(maxsize=2)
def _says_nothing(width: int) -> int:
    """The row of a feature that is known, and says nothing of any label."""
    return (1 << 8 * _PLACE * width) + sum(NOTHING << 8 * _PLACE * place for place in range(width))


def written(model: Ngrams) -> bytes:
    """The file of a model."""
    gaps = array("I", [after - before for before, after in pairwise((0, *model.keys))])
    width = len(model.labels)
    rows = model.weights.written_out()
    columns = b"".join(rows[label::width] for label in range(width))
    stored = _Stored(
        labels=model.labels, bias=model.bias, scale=model.scale, gaps=_little(gaps).tobytes(),
        weights=memoryview(columns), learned_from=model.learned_from,
    )  # fmt: skip
    return lzma.compress(msgspec.msgpack.encode(stored), filters=_XZ)


def read_ngrams(data: bytes) -> Ngrams:
    """The model of a file, which is compressed; NgramsError when it is none."""
    try:
        stored = msgspec.msgpack.decode(lzma.decompress(data), type=_Stored)
        keys = array("I", accumulate(_little(array("I", stored.gaps))))
    except (lzma.LZMAError, EOFError, msgspec.DecodeError, ValueError, OverflowError) as error:
        raise NgramsError(f"the language model cannot be read: {error}; install the program again") from error
    width = len(stored.labels)
    if not width or len(stored.bias) != width or len(stored.weights) != len(keys) * width:
        raise NgramsError("the language model has another size than it says; install the program again")
    columns = [stored.weights[label * len(keys) : (label + 1) * len(keys)] for label in range(width)]
    return Ngrams(
        labels=stored.labels, bias=stored.bias, scale=stored.scale, keys=keys, weights=sparse(columns),
        learned_from=stored.learned_from,
    )  # fmt: skip


def _little(numbers: "array[int]") -> "array[int]":
    """The same numbers with the bytes of a file: little-endian."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def key(feature: str) -> int:
    """The key of a feature, the same on every machine."""
    return zlib.crc32(feature.encode("utf-8", "surrogatepass")) & (KEYS - 1)


def probabilities(scores: list[float]) -> list[float]:
    """Scores to probabilities (softmax)."""
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def ngrams(sentences: Iterable[str]) -> frozenset[str]:
    """The n-grams, the words and the pairs of words of normalised sentences."""
    found: set[str] = set()
    left = PAIRED
    for sentence in sentences:
        words = sentence.split()
        found.update(*(_known(word) if len(word) <= LONG_WORD else _of_word(word) for word in words))
        found.update([f"{before} {word}" for before, word in pairwise(("^", *words)) if _is_spaced(word)])
        found.update(_far_pairs(["^", *(word[:BEGINNING] for word in words[:left] if _is_spaced(word))]))
        left = max(0, left - len(words))
    return frozenset(found)


def _is_spaced(word: str) -> bool:
    return word != "," and not _unspaced(word)


def _far_pairs(words: list[str]) -> Iterator[str]:
    """What belongs together and may stand apart, in this order: "не ... вычёркивайте", "take ... off"."""
    for at, before in enumerate(words):
        for word in words[at + 1 : at + 1 + REACH]:
            yield f"{before}~{word}"


def _of_word(word: str) -> tuple[str, ...]:
    if _unspaced(word):
        return tuple(_pieces(word, WIDE_LETTERS))
    return (f" {word} ", *_pieces(f" {word} ", LETTERS)) if word != "," else ()


_known = lru_cache(maxsize=KNOWN)(_of_word)


def _pieces(word: str, lengths: tuple[int, ...]) -> Iterator[str]:
    for length in lengths:
        for start in range(len(word) - length + 1):
            yield word[start : start + length]


def _unspaced(word: str) -> bool:
    if word.isascii():
        return False
    top = max(word)
    return top >= UNSPACED_FROM and not _SPACED[0] <= top <= _SPACED[1]
