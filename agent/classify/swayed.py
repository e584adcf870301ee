"""What the language model adds to the weighing: it has read the text and all evidence of the rules, and knows how such
texts were meant.

It can take a request back, as the words around it can, or make a sure one one that a person looks at; and it can find
one that no phrase knows, which then is likely and never sure. A word that is the whole message is the rules' own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from agent.classify.features import taken_back
from agent.classify.opinion import ANSWER, LEAVING, UNASKED, Enough, Opinion, opinion_of
from agent.classify.understand import Wish, as_kind
from agent.classify.weights import LIKELY, Request, Step, Weighed, step
from agent.model.signal import Confidence
from agent.rules.index import Found
from agent.rules.ngrams import Ngrams
from agent.rules.schema import Kind, Rule, Stage, Yields
from agent.rules.speech import Owner, Said

_LABELS: Mapping[Kind, str] = {Kind.GONE: "bounce", Kind.JUNK: "other"}  # as `classify --json` calls them
_OPT_OUTS = (Kind.UNSUBSCRIBE, Kind.COMPLAINT)
_ABOUT_DATA = (Kind.ERASE, Kind.ACCESS)
_WITH_REASON = (Kind.UNSUBSCRIBE.value, Kind.FREQUENCY.value)
_ASIDE = (Kind.REASON, Kind.JUNK)  # phrases that nobody uses for anything else
MAX_LETTERS = 1_500  # longer texts are not what it learned from, and hardly ever a request
CLOSE = 1.3  # a reading this much less usual than the best is still one
CLEAR = 0.9  # below, silence decides nothing where no phrase says it
GIVEN = 0.4  # the share of those who leave with such texts from which it is their reason


def swayed(weighed: Weighed, wishes: tuple[Wish, ...], model: Ngrams, *, answer: bool) -> Weighed:
    """The requests again, with the model's opinion as one step more. It learned from answers to marketing mail, so it
    must be surer of a text that answers none.
    """
    letters = sum(len(sentence.words) for sentence in weighed.sentences)
    if not 0 < letters <= MAX_LETTERS or any(one.rule.stage is Stage.KEYWORD for one in weighed.requests):
        return weighed
    opinion = opinion_of(weighed, wishes, model, ANSWER if answer else UNASKED)
    requests = [_with_opinion(one, opinion) for one in weighed.requests]
    heard = tuple(one for one in requests if one.points >= LIKELY)
    refused = (*weighed.refused, *(one for one in requests if one.points < LIKELY))
    unheard = (*_unheard(heard, weighed, opinion), *_why(weighed, opinion))
    return replace(weighed, requests=(*heard, *unheard), refused=refused)


def _with_opinion(request: Request, opinion: Opinion) -> Request:
    if request.kind in _ASIDE or (request.kind in _OPT_OUTS and opinion.best == Kind.ACCESS.value):
        return request  # who wants to see his data may want no more mail as well
    best, leaves = opinion.shares[opinion.best], any(_label(kind) == opinion.best for kind in LEAVING)
    believed = opinion.shares.get(_label(request.kind), 1.0) * CLOSE >= best
    if not believed and request.kind in LEAVING and not leaves and opinion.leaving >= ANSWER.possible:
        # Whatever he may want, a person looks; nothing is erased on a mere possibility.
        request, believed = as_kind(request, Kind.UNSUBSCRIBE) if request.kind is Kind.ERASE else request, True
    if not believed:
        return _and(request, step("such texts mean something else", f"{opinion.best} {best:.0%}"))
    if request.kind in _OPT_OUTS and opinion.leaving < opinion.enough.meant:
        points = min(0, LIKELY - request.points)
        return _and(request, Step(name="such texts are often replies", points=points, seen=f"{opinion.leaving:.0%}"))
    return request


def _and(request: Request, more: Step) -> Request:
    return replace(request, steps=(*request.steps, more))


def _unheard(heard: tuple[Request, ...], weighed: Weighed, opinion: Opinion) -> Iterator[Request]:
    """The one request that such texts make, where the rules heard nothing of it."""
    # Whatever else such texts mean: where a third of their writers leaves, a person looks.
    kind = next((kind for kind in Kind if _label(kind) == opinion.best), Kind.UNSUBSCRIBE)
    enough = _enough(kind, weighed, opinion)
    share = opinion.leaving if kind in LEAVING else opinion.shares[opinion.best]
    if enough is None or share < (enough.possible if kind in LEAVING else enough.by_itself):
        return
    meant = Kind.UNSUBSCRIBE if kind in LEAVING and share < opinion.enough.alone else kind
    if {kind, meant}.isdisjoint(one.kind for one in heard):
        yield _request(Yields(kind=meant), weighed, step(_how_often(share, opinion.enough), f"{share:.0%}"))


def _how_often(share: float, enough: Enough) -> str:
    if share < enough.alone:
        return "such texts may mean it"
    return "such texts mean it" if share >= CLEAR else "such texts often mean it"


def _enough(kind: Kind, weighed: Weighed, opinion: Opinion) -> Enough | None:
    """None where no share is enough: the words themselves take it back, in a mail that answers none of ours."""
    if kind is Kind.JUNK:
        return ANSWER  # advertising never answers, and nothing is done about it
    # A request about data is a person's to answer, so that it may be raised again.
    if kind in _ABOUT_DATA or kind not in taken_back(weighed):
        return opinion.enough
    return UNASKED if opinion.enough == ANSWER else None


def _why(weighed: Weighed, opinion: Opinion) -> Iterator[Request]:
    """The reason that those who leave with such texts have."""
    reason = max(opinion.reasons, key=opinion.reasons.__getitem__, default="")
    if opinion.best in _WITH_REASON and reason and (share := opinion.reasons[reason]) >= GIVEN:
        given = step("such texts give this reason", f"{share:.0%}")
        yield _request(Yields(kind=Kind.REASON, reason=reason), weighed, given)


def _request(yields: Yields, weighed: Weighed, counted: Step) -> Request:
    """What only the model knows: of the whole text, shown by its longest sentence."""
    name = yields.reason or _label(yields.kind)
    rule = Rule(id=f"ngrams.{name}", stage=Stage.WORDING, yields=yields, samples=(), confidence=Confidence.LIKELY)
    number, sentence = max(enumerate(weighed.sentences), key=lambda pair: pair[1].length)
    found: Found[Owner] = Found(owner=Said(rule=rule, language=""), phrase="", start=0, end=len(sentence.words))
    return Request(rule=rule, language="", sentence=number, found=found, excerpt=sentence.text, steps=(counted,))


def _label(kind: Kind) -> str:
    return _LABELS.get(kind, kind.value)
