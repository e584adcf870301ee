"""What the language model thinks of a text: how often texts like this mean each thing a person may want."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent.classify.features import alone, features
from agent.classify.understand import Wish
from agent.classify.weights import Weighed
from agent.rules.ngrams import Ngrams
from agent.rules.schema import Kind

LEAVING = (Kind.UNSUBSCRIBE, Kind.COMPLAINT, Kind.ERASE)  # whoever asks for one of these wants no more mail
PLAIN, HINT = 0.9, 0.25  # shares of a sentence alone, and of the whole text, from which the sentence stands for it
MOST_APART = 12  # sentences that are also read each alone: a letter with its greeting, its thanks and its names

_ELSE = ("reply", "other", "autoreply", "bounce")  # nothing is asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """Shares of texts like this. From `by_itself` on they make a request that no phrase knows. Those who leave mean it
    from `meant` on where a phrase says so, and from `alone` on where none does; below, from `possible` on, a person
    looks.
    """

    by_itself: float
    possible: float
    meant: float
    alone: float


ANSWER = Enough(by_itself=0.5, possible=0.35, meant=0.75, alone=0.8)
UNASKED = Enough(by_itself=0.95, possible=0.95, meant=0.8, alone=0.95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """How often texts like this mean each kind, which is the most frequent, how often they are of one who leaves."""

    shares: Mapping[str, float]
    best: str
    leaving: float
    reasons: Mapping[str, float]  # of those who leave
    enough: Enough


def opinion_of(weighed: Weighed, wishes: tuple[Wish, ...], model: Ngrams, enough: Enough) -> Opinion:
    """The opinion of the whole text; or of the one sentence that plainly says what the whole only hints at, because
    the others are about business: "The slip is attached. And please send me no more newsletters."
    """
    whole = _shared_out(model.opinion(features(weighed, wishes)), enough)
    hinted = [kind for kind in whole.shares if kind not in _ELSE and _share(whole, kind) >= HINT]
    clear = whole.best in hinted and _share(whole, whole.best) >= enough.alone
    if clear or not hinted or not 1 < len(weighed.sentences) <= MOST_APART:
        return whole
    sentences = (alone(weighed, wishes, number) for number in range(len(weighed.sentences)))
    apart = [_shared_out(model.opinion(features(*sentence)), enough) for sentence in sentences]
    plain = [one for one in apart if one.best in hinted and _share(one, one.best) >= PLAIN]
    said = max(plain, key=lambda one: _share(one, one.best), default=whole)
    return replace(said, reasons=whole.reasons)


def _share(opinion: Opinion, kind: str) -> float:
    """How often a kind is meant, those who leave counted together."""
    return opinion.leaving if Kind(kind) in LEAVING else opinion.shares.get(kind, 0.0)


def _shared_out(labels: Mapping[str, float], enough: Enough) -> Opinion:
    shares: dict[str, float] = {}
    reasons: dict[str, float] = {}
    for label, share in labels.items():
        kind, _, reason = label.partition(" ")
        shares[kind] = shares.get(kind, 0.0) + share
        if reason:
            reasons[reason] = share
    unsubscribed = shares.get(Kind.UNSUBSCRIBE.value, 0.0)
    reasons = {reason: share / unsubscribed for reason, share in reasons.items() if unsubscribed}
    leaving = sum(shares.get(kind.value, 0.0) for kind in LEAVING)
    best = max(shares, key=shares.__getitem__)
    return Opinion(shares=shares, best=best, leaving=leaving, reasons=reasons, enough=enough)
