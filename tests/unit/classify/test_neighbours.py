"""Neighbouring languages share words: what a word does, it does in the language the sentence is written in."""

import pytest

from agent.classify import classify
from agent.classify.languages import Languages
from agent.classify.sentences import sentences
from agent.model.proof import Proof
from agent.model.signal import HumanReply, OptOut
from agent.rules.catalog import Catalog, build
from tests.unit.mails import mail

# Two languages that share the word `vlak`, and one of them negates with what is courtesy in the other.
ONE = """
[[rule]]
id = "xa.stop"
stage = "wording"
phrases = ["vlak", "{end} vlak"]
yields = { kind = "unsubscribe" }
samples = ["vlak mir"]
[[rule]]
id = "xa.alone"
stage = "keyword"
phrases = ["ostav"]
never_with = ["tovar"]
yields = { kind = "unsubscribe" }
samples = ["ostav"]
"""
TWO = """
[[rule]]
id = "xb.stop"
stage = "wording"
phrases = ["sender vlak"]
yields = { kind = "unsubscribe" }
never_with = ["skip*"]
samples = ["sender vlak tak"]
"""
TINY = build({
    "lang/xa/opt_out.toml": ONE,
    "lang/xa/words.toml": 'negations = ["nu"]\n[lists]\nend = ["kon*"]',
    "lang/xb/opt_out.toml": TWO,
    "lang/xb/words.toml": 'negations = ["ikk"]\npolite = ["nu", "tovar"]\nbusiness = ["skipet"]',
})  # fmt: skip


def opted_out(catalog: Catalog, text: str) -> bool:
    return isinstance(classify(mail(own_text=text), Proof(), None, catalog)[0], OptOut)


@pytest.mark.parametrize("text", ["vlak mir", "kon vlak", "ikk vlak mir", "sender vlak tak", "ostav"])
def test_a_language_is_heard(text: str) -> None:
    assert opted_out(TINY, text)


@pytest.mark.parametrize(
    "text",
    [
        "sender ikk vlak tak",  # the negation of the language that knows more of it
        "sender vlak skipet",  # what its own language refuses
        "nu ostav",  # courtesy there, a negation here
        "ostav tovar",  # a keyword with what it never stands with
    ],
)
def test_what_takes_it_back_is_heard_too(text: str) -> None:
    # hazard D7
    assert not opted_out(TINY, text)


def test_who_knows_more_of_a_sentence() -> None:
    languages = Languages(sentences("sender vlak\nvlak mir", TINY.speech.abbreviations), TINY.speech)
    assert languages.outdo(0, "xb", "xa")
    assert languages.outdo(1, "xa", "xb")
    assert not languages.outdo(0, "xb", "xb")


@pytest.mark.parametrize(
    "text",
    [
        "mujhe unsubscribe nahi karna hai",
        "please unsubscribe mat karo",
        "Não parem de nos enviar ofertas",
        "Come fanno i vostri clienti a cancellarsi dalla newsletter?",
        "Ваш лист потрапив у спам, вибачте",
        "Hartelijk dank",
        "契約違反です",
        "贵公司的客户如何取消订阅",
        "Nu mă dezabonați",
        "Non cancellate il nostro indirizzo dalla lista",
        "Retirez la deuxième ligne du devis",
    ],
)
def test_words_of_neighbours_suppress_nobody(catalog: Catalog, text: str) -> None:
    # hazard D7
    assert isinstance(classify(mail(own_text=text), Proof(), None, catalog)[0], HumanReply)


@pytest.mark.parametrize(
    "text",
    [
        "bhai mujhe unsubscribe kar do",
        "Nu mai vreau să primesc emailuri",
        "saya ingin unsubscribe dari newsletter ini",
        "Dear Sir, 请把我从列表中删除, thank you",
        "配信停止希望",
    ],
)
def test_words_that_are_borrowed_still_count(catalog: Catalog, text: str) -> None:
    assert opted_out(catalog, text)
