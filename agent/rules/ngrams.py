"""A linear model over the letters of a text: what the texts it learned from, written so, wanted.

It knows nothing but sums: every n-gram of the text has a weight for every kind, and the sums become probabilities. Its
weights are a data file, made by `./run python -m training.train` from the texts beside that program. What it says is
an opinion for the weighing; by itself it acts on nothing.
"""

import math
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

import msgspec

from agent.rules.normal import UNSPACED_FROM

LETTERS, WIDE_LETTERS = (4, 5), (1, 2, 3)
KNOWN = 4_096  # words kept with their n-grams: people use few words again and again
# Vietnamese letters with two marks stand behind the scripts that write no spaces, and are spaced all the same.
_SPACED = ("\u1e00", "\u1fff")


class NgramsError(ValueError):
    """A model file that cannot be used."""


class Ngrams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model as it is stored: one row of a signed byte a label for every bucket, in units of `scale`."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    scale: float
    weights: bytes
    learned_from: str  # SHA-256 of the texts, so that a test sees when the file is not made of the present ones

    @property
    def buckets(self) -> int:
        """Into how many places features are hashed: a power of two."""
        return len(self.weights) // len(self.labels)

    def opinion(self, features: Iterable[str]) -> dict[str, float]:
        """The probability of every label; without any feature, what is usual."""
        rows = memoryview(self.weights).cast("b")
        width, buckets = len(self.labels), self.buckets
        places = [place(feature, buckets) * width for feature in features]
        sums = map(sum, zip(*(rows[at : at + width] for at in places), strict=True)) if places else [0] * width
        unit = self.scale / math.sqrt(len(places) or 1)
        return dict(
            zip(self.labels, probabilities([b + unit * s for b, s in zip(self.bias, sums, strict=True)]), strict=True)
        )


def written(model: Ngrams) -> bytes:
    """The file of a model."""
    return zlib.compress(msgspec.msgpack.encode(model), 9)


def read_ngrams(data: bytes) -> Ngrams:
    """The model of a file, which is compressed; NgramsError when it is none."""
    try:
        model = msgspec.msgpack.decode(zlib.decompress(data), type=Ngrams)
    except (zlib.error, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise NgramsError(f"the language model cannot be read: {error}; install the program again") from error
    width = len(model.labels)
    if not width or len(model.bias) != width or len(model.weights) % width or model.buckets & (model.buckets - 1):
        raise NgramsError("the language model has another size than it says; install the program again")
    return model


@lru_cache(maxsize=4 * KNOWN)
def place(feature: str, buckets: int) -> int:
    """The bucket of a feature, the same on every machine."""
    return zlib.crc32(feature.encode("utf-8", "surrogatepass")) & (buckets - 1)


def probabilities(scores: list[float]) -> list[float]:
    """Scores to probabilities (softmax)."""
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def ngrams(sentences: Iterable[str]) -> frozenset[str]:
    """The n-grams, words and pairs of words of normalised sentences."""
    found: set[str] = set()
    for sentence in sentences:
        words = sentence.split()
        found.update(*map(_of_word, words))
        found.update(
            [f"{before} {word}" for before, word in pairwise(("^", *words)) if word != "," and not _unspaced(word)]
        )
    return frozenset(found)


@lru_cache(maxsize=KNOWN)
def _of_word(word: str) -> tuple[str, ...]:
    if _unspaced(word):
        return tuple(_pieces(word, WIDE_LETTERS))
    return (f" {word} ", *_pieces(f" {word} ", LETTERS)) if word != "," else ()


def _pieces(word: str, lengths: tuple[int, ...]) -> Iterator[str]:
    for length in lengths:
        for start in range(len(word) - length + 1):
            yield word[start : start + length]


def _unspaced(word: str) -> bool:
    if word.isascii():
        return False
    top = max(word)
    return top >= UNSPACED_FROM and not _SPACED[0] <= top <= _SPACED[1]
