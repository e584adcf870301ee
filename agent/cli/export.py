"""`optoutd export`: who may not be mailed, as a file for a spreadsheet or another program."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from agent.cli.books import opened
from agent.cli.files import replaced
from agent.lists.export import export as export_rows
from agent.model.state import State
from agent.obs.clock import utc_now
from agent.store import reads


@click.command()
@click.option("--csv", is_flag=True, expose_value=False, help="As a table; the one form there is.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Else standard output.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only who was suppressed on this day (UTC) or later.")
@click.option("--state", type=click.Choice([state.value for state in State]), help="Only these.")
@click.pass_context
def export(ctx: click.Context, output: Path | None, since: datetime | None, state: str | None) -> None:
    """Everybody who may not be mailed now, as CSV that Excel opens right."""
    first = since.replace(tzinfo=UTC) if since else None
    only = State(state) if state else None
    with opened(ctx) as books, books.db.snapshot():
        people = reads.suppressed(books.db, utc_now())
        if output is None:
            export_rows(people, sys.stdout.buffer, since=first, state=only)
            return
        with replaced(output) as target:
            rows = export_rows(people, target, since=first, state=only)
    click.echo(f"{rows} rows: {output}")
