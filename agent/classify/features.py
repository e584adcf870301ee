"""What the language model sees of a text: its letters, and what the rules made of it."""

from collections.abc import Iterator
from itertools import accumulate

from agent.classify.sentences import Sentence
from agent.classify.understand import Wish
from agent.classify.weights import CONTEXT, Weighed
from agent.rules.index import Found
from agent.rules.ngrams import ngrams
from agent.rules.schema import Kind
from agent.rules.speech import Owner, Said
from agent.rules.words import Mark

TOP_WORDS, END_WORDS = 60, 30
_MOST_POINTS, _MOST_SENTENCES = 8, 6


def features(weighed: Weighed, wishes: tuple[Wish, ...]) -> frozenset[str]:
    """What the model sees of a text: its n-grams, and all that the rules found."""
    return ngrams(_at_both_ends(weighed.sentences)) | frozenset(_evidence(weighed, wishes))


def _at_both_ends(sentences: tuple[Sentence, ...]) -> list[str]:
    """The sentences at the top and at the end, where people say what they want; of most texts that is all."""
    top = _within(sentences, TOP_WORDS)
    end = _within(sentences[top:][::-1], END_WORDS)
    return [sentence.words for at, sentence in enumerate(sentences) if at < top or at >= len(sentences) - end]


def _within(sentences: tuple[Sentence, ...], words: int) -> int:
    """How many of them have so many words together, at least one."""
    return max(1, sum(length <= words for length in accumulate(sentence.length for sentence in sentences)))


def letters_only(found: frozenset[str]) -> frozenset[str]:
    """The features without what the rules found."""
    return frozenset(feature for feature in found if not feature.startswith("§"))


def alone(weighed: Weighed, wishes: tuple[Wish, ...], number: int) -> tuple[Weighed, tuple[Wish, ...]]:
    """One sentence of a text, as if nothing else had been written."""
    only = Weighed(
        sentences=(weighed.sentences[number],),
        found=[found for at, found in enumerate(weighed.found) if at == number],
        requests=tuple(one for one in weighed.requests if one.sentence == number),
        refused=[one for one in weighed.refused if one.sentence == number],
    )
    return only, tuple(wish for wish in wishes if wish.request.sentence == number)


def taken_back(weighed: Weighed) -> set[Kind]:
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
    if any("@" in sentence.text for sentence in weighed.sentences):
        yield "§address"
        yield from (f"§address {one.kind.value}" for one in weighed.requests)
    if not wishes:
        yield "§no wish"
