"""Mail that lies in files: single .eml files, Maildir and other folders, mbox; read one at a time, never changed."""

import mailbox
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MBOXRD_ESCAPE = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """One mail of a file or folder: its name, and its bytes or why they could not be read."""

    name: str
    raw: bytes = b""
    error: str = ""


def mails(path: str) -> Iterator[MailFile]:
    """Every mail below a path in the order of the names; hidden files and Maildir's `tmp` are left out."""
    top = Path(path)
    if not top.is_dir():
        yield from _mails_of_file(top, path)
        return
    for found in sorted(top.rglob("*")):
        below = found.relative_to(top)
        hidden = any(part.startswith(".") or part == "tmp" for part in below.parts)
        if found.is_file() and not hidden:
            yield from _mails_of_file(found, str(Path(path) / below))


def _mails_of_file(file: Path, name: str) -> Iterator[MailFile]:
    try:
        if _is_mbox(file):
            yield from _mails_of_mbox(file, name)
        else:
            yield MailFile(name=name, raw=file.read_bytes())
    except OSError as wrong:
        yield MailFile(name=name, error=wrong.strerror or str(wrong))


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
