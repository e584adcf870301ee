"""What the language model adds to the weighing: it has read the text and all evidence of the rules, and knows how such
texts were meant.

It can take a request back, as the words around it can, or make a sure one one that a person looks at; and it can find
one that no phrase knows, which then is likely and never sure. A word that is the whole message is the rules' own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agent.classify.understand import Wish
from agent.classify.weights import CONTEXT, LIKELY, Request, Weighed, step
from agent.model.signal import Confidence
from agent.rules.index import Found
from agent.rules.ngrams import Ngrams, ngrams
from agent.rules.schema import Kind, Rule, Stage, Yields
from agent.rules.speech import Owner, Said
from agent.rules.words import Mark

REPLY = "reply"
_LABELS: Mapping[Kind, str] = {Kind.GONE: "bounce"}  # as `classify --json` calls it
_ASIDE = (Kind.REASON, Kind.JUNK, Kind.AUTOREPLY)  # phrases that nobody uses for anything else
_MOST_POINTS, _MOST_SENTENCES = 8, 6
# The share of texts like this from which one is a request, whatever the phrases say: in an answer, in any other mail.
BY_ITSELF, UNASKED = 0.5, 0.7
CLEAR = 0.75  # below, silence decides nothing, and what the words around a phrase took back stays so
CERTAIN = 0.6  # the share from which it is an ordinary reply, whatever the phrases say
MAX_LETTERS = 1_500  # longer texts are not what it learned from, and hardly ever a request
CLOSE = 1.3  # a reading this much less usual than the best is still one


def features(weighed: Weighed, wishes: tuple[Wish, ...]) -> frozenset[str]:
    """What the model sees of a text: its n-grams, and all that the rules found."""
    return ngrams(sentence.words for sentence in weighed.sentences) | frozenset(_evidence(weighed, wishes))


def swayed(weighed: Weighed, wishes: tuple[Wish, ...], model: Ngrams, *, answer: bool) -> Weighed:
    """The requests again, with the model's opinion as one step more. It learned from answers to marketing mail, so it
    must be surer of a text that answers none.
    """
    letters = sum(len(sentence.words) for sentence in weighed.sentences)
    if not 0 < letters <= MAX_LETTERS or any(one.rule.stage is Stage.KEYWORD for one in weighed.requests):
        return weighed
    shares = model.opinion(features(weighed, wishes))
    requests = [_with_opinion(one, shares) for one in weighed.requests]
    heard = tuple(one for one in requests if one.points >= LIKELY)
    refused = (*weighed.refused, *(one for one in requests if one.points < LIKELY))
    return replace(
        weighed, requests=(*heard, *_unheard(heard, weighed, shares, BY_ITSELF if answer else UNASKED)), refused=refused
    )


def _with_opinion(request: Request, shares: Mapping[str, float]) -> Request:
    best = max(shares, key=shares.__getitem__)
    share = shares.get(_label(request.kind), 1.0)
    if request.kind in _ASIDE or share * CLOSE >= shares[best]:
        return request
    asks_a_person = best == REPLY and shares[best] < CERTAIN
    name = "such texts are often replies" if asks_a_person else "such texts mean something else"
    return replace(request, steps=(*request.steps, step(name, f"{best} {shares[best]:.0%}")))


def _unheard(
    heard: tuple[Request, ...], weighed: Weighed, shares: Mapping[str, float], enough: float
) -> Iterator[Request]:
    """The one request that such texts make, where the rules heard nothing of it."""
    best = max(shares, key=shares.__getitem__)
    kind = next((kind for kind in Kind if _label(kind) == best), None)
    if kind is None or any(one.kind is kind for one in heard):
        return
    if shares[best] < (max(enough, CLEAR) if kind in _taken_back(weighed) else enough):
        return
    rule = Rule(
        id=f"ngrams.{best}", stage=Stage.WORDING, yields=Yields(kind=kind), samples=(), confidence=Confidence.LIKELY
    )
    name = "such texts mean it" if shares[best] >= CLEAR else "such texts often mean it"
    number, sentence = max(enumerate(weighed.sentences), key=lambda pair: pair[1].length)
    found: Found[Owner] = Found(owner=Said(rule=rule, language=""), phrase="", start=0, end=len(sentence.words))
    yield Request(
        rule=rule, language="", sentence=number, found=found, excerpt=sentence.text,
        steps=(step(name, f"{shares[best]:.0%}"),),
    )  # fmt: skip


def _taken_back(weighed: Weighed) -> set[Kind]:
    """What was said, and not meant: by the words around it, or by words its rule never stands with."""
    refused = {one.kind for one in weighed.refused if any(held.name in CONTEXT for held in one.steps)}
    return refused.union(*map(_vetoed, weighed.found))


def _vetoed(found: tuple[Found[Owner], ...]) -> set[Kind]:
    said = [one.owner for one in found if isinstance(one.owner, Said)]
    stopped = {owner.rule.id for owner in said if owner.veto}
    return {owner.rule.yields.kind for owner in said if not owner.veto and owner.rule.id in stopped}


def _evidence(weighed: Weighed, wishes: tuple[Wish, ...]) -> Iterator[str]:
    for wish in wishes:
        yield f"§wish {wish.kind.value} {min(_MOST_POINTS, wish.request.points) // 2} {wish.request.rule.stage.value}"
    yield from (f"§heard {one.kind.value}" for one in weighed.requests)
    for refused in weighed.refused:
        yield f"§refused {refused.kind.value}"
        yield from (f"§refused {refused.kind.value} {one.name}" for one in refused.steps)
    yield from (f"§vetoed {kind.value}" for found in weighed.found for kind in _vetoed(found))
    marks = (one.owner for found in weighed.found for one in found if isinstance(one.owner, Mark))
    yield from (f"§mark {mark.kind.value}" for mark in marks)
    yield f"§sentences {min(_MOST_SENTENCES, len(weighed.sentences))}"
    if any(sentence.question for sentence in weighed.sentences):
        yield "§question"
    if not wishes:
        yield "§no wish"


def _label(kind: Kind) -> str:
    return _LABELS.get(kind, kind.value)
