"""Makes agent/data/model/intent.bin: `./run python -m training.train`; with `--check` only tells how well it learns.

A multinomial logistic regression by stochastic gradient descent, in a minute or two and without any library; the same
texts, rules and program give the same file.
"""

import argparse
import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent.classify.opinion import features
from agent.classify.sentences import sentences
from agent.classify.understand import understand
from agent.classify.weigh import weigh
from agent.rules.catalog import RULE_FILES, Catalog, build
from agent.rules.ngrams import Ngrams, place, probabilities, written
from agent.worker.kit import data_texts
from training.texts import Text, digest, texts

MODEL = Path(__file__).parents[1] / "agent" / "data" / "model" / "intent.bin"
BUCKETS = 1 << 17
EPOCHS, RATE, DECAY = 15, 1.0, 0.85
WRITTEN = datetime(2026, 11, 2, tzinfo=UTC)  # dates in the texts lie around this one
SUPPRESSING = frozenset({"unsubscribe", "complaint", "erase"})
FOLDS = 5
Row = list[float]


class Learner:
    """Weights while they are learned: a row of one number a label for every bucket that was ever seen."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.rows: dict[int, Row] = {}
        self.bias = [0.0] * len(labels)

    def learn(self, examples: Sequence[tuple[Sequence[int], int]], seed: int = 1) -> None:
        """All epochs over these examples: the buckets of each, and the number of its label."""
        luck, rate = random.Random(seed), RATE
        order = list(range(len(examples)))
        for _ in range(EPOCHS):
            luck.shuffle(order)
            for number in order:
                self._step(*examples[number], rate)
            rate *= DECAY

    def shares(self, buckets: Sequence[int]) -> list[float]:
        """The probability of each label."""
        rows = [row for bucket in buckets if (row := self.rows.get(bucket))]
        unit = len(buckets) ** -0.5
        sums = map(sum, zip(*rows, strict=True)) if rows else self.bias
        return probabilities([b + unit * s for b, s in zip(self.bias, sums, strict=True)])

    def _step(self, buckets: Sequence[int], label: int, rate: float) -> None:
        rows = [self.rows.setdefault(bucket, [0.0] * len(self.labels)) for bucket in buckets]
        wrong = self.shares(buckets)
        wrong[label] -= 1
        unit = rate * len(buckets) ** -0.5
        change = [-unit * error for error in wrong]
        self.bias = [b - 0.05 * rate * error for b, error in zip(self.bias, wrong, strict=True)]
        for row in rows:
            row[:] = [weight + by for weight, by in zip(row, change, strict=True)]

    def model(self, learned_from: str) -> Ngrams:
        """What was learned, each weight in a byte."""
        scale = max(abs(weight) for row in self.rows.values() for weight in row) / 127
        empty = [0.0] * len(self.labels)
        weights = bytearray()
        for bucket in range(BUCKETS):
            weights += bytes(round(weight / scale) & 0xFF for weight in self.rows.get(bucket, empty))
        return Ngrams(
            labels=self.labels, bias=tuple(self.bias), scale=scale, weights=bytes(weights), learned_from=learned_from
        )


def buckets_of(text: str, catalog: Catalog) -> tuple[int, ...]:
    """The buckets of a text's features, as the reader will see it."""
    weighed = weigh(sentences(text), catalog.speech)
    found = features(weighed, understand(weighed, catalog.speech, WRITTEN))
    return tuple(sorted({place(feature, BUCKETS) for feature in found}))


def main() -> None:
    """Learn and write, or check."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--check", action="store_true", help=f"learn from {FOLDS - 1}/{FOLDS}, tell of the rest")
    check = asked.parse_args().check
    known = texts()
    labels = sorted({text.label for text in known})
    print(f"{len(known):,} texts in {len({text.language for text in known})} languages", flush=True)
    catalog = build(data_texts(RULE_FILES))
    examples = [(buckets_of(text.words, catalog), labels.index(text.label)) for text in known]
    if check:
        _check(known, examples, labels)
        return
    learner = Learner(labels)
    learner.learn(examples)
    MODEL.parent.mkdir(exist_ok=True)
    MODEL.write_bytes(written(learner.model(digest())))
    print(f"{MODEL.relative_to(MODEL.parents[3])}: {MODEL.stat().st_size:,} bytes")


def _check(known: Sequence[Text], examples: Sequence[tuple[Sequence[int], int]], labels: Sequence[str]) -> None:
    """By chance one fold is kept apart, and said of each language how well it was understood."""
    folds = random.Random(2).choices(range(FOLDS), k=len(known))
    learner = Learner(labels)
    learner.learn([example for fold, example in zip(folds, examples, strict=True) if fold])
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    pairs = []
    for fold, text, (buckets, _) in zip(folds, known, examples, strict=True):
        if fold == 0:
            shares = learner.shares(buckets)
            said = labels[shares.index(max(shares))]
            asked[text.language] += 1
            right[text.language] += said == text.label
            pairs.append((text.label, said))
    print("  ".join(f"{language} {right[language] / asked[language]:.0%}" for language in sorted(asked)))
    print(f"all {sum(right.values()) / len(pairs):.1%}; {_suppressing(pairs)}")


def _suppressing(pairs: Iterable[tuple[str, str]]) -> str:
    table = Counter((true in SUPPRESSING, said in SUPPRESSING) for true, said in pairs)
    both = table[True, True] or math.inf
    return (
        f"opt-outs: precision {both / (both + table[False, True]):.3f}, recall {both / (both + table[True, False]):.3f}"
    )


if __name__ == "__main__":
    main()
