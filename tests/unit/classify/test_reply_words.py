"""Answers to our letters: what counts as one, what stands beside it, and that nothing of it counts elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.classify import classify
from agent.model.mail import AutomaticMark, ParsedMail, Purpose, Role, Token
from agent.model.proof import Proof
from agent.model.signal import (
    Manner,
    OptOut,
    OptOutReason,
    Preference,
    PreferenceKind,
    Resubscribe,
    Strength,
    is_only_possible,
    kind_of,
)
from agent.rules.catalog import Catalog
from agent.rules.reply_words import REPLY_FILES, build_reply_words
from tests.unit.classify.test_swayed import UNKNOWN, opinion_of
from tests.unit.mails import mail

DATA = Path(__file__).parents[3] / "agent" / "data"
LETTER = Token(purpose=Purpose.REPLY, key_id="a", id="b" * 13, place="references")
PROOF = Proof(tokens=(LETTER,))


@pytest.fixture(scope="module")
def known(catalog: Catalog) -> Catalog:
    texts = {path.as_posix(): path.read_text("utf-8") for glob in REPLY_FILES for path in DATA.glob(glob)}
    return replace(catalog, reply_words=build_reply_words(texts))


def kinds(said: ParsedMail, known: Catalog, proof: Proof = PROOF, role: Role | None = None) -> list[str]:
    return [kind_of(signal) for signal in classify(said, proof, role, known)]


def test_a_number(known: Catalog) -> None:
    (signal,) = classify(mail(own_text="3"), PROOF, None, known)
    assert isinstance(signal, OptOut)
    assert (signal.manner, signal.reason) == (Manner.REASON, OptOutReason.NO_LONGER_NEEDED)
    assert signal.evidence.rule == "reply_word:no_longer_needed"
    assert (signal.evidence.strength, signal.evidence.token) == (Strength.E3, LETTER)


LESS = PreferenceKind.FREQUENCY


@pytest.mark.parametrize(("text", "kind"), [("PAUSE", PreferenceKind.PAUSE), ("oui\nmoins", None), ("Seltener.", LESS)])
def test_a_wish(known: Catalog, text: str, kind: PreferenceKind | None) -> None:
    signals = classify(mail(own_text=text), PROOF, None, known)
    found = [signal.kind for signal in signals if isinstance(signal, Preference) and signal.evidence.token]
    assert found == ([kind] if kind else [])


def test_start_asks_and_does_not_confirm(known: Catalog) -> None:  # hazard D5
    (signal,) = classify(mail(own_text="START"), PROOF, None, known)
    assert isinstance(signal, Resubscribe)
    assert not signal.confirmed


def test_a_confirming_token_says_more_than_a_word(known: Catalog) -> None:
    confirm = Token(purpose=Purpose.CONFIRM, key_id="a", id="c" * 13, place="subject")
    (signal,) = classify(mail(own_text="START"), Proof(tokens=(LETTER, confirm)), None, known)
    assert isinstance(signal, Resubscribe)
    assert signal.confirmed


@pytest.mark.parametrize("place", ["recipient", "message-id"])
def test_only_an_answer_counts(known: Catalog, place: str) -> None:
    proof = Proof(tokens=(replace(LETTER, place=place),))
    assert kinds(mail(own_text="1"), known, proof) == ["reply"]
    assert kinds(mail(own_text="1"), known, Proof()) == ["reply"]


def test_a_used_link_says_it_in_its_subject(known: Catalog) -> None:
    proof = Proof(tokens=(replace(LETTER, place="subject"),))
    token = "ra" + "b" * 29
    for body in ("", "Ana Gomez\nBuyer Ltd"):
        (signal,) = classify(mail(subject=f"LESS {token}", own_text=body), proof, None, known)
        assert isinstance(signal, Preference)
    assert kinds(mail(subject=f"Offer {token}", own_text="hello"), known, proof) == ["reply"]
    assert kinds(mail(subject=f"1 {token}", own_text=""), known) == []  # its token stood elsewhere


def test_a_number_sent_to_the_unsubscribe_address_is_still_an_answer(known: Catalog) -> None:
    (signal,) = classify(mail(own_text="1"), PROOF, Role.UNSUBSCRIBE, known)
    assert isinstance(signal, OptOut)
    assert signal.manner is Manner.REASON


def test_a_machine_answers_nothing(known: Catalog) -> None:  # hazard D8
    for mark in (AutomaticMark.AUTO_REPLIED, AutomaticMark.NULL_SENDER):
        assert "pause" not in kinds(mail(own_text="PAUSE", automatic=(mark,)), known)


def test_a_request_about_data_is_not_lost_behind_a_number(known: Catalog) -> None:
    found = kinds(mail(own_text="1\n\nPlease delete all my personal data."), known)
    assert "erase" in found


def test_who_says_both_means_the_opt_out(known: Catalog) -> None:
    assert kinds(mail(own_text="PAUSE\n\nPlease unsubscribe me from your mailing list."), known)[0] == "unsubscribe"
    assert not any(
        isinstance(signal, Preference)
        for signal in classify(mail(own_text="PAUSE\n\nunsubscribe me"), PROOF, None, known)
        if signal.evidence.token
    )


def test_a_possible_opt_out_waits_beside_the_answer(known: Catalog) -> None:
    doubtful = replace(known, ngrams=opinion_of(unsubscribe=0.55, reply=0.4))
    for word, kind in (("PAUSE", "pause"), ("START", "resubscribe"), ("1", "unsubscribe")):
        text = f"{word}\n\n{UNKNOWN}, for we have moved to another town"
        said = mail(("References", "<1@shop.example>"), own_text=text)
        answer, *beside = classify(said, PROOF, None, doubtful)
        assert (kind_of(answer), answer.evidence.token) == (kind, LETTER)
        assert list(map(is_only_possible, beside)) == ([] if word == "1" else [True])
