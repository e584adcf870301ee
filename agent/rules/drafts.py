"""Decided reviews as draft rules: what a person was asked about, in the form in which a rule can be tried.

A draft holds the very words that were decided on, so it is caught by its own sample and by little else: it is for a
person to make it general, and `likely` until he does.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from agent.model.signal import Verdict
from agent.model.state import Review
from agent.rules.fold import bare_words
from agent.rules.schema import Kind

DEFAULT_LANGUAGE = "en"

_COMMA = re.compile(r"[,;:]")

_KINDS = {
    Verdict.OPT_OUT: Kind.UNSUBSCRIBE,
    Verdict.PAUSE: Kind.PAUSE,
    Verdict.INACTIVE: Kind.GONE,
    Verdict.RESUBSCRIBE: Kind.RESUBSCRIBE,
}


def drafts(decided: Sequence[Review]) -> Mapping[str, str]:
    """TOML texts by their path below a rules directory, one file a language; what had no words is left out."""
    by_language: dict[str, list[Review]] = defaultdict(list)
    for review in decided:
        if bare_words(review.evidence.excerpt):
            by_language[review.origin.language or DEFAULT_LANGUAGE].append(review)
    return {f"lang/{language}/review.toml": _file(reviews) for language, reviews in sorted(by_language.items())}


def _file(reviews: Sequence[Review]) -> str:
    meant = [review for review in reviews if review.verdict in _KINDS]
    harmless = [_quoted(review.evidence.excerpt) for review in reviews if review.verdict not in _KINDS]
    head = "# Drafts from decided reviews: make the phrases general, then try them with `optoutd rules test`.\n"
    not_meant = "".join(f"# decided to mean nothing of the kind: {text}\n" for text in harmless)
    return head + not_meant + "".join(_rule(review, harmless) for review in meant)


def _rule(review: Review, harmless: Sequence[str]) -> str:
    assert review.verdict is not None
    counter = f"counter_samples = [{', '.join(harmless)}]\n" if harmless else ""
    return (
        f'\n[[rule]]\nid = {_quoted(f"review.{review.id}")}\nstage = "wording"\nconfidence = "likely"\n'
        f"phrases = [{_quoted(_phrase(review.evidence.excerpt))}]\n"
        f"yields = {{ kind = {_quoted(_KINDS[review.verdict].value)} }}\n"
        f"samples = [{_quoted(review.evidence.excerpt)}]\n{counter}"
        f"source = {_quoted(f'review {review.id}, decided by {review.by}')}\n"
    )


def _phrase(words: str) -> str:
    """The words in the form of a phrase; a comma is one of its signs (docs/how-to/languages.md)."""
    return " , ".join(filter(None, map(bare_words, _COMMA.split(words))))


def _quoted(text: str) -> str:
    """A TOML basic string; an excerpt has no line ends."""
    plain = "".join(c for c in text if c.isprintable())
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
