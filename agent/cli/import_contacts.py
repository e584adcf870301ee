"""`optoutd import`: the operator's own list of contacts, as a spreadsheet saved it."""

import csv
import io
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from agent.cli.books import Mistake, opened
from agent.cli.files import bar, not_itself, replaced
from agent.lists.cells import shown
from agent.lists.contacts import Desk, Remark, Summary
from agent.lists.contacts import import_contacts as import_file
from agent.lists.table import TableError
from agent.obs.clock import utc_now
from agent.store import contacts, erased
from agent.store.contacts import Contact, Saved
from agent.store.db import Db
from agent.store.lookup import listed
from agent.store.public import open_public, publish

SHOWN = 10  # remarks on the screen; the report holds them all


@click.command("import")
@click.argument("source", type=click.Path(path_type=Path), metavar="FILE.csv")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE", help="Every row left out, and why.")
@click.pass_context
def import_contacts(ctx: click.Context, source: Path, report: Path | None) -> int:
    """Take contacts from FILE.csv; nothing in it can lift a suppression. It can be run again.

    Exit 1 when a row was left out.
    """
    not_itself(source, report)
    seen: list[Remark] = []
    with opened(ctx) as books, ExitStack() as open_files:
        public = open_public(books.settings.store)
        open_files.callback(public.close)
        publish(books.db, public, utc_now())
        table = open_files.enter_context(replaced(report)) if report else None
        size = source.stat().st_size if source.exists() else 0
        now = utc_now()
        desk = Desk(
            save=partial(_save, books.db),
            erased=partial(_erased, books.db),
            listed=partial(listed, public),
            remark=_remarks(table, seen),
            progress=open_files.enter_context(bar("reading contacts", size)),
            now=now,
        )
        try:
            summary = import_file(source, desk)
        except TableError as wrong:
            raise Mistake(str(wrong)) from None
    for one in seen:
        click.echo(f"line {one.line}: {one.address}: {one.why}", err=True)
    click.echo(_words(summary))
    return 1 if summary.left_out else 0


def _save(db: Db, batch: Sequence[Contact]) -> list[Saved]:
    with db.transaction():
        return [contacts.save(db, contact) for contact in batch]


def _erased(db: Db, keys: Collection[str]) -> frozenset[str]:
    return erased.among(db, keys, utc_now())


def _remarks(table: BinaryIO | None, seen: list[Remark]) -> Callable[[Remark], None]:
    """Into the report, or the first few for the screen."""

    def write(*cells: str) -> None:
        if table:
            text = io.StringIO(newline="")
            csv.writer(text).writerow(map(shown, cells))
            table.write(text.getvalue().encode("utf-8", "replace"))

    def remark(one: Remark) -> None:
        if table is None and len(seen) < SHOWN:
            seen.append(one)
        write(str(one.line), one.address, one.why)

    if table:
        table.write(b"\xef\xbb\xbf")
        write("line", "address", "why")
    return remark


def _words(summary: Summary) -> str:
    saved = summary.saved
    known = ", ".join(summary.columns) or "none but the address"
    lines = [
        f"{saved[Saved.NEW]} new contacts, {saved[Saved.CHANGED]} changed, {saved[Saved.SAME]} as they were; "
        f"{summary.left_out} rows left out; columns: {known}"
    ]
    if summary.suppressed:
        lines.append(f"{summary.suppressed} of these may not be mailed, and stay so: optoutd scrub takes them out")
    return "\n".join(lines)
