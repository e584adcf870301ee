"""The letters that come with the program are complete, and a broken one is named at the start."""

from pathlib import Path

import pytest

from agent.effects.letter_files import read_letters
from agent.model.plan import LetterKind
from agent.render.letters import LetterError, choose


def test_the_letters_of_the_package_are_complete() -> None:
    texts = read_letters()
    assert {f"en/{kind.value}" for kind in LetterKind} <= texts.keys()
    assert choose(texts, LetterKind.OPT_OUT, "zh-CN", "en").language == "zh-Hans"


def test_a_folder_of_its_own(tmp_path: Path) -> None:
    for name, text in read_letters().items():
        if name.startswith("en/"):
            file = tmp_path / "en" / "letters" / f"{name.removeprefix('en/')}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    (tmp_path / "en" / "letters" / "opt_out.txt~").write_text("an editor's backup")
    (tmp_path / "fr").mkdir()
    assert {name.partition("/")[0] for name in read_letters(tmp_path)} == {"en"}


def test_a_missing_letter_is_named(tmp_path: Path) -> None:
    (tmp_path / "en" / "letters").mkdir(parents=True)
    (tmp_path / "en" / "letters" / "start_word.txt").write_text("START\n")
    with pytest.raises(LetterError, match="en/"):
        read_letters(tmp_path)
