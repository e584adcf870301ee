"""Mint for mail merge: a list with a column more for each header of a mail; the rest stays as it was.

Law: a row leaves only with its tokens, and those are in the send log before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from agent.lists.cells import address_in
from agent.lists.source import open_source
from agent.lists.table import Record, Sink, TableError, plain_codec
from agent.model.address import AddressKey

BATCH = 2_000  # rows that share a commit
COLUMNS = ("Return-Path", "List-Unsubscribe", "Message-ID")

Mint = Callable[[Sequence[AddressKey]], Sequence[Mapping[str, str]]]  # the headers for each, already on record


@dataclass(slots=True, kw_only=True)
class Summary:
    """What became of the rows."""

    minted: int = 0
    left_out: int = 0


def mint_rows(source: Path, target: BinaryIO, mint: Mint, progress: Callable[[int], object]) -> Summary:
    """Copy the list with its new columns at the right; TableError says what is wrong. `progress` is told octets."""
    table = open_source(source)
    form, header, column = table.form, table.header, table.column
    if header is None:
        raise TableError(f"{source}: mail merge needs names of the columns; write them into the first line")
    out, width, summary = Sink(target, form), len(header.fields), Summary()
    out.write(_wider(header, width, form.separator, COLUMNS))
    while batch := list(islice(table.rows, BATCH)):
        found = [(record, address_in(record.fields[column])) for record in batch if column < len(record.fields)]
        fit = [(record, key) for record, key in found if key is not None and len(record.fields) <= width]
        for (record, _), headers in zip(fit, mint([key for _, key in fit]), strict=True):
            out.write(_wider(record, width, form.separator, [headers[name] for name in COLUMNS]))
        summary.minted += len(fit)
        summary.left_out += sum(1 for record in batch if record.text.strip()) - len(fit)
        progress(sum(len(record.text.encode(plain_codec(form), "replace")) for record in batch))
    return summary


def _wider(record: Record, width: int, separator: str, cells: Sequence[str]) -> Record:
    """The record with these cells behind its last column; no cell of ours ever needs quoting."""
    text = record.text.rstrip("\r\n")
    end = record.text[len(text) :] or "\n"
    missing = separator * (width - len(record.fields))
    return Record(line=record.line, text=text + missing + separator + separator.join(cells) + end, fields=())
