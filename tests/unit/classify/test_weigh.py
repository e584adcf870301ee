"""What is weighed, and what nobody needs to weigh: most of a long text is never searched."""

import pytest

from agent.classify.later import Each, Later
from agent.classify.sentences import sentences
from agent.classify.weigh import weigh
from agent.rules.catalog import Catalog
from agent.rules.index import Found
from agent.rules.schema import Kind
from agent.rules.speech import Owner, Speech

TALK = "We were at the lake with all our friends last week and it was rather nice to see them there."
REQUEST = "Please remove me from your mailing list."


class Counting(Speech):
    """A speech that knows how many sentences were searched."""

    def __init__(self, speech: Speech) -> None:
        self.__dict__ = dict(speech.__dict__)
        self.searched: list[str] = []

    def find(self, sentence: str) -> tuple[Found[Owner], ...]:
        self.searched.append(sentence)
        return super().find(sentence)


@pytest.fixture
def speech(catalog: Catalog) -> Counting:
    return Counting(catalog.speech)


def test_deep_in_a_long_text_nothing_is_searched(speech: Counting) -> None:
    weighed = weigh(sentences("\n\n".join([TALK] * 12 + [REQUEST]), speech.abbreviations), speech)
    assert weighed.requests == ()
    assert len(speech.searched) < 5


def test_what_was_not_heard_is_told_to_whoever_asks(speech: Counting) -> None:
    weighed = weigh(sentences("\n\n".join([TALK] * 12 + [REQUEST]), speech.abbreviations), speech)
    names = {step.name for one in weighed.refused for step in one.steps}
    assert "deep in a long text" in names
    assert len(speech.searched) == 13
    assert list(weighed.refused) == list(weighed.refused)


def test_at_the_top_of_a_long_text_it_is_heard(speech: Counting) -> None:
    weighed = weigh(sentences("\n\n".join([REQUEST] + [TALK] * 12), speech.abbreviations), speech)
    assert {one.kind for one in weighed.requests} == {Kind.UNSUBSCRIBE}
    assert len(list(weighed.found)) == 13


def test_mail_to_many_is_searched_for_a_keyword_only(speech: Counting) -> None:
    weighed = weigh(sentences("\n\n".join([REQUEST] + [TALK] * 3), speech.abbreviations), speech, to_many=True)
    assert weighed.requests == ()
    assert len(speech.searched) == 2
    keyword = weigh(sentences("unsubscribe\n\nBob", speech.abbreviations), speech, to_many=True)
    assert {one.kind for one in keyword.requests} == {Kind.UNSUBSCRIBE}


def test_each_value_is_made_once() -> None:
    asked: list[int] = []

    def make(number: int) -> int:
        asked.append(number)
        return number

    row = Each(make, 3)
    assert (row[1], row[1], list(row)) == (1, 1, [0, 1, 2])
    later = Later(lambda: [make(7)])
    assert asked == [1, 0, 2]
    assert list(later) == list(later) == [7]
    assert asked == [1, 0, 2, 7]


def test_what_takes_back_a_phrase_takes_back_its_parts(catalog: Catalog) -> None:
    text = "Streichen Sie mich deshalb aber bitte nicht aus dem Verteiler!"
    weighed = weigh(sentences(text, catalog.speech.abbreviations), catalog.speech)
    assert Kind.UNSUBSCRIBE not in {one.kind for one in weighed.requests}  # "Streichen Sie mich" is one by itself


@pytest.mark.parametrize(
    "text",
    [
        "Please remove me, I am not on your list by my own will.",  # behind a comma something else begins
        "Le lien de désabonnement ne fonctionne pas",  # "ne ... pas" is part of what is said
    ],
)
def test_what_a_phrase_says_itself_takes_nothing_back(catalog: Catalog, text: str) -> None:
    weighed = weigh(sentences(text, catalog.speech.abbreviations), catalog.speech)
    assert Kind.UNSUBSCRIBE in {one.kind for one in weighed.requests}
