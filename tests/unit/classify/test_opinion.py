"""What the language model may do to a reading, and what it may not."""

import math

import pytest

from agent.classify.opinion import BY_ITSELF, CLEAR, UNASKED, swayed
from agent.classify.sentences import sentences
from agent.classify.understand import understand
from agent.classify.weigh import weigh
from agent.classify.weights import Request
from agent.model.signal import Confidence
from agent.rules.catalog import Catalog
from agent.rules.ngrams import Ngrams
from agent.rules.schema import Kind

LABELS = ("bounce", "reply", "resubscribe", "unsubscribe")
UNKNOWN = "Spare us your letters from now on, Chris"
SURE = "Please remove me from your mailing list, we have moved to another town"


def opinion_of(**shares: float) -> Ngrams:
    """A model that thinks so of every text."""
    bias = tuple(math.log(shares.get(label, 0.001)) for label in LABELS)
    return Ngrams(labels=LABELS, bias=bias, scale=1.0, weights=bytes(len(LABELS)), learned_from="")


def read(catalog: Catalog, text: str, model: Ngrams, *, answer: bool = True) -> tuple[Request, ...]:
    """The best request of each kind."""
    weighed = weigh(sentences(text), catalog.speech)
    weighed = swayed(weighed, understand(weighed, catalog.speech, None), model, answer=answer)
    return tuple(wish.request for wish in understand(weighed, catalog.speech, None))


def test_it_finds_what_no_phrase_knows_and_is_never_sure(catalog: Catalog) -> None:
    (request,) = read(catalog, UNKNOWN, opinion_of(unsubscribe=0.99))
    assert (request.kind, request.confidence) == (Kind.UNSUBSCRIBE, Confidence.LIKELY)
    assert [step.name for step in request.steps] == ["such texts mean it"]


def test_it_must_be_surer_where_nobody_answers_us(catalog: Catalog) -> None:
    model = opinion_of(unsubscribe=(BY_ITSELF + UNASKED) / 2, reply=1 - (BY_ITSELF + UNASKED) / 2)
    assert read(catalog, UNKNOWN, model)
    assert not read(catalog, UNKNOWN, model, answer=False)


def test_it_makes_a_sure_phrase_one_that_a_person_looks_at(catalog: Catalog) -> None:
    (request,) = read(catalog, SURE, opinion_of(reply=0.45, bounce=0.3))
    assert request.confidence is Confidence.LIKELY


def test_where_texts_only_often_mean_it_silence_decides_nothing(catalog: Catalog) -> None:
    (clear,) = read(catalog, UNKNOWN, opinion_of(unsubscribe=CLEAR + 0.05, reply=0.2))
    (often,) = read(catalog, UNKNOWN, opinion_of(unsubscribe=CLEAR - 0.05, reply=0.3))
    assert [[step.name for step in one.steps] for one in (clear, often)] == [
        ["such texts mean it"],
        ["such texts often mean it"],
    ]


def test_a_reading_that_is_nearly_as_usual_stays(catalog: Catalog) -> None:
    (request,) = read(catalog, SURE, opinion_of(reply=0.4, unsubscribe=0.39))
    assert request.confidence is Confidence.SURE


def test_a_keyword_that_is_the_whole_message_is_not_its_business(catalog: Catalog) -> None:
    (request,) = read(catalog, "STOP", opinion_of(reply=0.99))
    assert request.confidence is Confidence.SURE


@pytest.mark.parametrize("text", ["", "word " * 400])
def test_nothing_and_long_texts_are_not_shown_to_it(catalog: Catalog, text: str) -> None:
    assert not read(catalog, text, opinion_of(unsubscribe=0.99))


def test_what_was_taken_back_is_hardly_raised_again(catalog: Catalog) -> None:
    model = opinion_of(unsubscribe=CLEAR - 0.01, reply=1.01 - CLEAR)
    assert read(catalog, UNKNOWN, model)
    assert not read(catalog, "Please do not remove me from your mailing list", model)
