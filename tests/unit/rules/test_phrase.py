"""The small language of phrases, the form texts are compared in, and the index that finds them."""

import time

import pytest

from agent.rules.index import PhraseIndex
from agent.rules.normal import letters, normalised
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
        ("(stop|stop it)", "stop it", "stop it"),
        ("stop [all] {mail}", "stop e-mails", "stop e mails"),
        ("stop [all] {mail}", "stop all mails", "stop all mails"),
        ("take ... off", "take us, please, off it", "take us , please , off"),
        ("remove @", "remove bob@other.example now", "remove @"),
        ("désabonner", "me desabonner", "desabonner"),
        ("不要...{send}", "请不要再 发了", "不要再发"),
        ("退订", "ok退訂吧", "退订"),
        ("^ to leave", "To leave, click", "to leave"),
        ("no , thanks", "no, thanks", "no , thanks"),
        ("메일...싫", "메일을 더 이상 받기 싫어요", normalised("메일을더이상받기싫").strip()),
        ("אל תשלחו", "אל־תשלחו׃", "אל תשלחו"),
        ("भेजें", "मेल मत भेजें।", "भेजें"),
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
        ("메일...싫", "메일을 아홉 글자보다 더 멀리 떨어져 있으면 싫"),
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


def test_a_slot_in_vietnamese_holds_words() -> None:
    index = PhraseIndex(iter([("it", read_phrase("ngừng gửi về <topic>", NO_LISTS))]))
    assert index.find(normalised("Ngừng gửi về máy bơm chìm công nghiệp"))[0].slot("topic") == "may bom chim cong"


@pytest.mark.parametrize(("text", "count"), [("stop", 4), ("", 0), ("수신거부", 4), ("请退订", 3)])
def test_letters_as_a_reader_counts_them(text: str, count: int) -> None:
    assert letters(normalised(text).strip()) == count


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
        ("please _unsubscribe_ me", " please unsubscribe me "),
        ("bitte _löschen_ Sie", " bitte loschen sie "),
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


@pytest.mark.parametrize(
    ("phrase", "needs"),
    [
        ("stop", ()),
        ("stop (sending|mailing) me", ({"stop"}, {"me"})),
        ("[please] cancel* now", ({"now"},)),
        ("不要 mail", ({"mail"},)),
    ],
)
def test_a_phrase_names_all_that_must_occur(phrase: str, needs: tuple[set[str], ...]) -> None:
    assert read_phrase(phrase, NO_LISTS).needs == needs


def test_every_word_that_must_occur_is_looked_for_before_the_phrase_is() -> None:
    index = PhraseIndex(iter([("it", read_phrase("cancel* [all] the news*", NO_LISTS))]))
    assert index.find(normalised("Cancelling the newsletter"))
    assert not index.find(normalised("Cancelling the order"))
    assert not index.find(normalised("I read the newsletter"))


def test_phrases_that_are_written_alike_each_have_their_owner() -> None:
    phrases = (("one", "remove me"), ("two", "me"), ("three", "Remove  me"))
    index = PhraseIndex(iter([(owner, read_phrase(text, NO_LISTS)) for owner, text in phrases]))
    hits = index.find(normalised("remove me, remove me"))
    assert [(one.owner, one.phrase) for one in hits] == [pair for pair in phrases for _ in range(2)]


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("Stop, please;  now!", " stop , please , now "),
        ("a_b", " a b "),
        ("see www.shop.example/x?y=1 or mail a@shop.example.", " see or mail @ "),
        ("Ende. Für immer:", " ende fur immer , "),
        (" \t ", " "),
    ],
)
def test_the_form_texts_are_compared_in(text: str, same_as: str) -> None:
    assert normalised(text) == same_as
