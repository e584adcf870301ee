"""Every letter we ship, in every language, and how one is chosen."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

import pytest
import tomli

from agent.model.plan import LetterKind, Tone
from agent.render.html import RIGHT_TO_LEFT
from agent.render.letter import MAX_OCTETS, compose
from agent.render.letters import LESS_WORD, PAUSE_WORD, START_WORD, WORDS, LetterError, check, choose
from agent.render.placeholders import NUMBERS, used
from tests.unit.render.test_letter import FACTS, LETTER, part, read

LANG = files("agent") / "data" / "lang"
TEXTS = {
    f"{tag.name}/{file.name.removesuffix('.txt')}": file.read_text("utf-8")
    for tag in LANG.iterdir()
    if (tag / "letters").is_dir()
    for file in (tag / "letters").iterdir()
}
TAGS = sorted({name.partition("/")[0] for name in TEXTS})
SCRIPTS = {
    "zh-Hans": r"[\u4e00-\u9fff]", "ru": r"[а-яё]", "ar": r"[\u0600-\u06ff]", "ja": r"[\u3040-\u30ff]",
    "ko": r"[\uac00-\ud7a3]",
}  # fmt: skip
ENGLISH = frozenset(
    [
        "the",
        "you",
        "your",
        "we",
        "our",
        "this",
        "that",
        "mail",
        "mails",
        "list",
        "if",
        "is",
        "are",
        "was",
        "not",
        "have",
        "will",
        "word",
        "reply",
        "any",
        "more",
        "from",
        "to",
        "and",
        "of",
        "at",
        "with",
        "please",
        "thank",
        "letting",
        "hello",
        "kind",
        "regards",
        "contact",
        "unsubscribe",
    ]
)
SHARED = frozenset({"was", "contact", "mails", "mail", "list", "at", "is"})  # words that others spell alike
EVERY = [pytest.param(tag, kind, id=f"{tag}-{kind.value}") for tag in TAGS for kind in LetterKind]


def test_all_languages_are_there_and_whole() -> None:
    assert TAGS == ["ar", "de", "en", "es", "fr", "it", "ja", "ko", "pt-BR", "ru", "tr", "vi", "zh-Hans"]
    assert len(TEXTS) == len(TAGS) * (len(LetterKind) + len(WORDS) + 1)  # one more: the kinder opt-out
    check(TEXTS)


@pytest.mark.parametrize(("tag", "kind"), EVERY)
def test_a_letter_can_be_sent(tag: str, kind: LetterKind) -> None:
    """With long names it stays small, in lines that every server takes, and says who writes."""
    for tone in Tone:
        _can_be_sent(tag, kind, tone)


def _can_be_sent(tag: str, kind: LetterKind, tone: Tone) -> None:
    text = choose(TEXTS, kind, tag, "en", tone)
    assert text.language == tag
    facts = replace(
        FACTS,
        company="Shanghai Example Precision Valves Import & Export Co., Ltd.",
        postal_address="Room 1203, Building 7, 888 Long Example Road, Pudong District, Shanghai 200120, China",
        contact="export-sales-department@long-company-name.example, +86 21 5555 0199",
        reply_to="reply@a-rather-long-company-domain.example",
        language=tag,
        start_word=text.start_word,
        pause_word=text.pause_word,
        less_word=text.less_word,
        reply_token="r" * 31,
        confirm_address="reply@a-rather-long-company-domain.example",
        confirm_subject="START ca" + "a" * 29 + "@t.a-rather-long-company-domain.example",
    )
    letter = replace(LETTER, kind=kind, list="Valves and fittings", until=datetime(2026, 5, 1, tzinfo=UTC))
    raw = compose(letter, text.template, facts)
    assert len(raw) < MAX_OCTETS - 1024  # room for a signature
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    subject = read(raw)["Subject"]
    assert subject
    assert len(subject) < 80
    body, page = part(raw, "plain"), part(raw, "html")
    for told in (facts.company, facts.postal_address, facts.contact, "Ana@buyer.example"):
        assert told in body
        assert escape(told) in page
    assert ('dir="rtl"' in page) == (tag in RIGHT_TO_LEFT)
    assert f'lang="{tag}"' in page
    assert not re.search(r"[{}]", body)
    if kind in (LetterKind.OPT_OUT, LetterKind.OPT_OUT_UNVERIFIED, LetterKind.TOPIC, LetterKind.PAUSE):
        assert text.start_word in body


@pytest.mark.parametrize(("tag", "kind"), EVERY)
def test_a_letter_is_in_its_own_language(tag: str, kind: LetterKind) -> None:
    text = re.sub(r"\{\w+\}|^Subject: ", " ", TEXTS[f"{tag}/{kind.value}"])
    words = set(re.findall(r"[^\W\d_]+", text.casefold()))
    if tag == "en":
        assert words & ENGLISH
    else:
        assert not words & (ENGLISH - SHARED)
    if tag in SCRIPTS:
        assert len(re.findall(SCRIPTS[tag], text)) > 40
        assert not {word for word in words if word.isascii()}


@pytest.mark.parametrize("tag", TAGS)
def test_letters_of_a_language_differ(tag: str) -> None:
    """No text was copied from another kind or another language."""
    texts = [TEXTS[f"{tag}/{kind.value}"] for kind in LetterKind]
    subjects = {text.splitlines()[0] for text in texts}
    assert len(subjects) == len(texts)


@pytest.mark.parametrize("tag", TAGS)
def test_the_words_are_ones_that_are_understood(tag: str) -> None:
    """What reads the answers must know the very words our letters ask for."""
    known = tomli.loads((LANG / tag / "reply_words.toml").read_text("utf-8"))
    for word, name in ((START_WORD, "start"), (PAUSE_WORD, "pause"), (LESS_WORD, "less")):
        assert TEXTS[f"{tag}/{word}"].strip().casefold() in {phrase.casefold() for phrase in known[name]}


@pytest.mark.parametrize("tag", TAGS)
def test_only_what_is_built_is_offered(tag: str) -> None:
    """A letter that offers the way back names the word for it; reasons and a pause are offered after an opt-out."""
    names = {kind: used(TEXTS[f"{tag}/{kind.value}"]) for kind in LetterKind}
    opt_outs = {LetterKind.OPT_OUT, LetterKind.OPT_OUT_UNVERIFIED}
    assert {kind for kind in LetterKind if START_WORD in names[kind]} == opt_outs | {LetterKind.TOPIC, LetterKind.PAUSE}
    for word in (PAUSE_WORD, LESS_WORD, *NUMBERS):
        assert {kind for kind in LetterKind if word in names[kind]} == opt_outs


@pytest.mark.parametrize("tag", TAGS)
def test_a_valued_contact_gets_the_same_in_kinder_words(tag: str) -> None:
    plain, kinder = (choose(TEXTS, LetterKind.OPT_OUT, tag, "en", tone).template for tone in Tone)
    assert plain != kinder
    assert used(plain) == used(kinder)
    assert plain.splitlines()[0] == kinder.splitlines()[0]
    assert choose(TEXTS, LetterKind.PAUSE, tag, "en", Tone.HIGH_VALUE).template == TEXTS[f"{tag}/pause"]


@pytest.mark.parametrize(
    ("language", "own", "chosen"),
    [
        ("ru", "en", "ru"),
        ("zh", "en", "zh-Hans"),
        ("zh-Hant", "en", "zh-Hans"),
        ("ZH_hans", "en", "zh-Hans"),
        ("de-AT", "en", "de"),
        ("pt", "en", "pt-BR"),
        ("pt-PT", "en", "pt-BR"),
        ("ja-JP", "fr", "ja"),
        ("th", "fr", "fr"),
        ("th", "pl", "en"),
        ("", "", "en"),
        ("e", "x", "en"),
    ],
)
def test_choose(language: str, own: str, chosen: str) -> None:
    assert choose(TEXTS, LetterKind.OPT_OUT, language, own).language == chosen


def test_choose_without_any_text() -> None:
    with pytest.raises(LetterError, match="en/opt_out"):
        choose({}, LetterKind.OPT_OUT, "de", "fr")
    with pytest.raises(LetterError, match="en/opt_out"):
        choose({"en/opt_out": "Subject: a\n\nb"}, LetterKind.OPT_OUT, "en", "en")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("de/pause", None, "missing"),
        ("de/start_word", " \n", "START is missing"),
        ("de/pause", "Betreff: x\n\ny", "Subject"),
        ("de/pause", "Subject: x\nTo: y\n\ny", "Subject"),
        ("de/pause", "Subject: x\n\n{company}{postal_address}{contact}{address}{start_word}", "until is missing"),
        ("de/pause", "Subject: x\n\n{company.x}", "unknown placeholder company.x"),
        ("de/pause", "Subject: x\n\n{company", "unknown placeholder {"),
    ],
)
def test_check_names_the_file(name: str, text: str | None, words: str) -> None:
    texts = {key: value for key, value in TEXTS.items() if key != name}
    with pytest.raises(LetterError, match=re.escape(words)) as error:
        check(texts if text is None else texts | {name: text})
    assert str(error.value).startswith(name)
