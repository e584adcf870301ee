"""`optoutd rebuild`: suppression.db anew from optoutd.db."""

import click

from agent.cli.books import opened
from agent.obs.clock import utc_now
from agent.store import sound


@click.command()
@click.pass_context
def rebuild(ctx: click.Context) -> None:
    """Write suppression.db anew; readers see the old list or the new one, never an empty one."""
    with opened(ctx) as books:
        rows = sound.make_anew(books.db, books.settings.store, utc_now())
        click.echo(f"{books.settings.store.public_directory}/suppression.db: {rows} rows written")
