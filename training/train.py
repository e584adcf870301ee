"""Makes agent/data/model/intent.bin: `./run python -m training.train`; with `--check` only tells how well it learns.

A support vector machine for every label against all others (liblinear, by scikit-learn), whose margins become
probabilities. It takes a minute or two; the same texts, rules and versions give the same file.
"""

import argparse
import math
import random
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent.classify.features import features, letters_only
from agent.classify.sentences import sentences
from agent.classify.understand import understand
from agent.classify.weigh import weigh
from agent.rules.catalog import RULE_FILES, Catalog, build
from agent.rules.ngrams import MAX_FILE, Ngrams, key, written
from agent.rules.sparse import NOTHING, sparse
from agent.worker.kit import data_texts
from training.texts import Text, digest, texts

try:
    import numpy as np
    from scipy.sparse import csr_matrix
    from sklearn.svm import LinearSVC
except ImportError as missing:
    advice = "nothing but training needs it: .venv/bin/pip install -c constraints.txt -e '.[training]'"
    raise SystemExit(f"{missing.name} is missing, and {advice}") from missing

MODEL = Path(__file__).parents[1] / "agent" / "data" / "model" / "intent.bin"
WITHOUT_RULES = 0.3  # of the learning is from letters alone: the rules, made with these texts in view, fit others less
STRENGTH = 4.0  # of the fit (C of liblinear); measured with --check, as the others
SHARPNESS = 3.5  # of the margins as logarithms of odds
STEP = 0.325  # of a margin: weights are stored in multiples of it
OFTEN = 4  # texts in which a feature must stand to be learned
WRITTEN = datetime(2026, 11, 2, tzinfo=UTC)  # dates in the texts lie around this one
SUPPRESSING = frozenset({"unsubscribe", "complaint", "erase"})
FOLDS = 5
Features = frozenset[str]


def features_of(text: str, catalog: Catalog) -> Features:
    """The features of a text, as the reader will see it."""
    weighed = weigh(sentences(text, catalog.speech.abbreviations), catalog.speech)
    return features(weighed, understand(weighed, catalog.speech, WRITTEN))


def learn(examples: Sequence[Features], labels: Sequence[str], learned_from: str = "") -> Ngrams:
    """The model of these examples."""
    often = Counter(feature for example in examples for feature in example)
    keys = array("I", sorted({key(feature) for feature, times in often.items() if times >= OFTEN}))
    rows = _matrix([*examples, *map(letters_only, examples)], keys)
    weights: np.ndarray = np.repeat([1 - WITHOUT_RULES, WITHOUT_RULES], len(examples))
    fitted = LinearSVC(C=STRENGTH, dual=True, max_iter=400, random_state=0)
    fitted.fit(rows, [*labels, *labels], sample_weight=weights)
    weights = fitted.coef_.T
    weights = weights - np.median(weights, axis=1, keepdims=True)  # the same for all labels decides nothing
    steps = np.clip(np.round(weights / STEP), -NOTHING, 127).astype(np.int16)
    said = steps.any(axis=1)
    return Ngrams(
        labels=tuple(map(str, fitted.classes_)),
        bias=tuple(float(one) * SHARPNESS for one in fitted.intercept_),
        scale=STEP * SHARPNESS,
        keys=array("I", np.frombuffer(keys, dtype=np.uint32)[said].tolist()),
        weights=sparse([column.tobytes() for column in (steps[said] + NOTHING).astype(np.uint8).T]),
        learned_from=learned_from,
    )


def _matrix(examples: Sequence[Features], keys: "array[int]") -> csr_matrix:
    column = {feature: number for number, feature in enumerate(keys)}
    known = [sorted(column[one] for one in map(key, example) if one in column) for example in examples]
    sizes = [max(len(example), 1) ** -0.5 for example in examples]
    values = [size for size, row in zip(sizes, known, strict=True) for _ in row]
    ends = np.cumsum([0, *map(len, known)])
    return csr_matrix((values, [one for row in known for one in row], ends), shape=(len(examples), len(keys)))


def main() -> None:
    """Learn and write, or check."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--check", action="store_true", help=f"learn from {FOLDS - 1}/{FOLDS}, tell of the rest")
    check = asked.parse_args().check
    known = texts()
    print(f"{len(known):,} texts in {len({text.language for text in known})} languages", flush=True)
    catalog = build(data_texts(RULE_FILES))
    examples = [features_of(text.words, catalog) for text in known]
    if check:
        _check(known, examples)
        return
    data = written(learn(examples, [text.label for text in known], digest()))
    if len(data) > MAX_FILE:
        raise SystemExit(f"the model would take {len(data):,} bytes, and may take {MAX_FILE:,}: raise STEP or OFTEN")
    MODEL.parent.mkdir(exist_ok=True)
    MODEL.write_bytes(data)
    print(f"{MODEL.relative_to(MODEL.parents[3])}: {len(data):,} bytes")


def _check(known: Sequence[Text], examples: Sequence[Features]) -> None:
    """By chance one fold is kept apart, and said of each language how well it was understood."""
    folds = random.Random(2).choices(range(FOLDS), k=len(known))
    parts = list(zip(folds, examples, known, strict=True))
    model = learn([found for fold, found, _ in parts if fold], [text.label for fold, _, text in parts if fold])
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    pairs, surprise = [], 0.0
    for found, text in [(found, text) for fold, found, text in parts if not fold]:
        shares = model.opinion(found)
        said = max(shares, key=shares.__getitem__).partition(" ")[0]
        asked[text.language] += 1
        right[text.language] += said == text.kind
        surprise -= math.log(shares[text.label])
        pairs.append((text.kind, said))
    print("  ".join(f"{language} {right[language] / asked[language]:.0%}" for language in sorted(asked)))
    print(f"all {right.total() / len(pairs):.1%}; surprise {surprise / len(pairs):.3f}; {_suppressing(pairs)}")


def _suppressing(pairs: Iterable[tuple[str, str]]) -> str:
    table = Counter((true in SUPPRESSING, said in SUPPRESSING) for true, said in pairs)
    both = table[True, True] or math.inf
    return (
        f"opt-outs: precision {both / (both + table[False, True]):.3f}, recall {both / (both + table[True, False]):.3f}"
    )


if __name__ == "__main__":
    main()
