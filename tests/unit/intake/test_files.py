"""Mail that lies in files: which files are mail, in which order, and what their bytes are."""

import mailbox
import os
import socket
from pathlib import Path

import pytest

from agent.intake.files import MailFile, mails

MAIL = b"From: ann@orchard.example\nSubject: hi\n\nhello\n"


def file(path: Path, raw: bytes = MAIL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path


def names(folder: Path) -> list[str]:
    return [Path(one.name).relative_to(folder).as_posix() for one in mails(str(folder))]


def test_one_file_keeps_the_name_it_was_called_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file(tmp_path / "a.eml")
    file(tmp_path / "box" / "b.eml", b"")
    monkeypatch.chdir(tmp_path)
    assert list(mails("a.eml")) == [MailFile(name="a.eml", raw=MAIL)]
    assert list(mails("box")) == [MailFile(name="box/b.eml", raw=b"")]
    assert [one.name for one in mails("./box/")] == ["box/b.eml"]


def test_a_folder_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b.eml", "a/2.eml", "a/10.eml", "c/d/e", "a.eml", ".hidden", ".git/x.eml", "tmp/kept.eml"):
        file(tmp_path / name)
    assert names(tmp_path) == ["a/10.eml", "a/2.eml", "a.eml", "b.eml", "c/d/e", "tmp/kept.eml"]


def test_maildir_tmp_and_index_files_are_left_out_and_its_subfolders_read(tmp_path: Path) -> None:  # hazard C10
    for name in ("cur/1.host:2,S", "new/2.host", "tmp/3.host", "dovecot-uidlist", ".Sent/cur/4.host:2,S", "extra/5"):
        file(tmp_path / name)
    for folder in ("new", "tmp"):
        (tmp_path / ".Sent" / folder).mkdir()
    file(tmp_path / ".Sent" / "maildirfolder", b"")
    assert names(tmp_path) == [".Sent/cur/4.host:2,S", "cur/1.host:2,S", "new/2.host"]


def test_mbox_mails_are_numbered_and_unescaped(tmp_path: Path) -> None:  # hazard C10
    first = b"Subject: one\n\n>From the start\n>>From twice\n> From a quote\nFromage\n"
    box = file(
        tmp_path / "archive.mbox",
        b"From ann@orchard.example Mon Mar  2 10:00:00 2026\n"
        + first
        + b"\nFrom ben@orchard.example Mon Mar  2 11:00:00 2026\nSubject: two\n\nhello\n",
    )
    one, two = mails(str(box))
    assert (one.name, two.name) == (f"{box}#1", f"{box}#2")
    assert one.raw == first.replace(b">From the", b"From the").replace(b">>From", b">From")
    assert two.raw == b"Subject: two\n\nhello\n"


def test_mbox_that_python_wrote_comes_back(tmp_path: Path) -> None:  # hazard C10
    bodies = [b"Subject: %d\n\nFrom here on\n\nend\n" % number for number in range(3)]
    box = mailbox.mbox(tmp_path / "box")
    for body in bodies:
        box.add(body)
    box.close()
    before = (tmp_path / "box").read_bytes()
    assert [one.raw for one in mails(str(tmp_path / "box"))] == bodies
    assert (tmp_path / "box").read_bytes() == before


def test_an_eml_file_with_an_envelope_line_is_one_mail(tmp_path: Path) -> None:  # hazard C10
    raw = b"From ann@orchard.example Mon Mar  2 10:00:00 2026\nSubject: hi\n\nFrom here on\n\nFrom there\n"
    assert list(mails(str(file(tmp_path / "one.EML", raw)))) == [MailFile(name=str(tmp_path / "one.EML"), raw=raw)]


def test_what_cannot_be_read_is_an_error_of_its_own(tmp_path: Path) -> None:
    file(tmp_path / "b.eml")
    (tmp_path / "a.eml").symlink_to(tmp_path / "nowhere")
    assert [(one.error, one.raw) for one in mails(str(tmp_path))] == [("No such file or directory", b""), ("", MAIL)]
    (missing,) = mails(str(tmp_path / "missing"))
    assert missing == MailFile(name=str(tmp_path / "missing"), error="No such file or directory")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_folder_is_an_error_not_an_empty_one(tmp_path: Path) -> None:
    file(tmp_path / "closed" / "a.eml")
    (tmp_path / "closed").chmod(0)
    try:
        assert [one.error for one in mails(str(tmp_path))] == ["Permission denied"]
        assert [one.error for one in mails(str(tmp_path / "closed" / "a.eml"))] == ["Permission denied"]
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_what_would_be_read_for_ever_is_left_out(tmp_path: Path) -> None:
    """A pipe without a writer would be read for ever, and a link to a folder above it entered for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        file(tmp_path / "a.eml")
        assert names(tmp_path) == ["a.eml"]
