"""The small language of phrases, the form texts are compared in, and the index that finds them."""

import time

import pytest

from agent.rules.index import PhraseIndex
from agent.rules.normal import normalised
from agent.rules.phrase import NO_LISTS, Lists, PhraseError, read_phrase

LISTS = Lists({"mail": ("e-mail*", "mails"), "send": ("发", "寄")})


def found(phrase: str, text: str) -> list[str]:
    words = normalised(text)
    index = PhraseIndex(iter([("it", read_phrase(phrase, LISTS))]))
    return [words[one.start : one.end].strip() for one in index.find(words)]


@pytest.mark.parametrize(
    ("phrase", "text", "hit"),
    [
        ("remove me", "Please REMOVE me!", "remove me"),
        ("отпиш*", "Отпишите нас", "отпишите"),
        ("(stop|quit it) now", "quit it now", "quit it now"),
        ("stop [all] {mail}", "stop e-mails", "stop e mails"),
        ("stop [all] {mail}", "stop all mails", "stop all mails"),
        ("take ... off", "take us, please, off it", "take us , please , off"),
        ("remove @", "remove bob@other.example now", "remove @"),
        ("désabonner", "me desabonner", "desabonner"),
        ("不要...{send}", "请不要再 发了", "不要再发"),
        ("退订", "ok退訂吧", "退订"),
        ("^ to leave", "To leave, click", "to leave"),
        ("no , thanks", "no, thanks", "no , thanks"),
    ],
)
def test_a_phrase_is_found(phrase: str, text: str, hit: str) -> None:
    assert found(phrase, text) == [hit]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("remove me", "remove menu"),
        ("remove me", "remove, me"),
        ("mail", "mailing"),
        ("take ... off", "take one two three four five off"),
        ("不要...{send}", "不要，再发"),
        ("^ to leave", "I want to leave"),
    ],
)
def test_a_phrase_is_not_found(phrase: str, text: str) -> None:
    assert found(phrase, text) == []


@pytest.mark.parametrize(
    "phrase", ["", "(a", "a)", "a *", "{nothing} a", "<nothing> a", "[a]", "(a|[b])", "{a", "!", "a <topic> b <topic>"]
)
def test_a_wrong_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(PhraseError):
        read_phrase(phrase, LISTS)


def test_lists_within_lists_end() -> None:
    with pytest.raises(PhraseError, match="lists within lists"):
        read_phrase("{a}", Lists({"a": ("{a} b",)}))


def test_slots_and_gaps_are_told() -> None:
    index = PhraseIndex(iter([("it", read_phrase("no more about <topic> but ... me", NO_LISTS))]))
    one = index.find(normalised("No more about ball valves but do keep me"))[0]
    assert one.slot("topic") == "ball valves"
    assert one.slot("date") == ""
    assert len(one.gaps) == 1


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Don't, please!", " don t , please "),
        ("ｕｎｓｕｂ", " unsub "),
        ("Un\u200bsubscribe", " unsubscribe "),
        ("ST\u041eP", " stop "),
        ("\u043etpiska", " otpiska "),
        ("إِلْغَاء", " الغاء "),
        ("请remove我", " 请 remove 我 "),
        ("see www.shop.example now", " see now "),
        ("", " "),
    ],
)
def test_the_comparable_form(text: str, form: str) -> None:
    # hazard C8
    assert normalised(text) == form


@pytest.mark.parametrize(
    "text", ["take " * 9_000, "a" * 65_000, "不" * 21_000, "a@" * 30_000, "www." * 16_000, "о" + "a" * 60_000]
)
def test_long_hostile_text_is_linear(text: str) -> None:
    # hazard C11
    started = time.process_time()
    found("take ... ... (on|off)", text)
    found("不要...{send}", text)
    assert time.process_time() - started < 5
