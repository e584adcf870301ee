"""`optoutd scrub`: take the suppressed out of a mailing list before it is used."""

import sys
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from agent.cli.books import Mistake, opened
from agent.cli.files import not_itself, replaced
from agent.lists.scrub import Summary
from agent.lists.scrub import scrub as scrub_file
from agent.lists.table import TableError
from agent.model.address import ERASED_DOMAIN
from agent.obs.clock import utc_now
from agent.store import erased
from agent.store.db import Db
from agent.store.lookup import changed_since, current_version, listed
from agent.store.public import Public, open_public, publish

RUNS = 3  # where people leave all the time, the last reading is said to be of its own beginning


@click.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="IN.csv")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="OUT.csv")
@click.option("--rejected", type=click.Path(path_type=Path), metavar="FILE", help="Where the rows taken out go.")
@click.pass_context
def scrub(ctx: click.Context, source: Path, output: Path, rejected: Path | None) -> None:
    """Copy IN.csv without those who may not be mailed; encoding, separator and columns stay as they are."""
    not_itself(source, output, rejected)
    with opened(ctx) as books, ExitStack() as open_files:
        public = open_public(books.settings.store)
        open_files.callback(public.close)
        out = open_files.enter_context(replaced(output))
        bad = open_files.enter_context(replaced(rejected)) if rejected else None
        try:
            summary, moment = _settled(books.db, public, partial(_once, source, out, bad, books.db, public))
        except TableError as wrong:
            raise Mistake(str(wrong)) from None
    click.echo(f"{_words(summary, output)}, as of {moment}")


def _settled(db: Db, public: Public, once: Callable[[], Summary]) -> tuple[Summary, str]:
    """Somebody may leave while a long list is read, when his row was written already: then it is read again."""
    run = 0
    while True:
        run += 1
        version, now = current_version(db), utc_now()
        publish(db, public, now)
        summary = once()
        if run == RUNS or not _left_since(db, public, version):
            return summary, f"{now:%Y-%m-%dT%H:%M:%SZ} (decision {version})"


def _left_since(db: Db, public: Public, version: int) -> bool:
    publish(db, public, utc_now())
    late = changed_since(db, version)
    return any(key.endswith(f"@{ERASED_DOMAIN}") for key in late) or bool(_stopped(db, public, late))


def _once(source: Path, out: BinaryIO, bad: BinaryIO | None, db: Db, public: Public) -> Summary:
    for target in filter(None, (out, bad)):
        target.seek(0)
        target.truncate()
    return scrub_file(source, out, bad, partial(_stopped, db, public), _progress)


def _stopped(db: Db, public: Public, keys: Collection[str]) -> frozenset[str]:
    """Who may not be mailed; the list cannot show who was erased, we can."""
    return listed(public, keys) | erased.among(db, keys, utc_now())


def _progress(rows: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{rows:,} rows", nl=False, err=True)


def _words(summary: Summary, output: Path) -> str:
    unreadable = f", {summary.unreadable} without a readable address" if summary.unreadable else ""
    return (
        f"{summary.rows} rows by {summary.column}: {summary.kept} may be mailed ({output}), "
        f"{summary.suppressed} may not{unreadable}"
    )
