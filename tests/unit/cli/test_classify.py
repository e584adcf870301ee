"""classify: one object a mail, in order, whatever the input is; no configuration, nothing changed."""

import os
from pathlib import Path
from typing import cast

import pytest

from tests.unit.cli.conftest import CommandLine

STOP = b"From: ann@orchard.example\nTo: sales@kestrel-tools.example\nSubject: Re: offer\n\nSTOP\n"
ASK = b"From: ben@orchard.example\nTo: sales@kestrel-tools.example\nSubject: Re: offer\n\nWhat is the price?\n"
FIELDS = ["file", "kind", "signals", "language", "automatic", "defects"]


@pytest.fixture(autouse=True)
def no_configuration(optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTOUTD_CONFIG", "/nowhere")
    optoutd.config.unlink()


def file(name: str, raw: bytes = STOP) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return name


def kinds(rows: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(row["file"], row.get("kind", row.get("error"))) for row in rows]


def test_the_object_of_the_contract(optoutd: CommandLine) -> None:
    ended = optoutd("classify", "--json", file("a.eml"))
    assert (ended.code, ended.err) == (0, "")
    (row,) = ended.rows
    assert list(row) == FIELDS
    (signal,) = cast("list[dict[str, object]]", row["signals"])
    assert str(signal.pop("rule")).startswith("keyword:")  # STOP is a word of many languages
    assert row == {
        "file": "a.eml", "kind": "unsubscribe", "language": "", "automatic": False, "defects": [],
        "signals": [
            {
                "type": "unsubscribe", "address": "ann@orchard.example", "excerpt": "STOP",
                "confidence": "sure", "scope": "all", "reason": None,
            }
        ],
    }  # fmt: skip


def test_a_line_for_a_person(optoutd: CommandLine) -> None:
    ended = optoutd("classify", file("a.eml"), file("b.eml", b""), "missing.eml")
    assert ended.code == 0
    first, *others = ended.out.splitlines()
    assert first.startswith("a.eml: unsubscribe: ann@orchard.example by keyword:")
    assert others == [
        "b.eml: other",
        "missing.eml: cannot be read: No such file or directory",
    ]


def test_files_folders_maildir_and_mbox_in_the_order_given(optoutd: CommandLine) -> None:
    envelope = b"From x Mon Mar  2 10:00:00 2026\n"
    file("folder/b/2.eml", ASK)
    file("folder/b/10.eml")
    file("folder/a.eml")
    file("Maildir/cur/1.host:2,RS", ASK)
    file("Maildir/new/2.host")
    file("Maildir/tmp/3.host")
    file("box", envelope + STOP + b"\n" + envelope + ASK)
    ended = optoutd("classify", "--json", "box", "folder", "missing", str(Path("Maildir").absolute()), "folder/a.eml")
    assert ended.code == 0
    maildir = str(Path("Maildir").absolute())
    assert kinds(ended.rows) == [
        ("box#1", "unsubscribe"), ("box#2", "reply"),
        ("folder/a.eml", "unsubscribe"), ("folder/b/10.eml", "unsubscribe"), ("folder/b/2.eml", "reply"),
        ("missing", "No such file or directory"),
        (f"{maildir}/cur/1.host:2,RS", "reply"), (f"{maildir}/new/2.host", "unsubscribe"),
        ("folder/a.eml", "unsubscribe"),
    ]  # fmt: skip


def test_an_unreadable_input_is_a_line_and_no_failure(optoutd: CommandLine) -> None:
    file("folder/b.eml")
    Path("folder/a.eml").symlink_to("nowhere")
    ended = optoutd("classify", "--json", "folder")
    assert ended.code == 0
    assert ended.rows[0] == {"file": "folder/a.eml", "error": "No such file or directory"}
    assert ended.rows[1]["kind"] == "unsubscribe"


def test_a_file_name_that_is_no_utf_8(optoutd: CommandLine) -> None:
    """A folder unpacked from a Chinese Windows has such names."""
    Path(os.fsdecode("退订.eml".encode("gbk"))).write_bytes(STOP)
    (row,) = optoutd("classify", "--json", ".").rows
    assert (row["file"], row["kind"]) == ("\\xcd˶\\xa9.eml", "unsubscribe")
    assert optoutd("classify", ".").code == 0


def test_nothing_to_read_is_a_mistake(optoutd: CommandLine) -> None:
    ended = optoutd("classify")
    assert ended.code == 2
    assert ended.err == "optoutd: Missing argument 'PATH...'. (try: optoutd classify --help)\n"


def test_a_bounce_has_its_own_fields(optoutd: CommandLine) -> None:
    corpus = Path(__file__).parents[2] / "corpus" / "bounce"
    (row,) = optoutd("classify", "--json", str(corpus / "postfix-user-unknown.eml")).rows
    signals = row["signals"]
    assert isinstance(signals, list)
    assert list(signals[0]) == [
        "type", "address", "rule", "excerpt", "confidence", "status", "hard", "reason", "diagnostic",
    ]  # fmt: skip
