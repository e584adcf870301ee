"""A list of people in a file: its form, the column with the addresses, its heading apart from its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from agent.lists.columns import address_column, has_header
from agent.lists.table import Format, Record, TableError, find_format, records

_SAMPLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An opened list. `header`: the first record, where it is no row; `rows` can be gone through once."""

    form: Format
    column: int
    header: Record | None
    rows: Iterator[Record]


def open_source(path: Path) -> Source:
    """Look at the first records; TableError when no column holds addresses."""
    form = find_format(path)
    rows = records(path, form)
    sample = list(islice(rows, _SAMPLE))
    fields = [record.fields for record in sample]
    column = address_column(fields)
    if column is None:
        raise TableError(f"{path}: no column holds e-mail addresses; name the column `email` in the first line")
    header = sample[0] if has_header(fields, column) else None
    return Source(form=form, column=column, header=header, rows=chain(sample[1:] if header else sample, rows))
