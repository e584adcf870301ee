"""A table as a person saved it: encoding, separator, quoting and line ends are found out and kept to the letter.

Records are handed on with the very text they were written in, so that what is kept of a file is byte for byte what
it was. Reading streams; a file of any size costs the memory of its longest record.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

SEPARATORS = ",;\t|"
MAX_RECORD_CHARS = 1_000_000
_SAMPLE_BYTES = 262_144
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class TableError(Exception):
    """The file cannot be read as a table; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How the file is written. `bom` stands before the first record."""

    encoding: str
    separator: str
    bom: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: its line number, the text as it stood (line end included), and its fields."""

    line: int
    text: str
    fields: tuple[str, ...]


def find_format(path: Path) -> Format:
    """Encoding by its mark, else UTF-8, GB18030 (Chinese Excel, WPS), Windows-1252; the likeliest separator."""
    try:
        with path.open("rb") as opened:
            sample = opened.read(_SAMPLE_BYTES)
    except OSError as wrong:
        raise TableError(f"{path}: cannot be read: {wrong.strerror}") from None
    if sample.startswith(b"PK\x03\x04"):
        raise TableError(f"{path}: this is an Excel workbook; save it as CSV first (File, Save as, CSV UTF-8)")
    encoding, bom = _encoding(sample, whole=len(sample) < _SAMPLE_BYTES)
    text = sample.decode(encoding, "ignore").lstrip("\ufeff")
    return Format(encoding=encoding, separator=_separator(text), bom=bom)


def records(path: Path, form: Format) -> Iterator[Record]:
    """Every record of the file. A quoted field may hold separators and line ends (RFC 4180 section 2)."""
    with path.open("rb") as raw:
        raw.seek(len(form.bom))
        encoding = plain_codec(form)
        errors = "surrogateescape" if encoding == "utf-8" else "strict"
        with io.TextIOWrapper(raw, encoding, errors, newline="") as lines:
            try:
                yield from _records(lines, form.separator)
            except UnicodeDecodeError:
                raise TableError(f"{path}: is not {encoding} throughout; save it as CSV UTF-8") from None


def plain_codec(form: Format) -> str:
    """The codec for what stands behind the mark."""
    return "utf-8" if form.encoding == "utf-8-sig" else form.encoding


class Sink:
    """Writes records in the form of the source, those that are kept as they stood; the mark of the encoding first."""

    def __init__(self, file: BinaryIO | None, form: Format) -> None:
        self._file = file
        self._encoding = plain_codec(form)
        if file:
            file.write(form.bom)

    def write(self, record: Record) -> None:
        """One record, with a line end also where the last line of the source has none."""
        if self._file:
            text = record.text if record.text.endswith(("\n", "\r")) else record.text + "\n"
            self._file.write(text.encode(self._encoding, "surrogateescape" if self._encoding == "utf-8" else "strict"))


def _records(lines: Iterable[str], separator: str) -> Iterator[Record]:
    waiting, begun = "", 0
    for number, line in enumerate(lines, start=1):
        begun = begun if waiting else number
        waiting += line
        # An odd number of quotes: the field goes on in the next line.
        if waiting.count('"') % 2 and len(waiting) < MAX_RECORD_CHARS:
            continue
        yield Record(line=begun, text=waiting, fields=_fields(waiting, separator))
        waiting = ""
    if waiting:
        yield Record(line=begun, text=waiting, fields=_fields(waiting, separator))


def _fields(text: str, separator: str) -> tuple[str, ...]:
    if '"' not in text:
        return tuple(text.rstrip("\r\n").split(separator))
    try:
        return tuple(next(csv.reader([text], delimiter=separator), ()))
    except csv.Error:
        return tuple(text.rstrip("\r\n").split(separator))


def _encoding(sample: bytes, *, whole: bool) -> tuple[str, bytes]:
    for bom, encoding in _BOMS:
        if sample.startswith(bom):
            return encoding, bom
    for encoding in ("utf-8", "gb18030"):
        if _decodes(sample, encoding, whole=whole):
            return encoding, b""
    return "cp1252", b""


def _decodes(sample: bytes, encoding: str, *, whole: bool) -> bool:
    """A sample may end in the middle of a character."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _separator(text: str) -> str:
    """The one that the first lines hold most evenly; a single column has none."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]

    def evenness(separator: str) -> tuple[int, int]:
        counts = [line.count(separator) for line in lines]
        return (min(counts, default=0), sum(counts))

    return max(SEPARATORS, key=evenness)
