"""Folding: what looks the same is the same, and a span leads back to what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.rules.fold import bare_words, fold, unfolded


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("STOP", "stop"),
        ("ｕｎｓｕｂ", "unsub"),
        ("un\u200bsub\u00adscribe", "unsubscribe"),
        ("\u202eSTOP\u202c", "stop"),
        ("Désabonner", "desabonner"),
        ("De\u0301sabonner", "desabonner"),
        ("Отпишитё", "отпишите"),
        ("إِلْغَاء", "الغاء"),
        ("الاشتـــراك", "الاشتراك"),
        ("Straße", "strasse"),
        ("don’t", "don't"),
        ("退订", "退订"),
        ("a\u00a0b\u3000c", "a b c"),
        ("a\x00b\x07\ud800c", "abc"),
        ("line\r\n\tnext", "line\r\n\tnext"),
    ],
)
def test_fold(written: str, folded: str) -> None:
    # hazard C8
    assert fold(written) == folded


def test_marks_that_make_another_letter_stay() -> None:
    assert fold("か") != fold("が")
    assert fold("कि") != fold("क")


def test_bare_words() -> None:
    assert bare_words("  „Stop!!“ — please_ ") == "stop please"
    assert bare_words("。。。") == ""


def test_a_span_leads_back() -> None:
    text = "ab Ünsub\u200bscribe me"
    assert unfolded(text, 3, 14) == "Ünsub\u200bscribe"
    assert unfolded("ﬁne", 0, 2) == "ﬁ"


@given(st.text(max_size=100))
def test_folding_is_total_and_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert unfolded(text, 0, len(fold(text))).strip() in text


def test_a_run_of_combining_marks_is_not_sorted() -> None:
    # hazard C11: normalising the whole text is quadratic here
    assert fold("a" + "\u0315\u0327" * 32_000) == "a"
