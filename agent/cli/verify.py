"""`optoutd verify`: is the record as it was written, and does the public list say the same?"""

from contextlib import suppress
from pathlib import Path

import click

from agent.cli.books import Books, opened
from agent.obs.clock import utc_now
from agent.store import audit, chain, checked, public
from agent.store.checked import Checked
from agent.store.errors import StoreError


@click.command()
@click.pass_context
def verify(ctx: click.Context) -> int:
    """Check every event, every page and suppression.db; exit 1 when something is not as it was written."""
    with opened(ctx) as books:
        faults = audit.faults(books.db)
        faults += _list_faults(books) if not faults else ()  # a list made from a damaged record says nothing
        head = chain.head(books.db) if not faults else None
        with suppress(StoreError), books.db.transaction():  # a damaged file may take no note of it
            checked.remember(books.db, Checked(at=utc_now(), faults=len(faults)))
    for line in faults:
        click.echo(line)
    if head is not None:
        click.echo(f"{head.events} events, each bound to the one before it; the last is {head.last}: {head.hash}")
        click.echo("suppression.db says what was decided")
    return 1 if faults else 0


def _list_faults(books: Books) -> tuple[str, ...]:
    path = Path(books.settings.store.public_directory) / public.FILE_NAME
    if not path.exists():
        return (f"{path} is missing; make it with: optoutd rebuild",)
    file = public.open_public(books.settings.store)
    try:
        return audit.list_faults(books.db, file, utc_now())
    finally:
        file.close()
