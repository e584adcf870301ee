"""`optoutd backup` and `optoutd restore`: a verified copy of the store and its keys, and the way back."""

from pathlib import Path

import click

from agent.cli.books import OurFault, become_owner, configured, opened
from agent.obs.clock import utc_now
from agent.store import backup as backups
from agent.store import restore as restoring
from agent.store.errors import StoreError


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--keep", type=click.IntRange(min=1), default=7, show_default=True, help="How many backups stay in DIR.")
@click.pass_context
def backup(ctx: click.Context, directory: Path, keep: int) -> None:
    """Copy the store and its keys into a new folder of DIR, verified; the daemon may go on."""
    with opened(ctx) as books:
        made = backups.back_up(books.settings, directory, utc_now(), keep)
    click.echo(f"{made.folder}: verified; {made.head.events} events, the last is {made.head.last}: {made.head.hash}")


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Also over a store that knows more, or is damaged; it is put aside.")
@click.pass_context
def restore(ctx: click.Context, directory: Path, force: bool) -> None:
    """Make a backup, or the newest one in DIR, the store again; the daemon must be stopped."""
    settings = configured(ctx).settings
    become_owner(Path(settings.store.directory))
    try:
        done = restoring.restore(settings, directory, utc_now(), force=force)
    except StoreError as wrong:
        raise OurFault(str(wrong)) from None
    for path in done.aside:
        click.echo(f"what was there is now {path}")
    click.echo(f"{done.folder}: restored; {done.head.events} events, {done.rows} rows in suppression.db")
