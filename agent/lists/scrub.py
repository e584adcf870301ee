"""Scrub: take the suppressed out of a mailing list before it is used; the rest stays byte for byte as it was."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from agent.lists.cells import address_in
from agent.lists.source import open_source
from agent.lists.table import Record, Sink
from agent.model.address import AddressKey

# Looked up together, in the order of the file's index: one walk through the list a batch, and flat memory.
BATCH = 100_000

Listed = Callable[[Collection[str]], frozenset[str]]  # those of the keys that are on the list


@dataclass(slots=True, kw_only=True)
class Summary:
    """What became of the rows. `unreadable`: kept out, for nobody can say whether they are suppressed."""

    column: str
    kept: int = 0
    suppressed: int = 0
    unreadable: int = 0

    @property
    def rows(self) -> int:
        """All rows but the heading."""
        return self.kept + self.suppressed + self.unreadable


def scrub(
    source: Path, target: BinaryIO, rejected: BinaryIO | None, listed: Listed, progress: Callable[[int], object]
) -> Summary:
    """Copy every row whose address may be mailed to `target`, the others to `rejected`; TableError says what is wrong.

    Encoding, mark, separator, quoting, columns and line ends are those of the source.
    """
    table = open_source(source)
    header, column = table.header, table.column
    out, bad = Sink(target, table.form), Sink(rejected, table.form)
    if header:
        out.write(header)
        bad.write(header)
    summary = Summary(column=header.fields[column] if header else f"column {column + 1}")
    for batch in _batches(table.rows):
        _sort_out(batch, column, listed, out, bad, summary)
        progress(summary.rows)
    return summary


def _sort_out(batch: list[Record], column: int, listed: Listed, out: Sink, bad: Sink, summary: Summary) -> None:
    keys = [_key(record, column) for record in batch]
    asked = {str(key) for key in keys if key} | {str(key.domain_key) for key in keys if key}
    stopped = listed(asked)
    for record, key in zip(batch, keys, strict=True):
        if key is None:
            summary.unreadable += 1
            bad.write(record)
        elif str(key) in stopped or str(key.domain_key) in stopped:
            summary.suppressed += 1
            bad.write(record)
        else:
            summary.kept += 1
            out.write(record)


def _key(record: Record, column: int) -> AddressKey | None:
    return address_in(record.fields[column]) if column < len(record.fields) else None


def _batches(rows: Iterable[Record]) -> Iterator[list[Record]]:
    """Blank lines at the end of a file are no rows."""
    filled = (record for record in rows if record.text.strip())
    while batch := list(islice(filled, BATCH)):
        yield batch
