"""What the language model may do to a reading, and what it may not."""

import math
from array import array
from dataclasses import replace

import pytest

from agent.classify import classify
from agent.classify.opinion import ANSWER, UNASKED
from agent.classify.sentences import sentences
from agent.classify.swayed import CLEAR, swayed
from agent.classify.understand import Wish, understand
from agent.classify.weigh import weigh
from agent.classify.weights import Request
from agent.model.proof import Proof
from agent.model.signal import Confidence, HumanReply, OptOut, OptOutReason, Preference
from agent.rules.catalog import Catalog
from agent.rules.ngrams import Ngrams, key
from agent.rules.schema import Kind
from agent.rules.sparse import NOTHING, sparse
from tests.unit.mails import mail

LABELS = (
    "access",
    "bounce",
    "complaint",
    "erase",
    "pause",
    "reply",
    "resubscribe",
    "unsubscribe",
    "unsubscribe too_frequent",
)
UNKNOWN = "Let the postman rest on our account, Chris"
ERASE = "Please delete all my personal data, the pump works well"
SURE = "Please remove me from your mailing list, we have moved to another town"


def opinion_of(*, tired: float = 0.001, **shares: float) -> Ngrams:
    """A model that thinks so of every text; `tired` of those who leave because it is too much."""
    shares |= {"unsubscribe too_frequent": tired}
    bias = tuple(math.log(shares.get(label, 0.001)) for label in LABELS)
    return Ngrams(labels=LABELS, bias=bias, scale=1.0)


def read(catalog: Catalog, text: str, model: Ngrams, *, answer: bool = True) -> tuple[Request, ...]:
    """The best request of each kind."""
    return tuple(wish.request for wish in wishes(catalog, text, model, answer=answer))


def wishes(catalog: Catalog, text: str, model: Ngrams, *, answer: bool = True) -> tuple[Wish, ...]:
    weighed = weigh(sentences(text, catalog.speech.abbreviations), catalog.speech)
    weighed = swayed(weighed, understand(weighed, catalog.speech, None), model, answer=answer)
    return understand(weighed, catalog.speech, None)


def test_it_finds_what_no_phrase_knows_and_is_never_sure(catalog: Catalog) -> None:
    (request,) = read(catalog, UNKNOWN, opinion_of(unsubscribe=0.99))
    assert (request.kind, request.confidence) == (Kind.UNSUBSCRIBE, Confidence.LIKELY)
    assert [step.name for step in request.steps] == ["such texts mean it"]


def test_it_must_be_surer_where_nobody_answers_us(catalog: Catalog) -> None:
    share = (ANSWER.by_itself + UNASKED.by_itself) / 2
    model = opinion_of(unsubscribe=share, reply=1 - share)
    assert read(catalog, UNKNOWN, model)
    assert not read(catalog, UNKNOWN, model, answer=False)


def test_a_sure_phrase_in_a_text_like_many_replies_is_for_a_person(catalog: Catalog) -> None:
    (request,) = read(catalog, SURE, opinion_of(reply=0.95 - ANSWER.possible, unsubscribe=ANSWER.possible))
    assert request.confidence is Confidence.LIKELY
    assert request.steps[-1].name == "such texts are often replies"


def test_a_sure_phrase_in_a_text_like_no_opt_out_is_none(catalog: Catalog) -> None:
    assert not read(catalog, SURE, opinion_of(reply=0.99))


def test_where_nobody_leaves_with_such_texts_there_is_no_reason(catalog: Catalog) -> None:
    """Shares may be as small as nothing."""
    bias = (0.0, -2000.0, -2000.0)
    model = Ngrams(labels=("change_frequency", "unsubscribe", "unsubscribe too_frequent"), bias=bias, scale=1.0)
    (wish,) = wishes(catalog, UNKNOWN, model)
    assert (wish.kind, wish.reason) == (Kind.FREQUENCY, None)


@pytest.mark.parametrize(
    ("share", "name"),
    [
        (CLEAR + 0.05, "such texts mean it"),
        (CLEAR - 0.05, "such texts often mean it"),
        (ANSWER.meant - 0.05, "such texts may mean it"),
    ],
)
def test_it_says_how_often_such_texts_mean_it(catalog: Catalog, share: float, name: str) -> None:
    (request,) = read(catalog, UNKNOWN, opinion_of(unsubscribe=share, reply=1 - share))
    assert [step.name for step in request.steps] == [name]


def test_silence_decides_only_what_such_texts_nearly_always_mean(catalog: Catalog) -> None:
    answer = mail(("In-Reply-To", "<1@shop.example>"), own_text=UNKNOWN)
    for share in (CLEAR + 0.02, CLEAR - 0.02):
        known = replace(catalog, ngrams=opinion_of(unsubscribe=share, reply=1 - share))
        (signal,) = classify(answer, Proof(authenticated=True), None, known)
        assert isinstance(signal, OptOut)
        assert (signal.doubtful, signal.possible) == (share < CLEAR, False)


@pytest.mark.parametrize(("text", "leaving"), [(text, ANSWER.possible) for text in (UNKNOWN, SURE, ERASE)])
def test_a_possible_opt_out_is_an_ordinary_reply_with_a_review(catalog: Catalog, text: str, leaving: float) -> None:
    """A customer is not silenced by what is as often a reply, and nothing that may be a request is lost."""
    model = opinion_of(unsubscribe=leaving + 0.02, reply=0.95 - leaving)
    answer = mail(("In-Reply-To", "<1@shop.example>"), own_text=text)
    reply, possible = classify(answer, Proof(authenticated=True), None, replace(catalog, ngrams=model))
    assert isinstance(reply, HumanReply)
    assert isinstance(possible, OptOut)
    assert (possible.doubtful, possible.possible) == (True, True)
    assert possible.evidence.confidence is Confidence.LIKELY


def test_what_a_phrase_says_too_is_not_only_possible(catalog: Catalog) -> None:
    """Also where most such texts are angrier than the phrase."""
    likely = "We have no use for your mails any more"
    share = (ANSWER.meant + ANSWER.alone) / 2
    model = opinion_of(unsubscribe=0.45 * share, complaint=0.55 * share, reply=1 - share)
    (request,) = read(catalog, likely, model)
    assert request.rule.id != "ngrams.unsubscribe"


def test_a_possible_opt_out_swallows_no_pause(catalog: Catalog) -> None:
    model = opinion_of(pause=0.6, unsubscribe=0.38)
    answer = mail(("In-Reply-To", "<1@shop.example>"), own_text=SURE)
    pause, possible = classify(answer, Proof(authenticated=True), None, replace(catalog, ngrams=model))
    assert isinstance(pause, Preference)
    assert isinstance(possible, OptOut)
    assert possible.possible


BUSINESS = "The slip is attached, the pumps arrived, the invoice is paid"
NO_MORE = "Let the circular postman rest from today"


def model_of_words(**leaving: int) -> Ngrams:
    """A model that knows these words only, and how much they speak for leaving (above 0) or against it."""
    rows = {key(f" {word} "): bytes((NOTHING - points, NOTHING + points)) for word, points in leaving.items()}
    keys = sorted(rows)
    weights = sparse([bytes(rows[one][label] for one in keys) for label in range(2)])
    return Ngrams(labels=("reply", "unsubscribe"), bias=(0.0, 0.0), scale=1.0, keys=array("I", keys), weights=weights)


@pytest.mark.parametrize("text", [f"{BUSINESS}. {NO_MORE}", f"{NO_MORE}. {BUSINESS}"])
def test_one_plain_sentence_stands_for_the_text_that_hints_at_it(catalog: Catalog, text: str) -> None:
    """Wherever it stands beside business."""
    model = model_of_words(circular=40, pumps=-45)
    (request,) = read(catalog, text, model)
    assert [step.name for step in request.steps] == ["such texts mean it"]
    assert not read(catalog, BUSINESS, model)


def test_one_plain_sentence_stands_for_a_letter_with_a_greeting_and_wishes(catalog: Catalog) -> None:
    letter = "\n".join(
        ("Dear Mr Li,", *["We keep bees and are well here."] * 5, f"{NO_MORE}.", "With all good wishes,", "Ann")
    )
    (request,) = read(catalog, letter, model_of_words(circular=40, keep=-44))
    assert [step.name for step in request.steps] == ["such texts mean it"]


def test_a_plain_sentence_in_a_text_that_means_something_else_is_none(catalog: Catalog) -> None:
    assert not read(catalog, f"{BUSINESS}. {NO_MORE}", model_of_words(circular=40, pumps=-80))


def test_what_every_third_means_is_shown_to_a_person(catalog: Catalog) -> None:
    (request,) = read(catalog, UNKNOWN, opinion_of(unsubscribe=ANSWER.possible + 0.02, reply=0.6))
    assert [step.name for step in request.steps] == ["such texts may mean it"]
    assert not read(catalog, UNKNOWN, opinion_of(unsubscribe=ANSWER.possible - 0.02, reply=0.65))


def test_who_asks_to_stay_is_hardly_taken_for_one_who_leaves(catalog: Catalog) -> None:
    model = opinion_of(unsubscribe=UNASKED.by_itself - 0.01, reply=1 - UNASKED.by_itself)
    assert read(catalog, UNKNOWN, model)
    assert not read(catalog, "Please do not remove me from your mailing list", model)


def test_who_wants_his_data_and_no_more_mail_gets_both(catalog: Catalog) -> None:
    text = "Please unsubscribe me. Also send me a copy of all the data you hold about me."
    found = read(catalog, text, opinion_of(access=0.89, unsubscribe=0.08, reply=0.02))
    assert {request.kind for request in found} == {Kind.ACCESS, Kind.UNSUBSCRIBE}


def test_nobody_asks_who_prints_how_to_ask_and_answers_nothing(catalog: Catalog) -> None:
    model = opinion_of(unsubscribe=0.999)
    assert read(catalog, "To opt out click reply", model)
    assert not read(catalog, "To opt out click reply", model, answer=False)


def test_all_who_leave_count_together(catalog: Catalog) -> None:
    """Whether somebody is angry or only wants no more may be open: that he leaves is not."""
    (request,) = read(catalog, SURE, opinion_of(unsubscribe=0.45, complaint=0.4, reply=0.15))
    assert request.confidence is Confidence.SURE


def test_it_knows_why_people_leave_with_such_texts(catalog: Catalog) -> None:
    (wish,) = wishes(catalog, UNKNOWN, opinion_of(unsubscribe=0.4, tired=0.55))
    assert wish.reason is OptOutReason.TOO_FREQUENT
    (wish,) = wishes(catalog, UNKNOWN, opinion_of(unsubscribe=0.8, tired=0.15))
    assert wish.reason is None


def test_a_keyword_that_is_the_whole_message_is_not_its_business(catalog: Catalog) -> None:
    (request,) = read(catalog, "STOP", opinion_of(reply=0.99))
    assert request.confidence is Confidence.SURE


@pytest.mark.parametrize("text", ["", "word " * 400])
def test_nothing_and_long_texts_are_not_shown_to_it(catalog: Catalog, text: str) -> None:
    assert not read(catalog, text, opinion_of(unsubscribe=0.99))
