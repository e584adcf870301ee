"""Where sentences end, in every script, and how long they are."""

import pytest

from agent.classify.sentences import sentences
from agent.rules.catalog import Catalog
from agent.rules.words import Abbreviations


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("mesajul dvs. și vă vom răspunde", 1),
        ("tel. żeby", 1),
        ("sp. z o.o. śle oferty", 1),
        ("the price is 5 usd incl. freight", 1),
        ("m.in. te oferty", 1),
        ("thank you. now stop sending this. bye", 3),
        ("Please remove Mr. Smith from the list", 1),
        ("Art. 15 DSGVO", 1),
        ("Στείλτε κ. άλλο", 1),
        ("No. Please stop.", 2),
        ("и т.д. Отпишите нас", 2),
        ("मेल मत भेजें। धन्यवाद॥ राम", 3),
        ("لا ترسل؟ شكرا", 2),
        ("پیغام نہ بھیجیں۔ شکریہ", 2),
        ("不要再发。谢谢！再见", 3),
        ("送らないでください．以上", 2),
        ("חדל׃ תודה", 2),
        ("ขอบคุณ กรุณายกเลิก", 1),
    ],
)
def test_sentences_end_in_every_script(catalog: Catalog, text: str, count: int) -> None:
    assert len(sentences(text, catalog.speech.abbreviations)) == count


@pytest.mark.parametrize(
    ("text", "words"),
    [("please stop it", 3), ("请不要再发邮件", 4), ("김철수 부장님", 4), ("수신거부", 3), ("", 0)],
)
def test_the_length_of_unspaced_scripts_is_guessed(text: str, words: int) -> None:
    assert sum(sentence.length for sentence in sentences(text, Abbreviations())) == words


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Really?\nYes! No", ["Really?", "Yes!", "No"]),
        ("at 3. Stop it", ["at 3. Stop it"]),
        ("so be it.\nstop", ["so be it.", "stop"]),
        ('He said "stop?"\nNow', ['He said "stop?"', "Now"]),
    ],
)
def test_what_is_a_sentence(text: str, pieces: list[str]) -> None:
    assert [sentence.text for sentence in sentences(text, Abbreviations())] == pieces
