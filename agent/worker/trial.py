"""Tries rules on their own samples, among all other rules at once: what `optoutd rules test` and the tests ask."""

from collections.abc import Iterator

from agent.classify.sentences import sentences
from agent.classify.weigh import weigh
from agent.rules.catalog import Catalog
from agent.rules.schema import Rule
from agent.rules.speech import SPOKEN


def faults(rule: Rule, catalog: Catalog) -> Iterator[str]:
    """One line for each sample that the rule misses and each counter-sample that it catches."""
    for sample in rule.samples:
        if rule not in _caught(rule, sample, catalog):
            yield f"rule {rule.id!r}: sample not caught: {_shown(sample)}"
    for sample in rule.counter_samples:
        others = [other.id for other in _caught(rule, sample, catalog) if other.yields == rule.yields]
        if others:
            yield f"rule {rule.id!r}: counter-sample caught by {', '.join(others)}: {_shown(sample)}"


def _caught(rule: Rule, text: str, catalog: Catalog) -> tuple[Rule, ...]:
    """The rules of its stage that a text meets; what people say is weighed before it counts."""
    if rule.stage not in SPOKEN:
        return tuple(hit.rule for hit in catalog.find(rule.stage, text))
    weighed = weigh(sentences(text, catalog.speech.abbreviations), catalog.speech)
    return tuple(request.rule for request in weighed.requests)


def _shown(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 100 else f"{words[:100]}..."
