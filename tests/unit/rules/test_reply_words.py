"""The words people answer our letters with: every language that has letters, each word with one meaning."""

from pathlib import Path

import pytest
import tomli

from agent.model.signal import OptOutReason
from agent.render.letters import LESS_WORD, PAUSE_WORD, START_WORD
from agent.rules.reply_words import REASONS, ReplyWord, ReplyWords, ReplyWordsError, build_reply_words

LANG = Path(__file__).parents[3] / "agent" / "data" / "lang"
TAGS = sorted(path.parent.name for path in LANG.glob("*/letters"))
TEXTS = {path.relative_to(LANG.parent).as_posix(): path.read_text("utf-8") for path in LANG.glob("*/reply_words.toml")}
WORDS = build_reply_words(TEXTS)


def test_every_language_with_letters_has_them() -> None:
    assert sorted(Path(path).parent.name for path in TEXTS) == TAGS


@pytest.mark.parametrize("tag", TAGS)
def test_what_a_letter_offers_is_understood_as_it_stands_there(tag: str) -> None:
    letters = LANG / tag / "letters"
    for stem, word in ((PAUSE_WORD, ReplyWord.PAUSE), (LESS_WORD, ReplyWord.LESS), (START_WORD, ReplyWord.START)):
        said = (letters / f"{stem}.txt").read_text("utf-8").strip()
        assert WORDS.read(said) is word
        assert WORDS.read(said.lower()) is word
    for number, reason in enumerate(REASONS, start=1):
        (line,) = [
            line for line in (letters / "opt_out.txt").read_text("utf-8").splitlines() if f"{{reason_{number}}}" in line
        ]
        meaning = line.partition("}")[2]
        assert WORDS.read(f"{number}{meaning}") is reason
        assert WORDS.read(meaning) is reason


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("1", OptOutReason.TOO_FREQUENT),
        (" (2) ", OptOutReason.NOT_RELEVANT),
        ("#3", OptOutReason.NO_LONGER_NEEDED),
        ("4️⃣", OptOutReason.OTHER_CHANNEL),
        ("٥", OptOutReason.NEVER_SIGNED_UP),
        ("１。", OptOutReason.TOO_FREQUENT),
        ("1, 3", OptOutReason.TOO_FREQUENT),
        ("2 and 4", OptOutReason.NOT_RELEVANT),
        ("1邮件太多", OptOutReason.TOO_FREQUENT),
        ("pause", ReplyWord.PAUSE),
        ("“PAUSE”", ReplyWord.PAUSE),
        ("PAUSE  no mail for 90 days, then again", ReplyWord.PAUSE),
        ("暂停", ReplyWord.PAUSE),
        ("暂停，谢谢", ReplyWord.PAUSE),
        ("Реже", ReplyWord.LESS),
        ("başlat", ReplyWord.START),
        ("TIEP TUC", ReplyWord.START),
        ("", None),
        ("0", None),
        ("6", None),
        ("12", None),
        ("1 not relevant", None),
        ("2 pallets", None),
        ("start the shipment", None),
        ("please pause production of item 3", None),
        ("a pause would help us decide", None),
        ("1 " * 100, None),
    ],
)
def test_read(line: str, meaning: object) -> None:
    assert WORDS.read(line) is meaning


def test_no_words_know_numbers_only() -> None:
    none = ReplyWords(meanings={})
    assert none.read("1") is OptOutReason.TOO_FREQUENT
    assert none.read("PAUSE") is None


GOOD = 'pause = ["a"]\nless = ["b"]\nstart = ["c"]\n[reasons]\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pause = [", "reply_words.toml"),
        (GOOD.replace('less = ["b"]', ""), "less"),
        (GOOD.replace('["b"]', '["A"]'), "something else"),
        (GOOD.replace('["b"]', '["!"]'), "empty"),
        (GOOD + 'other = ["x"]', "'other'"),
        (GOOD + 'too_frequent = ["c"]', "something else"),
        ("stop = []\n" + GOOD, "stop"),
    ],
)
def test_a_wrong_file_is_named(text: str, words: str) -> None:
    with pytest.raises(ReplyWordsError, match=words) as error:
        build_reply_words({"lang/xx/reply_words.toml": text})
    assert "lang/xx/reply_words.toml" in str(error.value)


def test_the_file_is_what_the_start_word_says() -> None:
    assert tomli.loads(TEXTS["lang/en/reply_words.toml"])["start"][0] == "START"
