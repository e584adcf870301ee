"""The language model: its file, its sums, and what it takes for features."""

import lzma
from array import array

import msgspec
import pytest

from agent.model.signal import OptOutReason
from agent.rules.ngrams import LONG_WORD, REACH, Ngrams, NgramsError, _known, key, ngrams, read_ngrams, written
from agent.rules.sparse import NOTHING, sparse
from agent.worker.kit import shipped_ngrams
from training.texts import FOLDER, digest, texts

KNOWN = sorted(map(key, ("stop", "mails", "thanks")))


def model(weights: bytes = bytes([NOTHING] * 2 * len(KNOWN))) -> Ngrams:
    return Ngrams(
        labels=("leave", "stay"),
        bias=(0.0, 0.0),
        scale=0.1,
        keys=array("I", KNOWN),
        weights=sparse((weights[::2], weights[1::2])),
    )


def test_the_file_comes_back_as_it_was() -> None:
    assert written(read_ngrams(written(model()))) == written(model())


@pytest.mark.parametrize(
    "data", [b"", b"no model", written(model())[:-9], written(model(bytes(4))), lzma.compress(b"no model")]
)
def test_another_file_is_refused_with_advice(data: bytes) -> None:
    with pytest.raises(NgramsError, match="install the program again"):
        read_ngrams(data)


def test_a_file_of_other_fields_is_refused() -> None:
    with pytest.raises(NgramsError):
        read_ngrams(lzma.compress(msgspec.msgpack.encode({"labels": ["a"]})))


def test_what_it_learned_decides() -> None:
    weights = bytearray(model().weights.written_out())
    at = KNOWN.index(key("stop")) * 2
    weights[at : at + 2] = 255, 0
    shares = model(bytes(weights)).opinion(["stop"])
    assert shares["leave"] > 0.99
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize("features", [[], ["what", "nobody", "learned"]])
def test_of_features_it_does_not_know_it_says_what_is_usual(features: list[str]) -> None:
    assert model().opinion(features) == {"leave": 0.5, "stay": 0.5}


def test_spaced_words_give_words_pairs_and_pieces() -> None:
    assert {" stop ", "^ stop", "stop mails", "ail", "mail"} - ngrams([" stop mails "]) == {"ail"}


def test_unspaced_scripts_give_their_letters() -> None:
    found = ngrams(["退订邮件"])
    assert {"退", "退订", "退订邮"} <= found
    assert not any(" " in feature for feature in found)


def test_words_that_belong_together_stand_apart_in_their_order() -> None:
    found = ngrams([" не надо , пожалуйста , вычёркивать "])
    assert {"не~вычё", "^~не"} <= found
    assert "вычё~не" not in found


def test_words_out_of_reach_are_no_pair() -> None:
    words = [f"w{number}" for number in range(REACH + 2)]
    found = ngrams([f" {' '.join(words)} "])
    assert f"{words[0]}~{words[REACH]}" in found
    assert f"{words[0]}~{words[REACH + 1]}" not in found


def test_vietnamese_is_spaced_whatever_its_letters() -> None:
    assert " hủy " in ngrams([" hủy "])


def test_a_word_of_any_length_is_read_and_only_short_ones_are_kept() -> None:
    word = "x" * LONG_WORD + "y"
    kept = _known.cache_info().misses
    assert {f" {word} ", f"^ {word}", "xxxxy"} <= ngrams([f" {word} "])
    assert _known.cache_info().misses == kept


def test_the_shipped_model_is_made_of_the_texts_here() -> None:
    """`./run python -m training.train` makes it anew."""
    assert shipped_ngrams().learned_from == digest(FOLDER)


def test_every_text_has_a_kind_that_we_know() -> None:
    known = texts()
    assert {text.label for text in known} == set(shipped_ngrams().labels)
    assert {text.label.partition(" ")[2] for text in known} <= {"", *(one.value for one in OptOutReason)}
    assert len({(text.language, text.words) for text in known}) > 0.99 * len(known)
    assert len({text.language for text in known}) == 25
