"""Every mail of tests/corpus means what the file beside it says, with whatever line ends it came."""

import json
import os
from pathlib import Path

import pytest

from agent.cli.classify import row_of
from agent.intake.files import MailFile
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit

CORPUS = Path(__file__).parent / "corpus"
REWRITE = os.environ.get("OPTOUTD_REWRITE") == "1"
HINT = "if the new meaning is the right one: OPTOUTD_REWRITE=1 ./run test tests/test_corpus.py"

LINE_ENDS = {"LF": b"\n", "CRLF": b"\r\n", "CR": b"\r"}
KINDS_OF_FOLDER = {
    "opt_out": {"unsubscribe"},
    "resubscribe": {"resubscribe"},
    "bounce": {"bounce", "delay"},
    "complaint": {"complaint"},
    "auto_reply": {"autoreply"},
    "must-not-match": {"reply", "other"},
}
NAMES = sorted(path.relative_to(CORPUS).with_suffix("").as_posix() for path in CORPUS.rglob("*.eml"))

Row = dict[str, object]


@pytest.fixture(scope="module")
def kit() -> ReadingKit:
    return load_kit()


def meaning(raw: bytes, kit: ReadingKit) -> Row:
    row = row_of(MailFile(name="", raw=raw), kit)
    del row["file"]
    return row


def expected(name: str) -> Row:
    row = json.loads((CORPUS / f"{name}.json").read_text("utf-8"))
    assert isinstance(row, dict)
    return row


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ends", LINE_ENDS)
def test_the_mail_means_what_the_file_beside_it_says(name: str, ends: str, kit: ReadingKit) -> None:
    raw = (CORPUS / f"{name}.eml").read_bytes()
    if ends != "LF" and b"\r" in raw:
        pytest.skip("its line ends are part of what is wrong with it")
    if REWRITE:
        text = json.dumps(meaning(raw, kit), indent=2, ensure_ascii=False)
        (CORPUS / f"{name}.json").write_text(text + "\n", "utf-8")
    assert meaning(raw.replace(b"\n", LINE_ENDS[ends]), kit) == expected(name), HINT


@pytest.mark.parametrize("name", NAMES)
def test_no_rewrite_turns_a_mail_into_another_kind(name: str) -> None:
    kinds = KINDS_OF_FOLDER.get(name.partition("/")[0])
    assert kinds is None or expected(name)["kind"] in kinds


def test_mails_and_files_are_pairs() -> None:
    assert sorted(path.relative_to(CORPUS).with_suffix("").as_posix() for path in CORPUS.rglob("*.json")) == NAMES
    assert {name.partition("/")[0] for name in NAMES} == {*KINDS_OF_FOLDER, "malformed"}
