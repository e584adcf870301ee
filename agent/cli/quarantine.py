"""`optoutd quarantine`: mail that was set aside, with its reason; nothing there is lost."""

import sys

import click
import msgspec

from agent.cli.books import Books, Mistake, opened
from agent.obs.clock import utc_now
from agent.store import inbox


@click.group()
def quarantine() -> None:
    """Mail that was set aside."""


@quarantine.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a mail.")
@click.pass_context
def list_mails(ctx: click.Context, as_json: bool) -> None:
    """What was set aside and why, oldest first."""
    with opened(ctx) as books:
        mails = inbox.quarantine_list(books.db)
    for one in mails:
        if as_json:
            click.echo(msgspec.json.encode(one).decode())
        else:
            sender = one.envelope_from or "<>"
            click.echo(f"{one.id}: {one.received_at:%Y-%m-%d %H:%M} from {sender}, {one.size} bytes: {one.why}")
    if not mails and not as_json:
        click.echo("nothing is in quarantine")


@quarantine.command()
@click.argument("number", type=int)
@click.pass_context
def show(ctx: click.Context, number: int) -> None:
    """Print the mail as it came, for example into a file."""
    with opened(ctx) as books:
        _known(books, number)
        sys.stdout.buffer.write(inbox.quarantine_show(books.db, number))


@quarantine.command()
@click.argument("number", type=int)
@click.pass_context
def retry(ctx: click.Context, number: int) -> None:
    """Read it once more, for example after an update."""
    with opened(ctx) as books, books.db.transaction():
        _known(books, number)
        inbox.quarantine_retry(books.db, number)
    click.echo(f"mail {number} will be read again by the daemon")


@quarantine.command()
@click.argument("number", type=int)
@click.pass_context
def drop(ctx: click.Context, number: int) -> None:
    """Forget its bytes for good; that it came stays on record."""
    with opened(ctx) as books, books.db.transaction():
        _known(books, number)
        inbox.quarantine_drop(books.db, number, utc_now())
    click.echo(f"mail {number} is forgotten")


def _known(books: Books, number: int) -> None:
    if number not in {one.id for one in inbox.quarantine_list(books.db)}:
        raise Mistake(f"no mail {number} is in quarantine; `optoutd quarantine list` shows what is")
