"""Mail that lies in files: single .eml files, Maildir and other folders, mbox; read one at a time, never changed."""

import mailbox
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MAIL = ("cur", "new")  # a Maildir's folders of whole mails
_MBOXRD_ESCAPE = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """One mail of a file or folder: its name, and its bytes or why they could not be read."""

    name: str
    raw: bytes = b""
    error: str = ""


def mails(path: str) -> Iterator[MailFile]:
    """Every mail at or below a path, in the order of the names; what cannot be read is a MailFile with an error."""
    yield from _mails_at(Path(path), path)


def _mails_at(place: Path, name: str) -> Iterator[MailFile]:
    try:
        if place.is_dir():
            for entry in _entries(place):
                yield from _mails_at(entry, str(Path(name) / entry.name))
        elif _is_mbox(place):
            yield from _mails_of_mbox(place, name)
        else:
            yield MailFile(name=name, raw=place.read_bytes())
    except OSError as wrong:
        yield MailFile(name=name, error=wrong.strerror or str(wrong))


def _entries(folder: Path) -> list[Path]:
    """What may hold mail in a folder: no hidden files, pipes or links to other folders; of a Maildir no `tmp` and no
    index files, but its subfolders, whose names begin with a dot (Maildir++).
    """
    entries = sorted(folder.iterdir())
    if {"cur", "new"} <= {entry.name for entry in entries}:
        return [entry for entry in entries if _is_folder(entry) and (entry.name in _MAIL or entry.name[0] == ".")]
    return [entry for entry in entries if entry.name[0] != "." and (_is_folder(entry) or not _is_special(entry))]


def _is_folder(entry: Path) -> bool:
    return stat.S_ISDIR(entry.lstat().st_mode)


def _is_special(entry: Path) -> bool:
    """Reading a pipe, a device or a socket would wait for ever; a link that leads nowhere is an error to tell."""
    try:
        return not stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return False


def _is_mbox(file: Path) -> bool:
    """A `From ` line opens an mbox; an .eml file that has one is still one mail."""
    if file.suffix.lower() == ".eml":
        return False
    with file.open("rb") as opened:
        return opened.read(5) == b"From "


def _mails_of_mbox(file: Path, name: str) -> Iterator[MailFile]:
    box = mailbox.mbox(file, create=False)
    try:
        for number, key in enumerate(box.iterkeys(), start=1):
            yield MailFile(name=f"{name}#{number}", raw=_MBOXRD_ESCAPE.sub(rb"\1", box.get_bytes(key)))
    finally:
        box.close()
