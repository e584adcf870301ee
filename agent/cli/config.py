"""`optoutd config`: is the configuration right, and what could be in it?"""

import click

from agent.cli.books import configured
from agent.config import example, unset_passwords


@click.group()
def config() -> None:
    """Check the configuration, or print one to start from."""


@config.command()
@click.pass_context
def check(ctx: click.Context) -> int:
    """Report every problem at once; exit 0 when there is none."""
    loaded = configured(ctx)
    missing = unset_passwords(loaded.settings, loaded.secrets)
    for line in missing:
        click.echo(f"{loaded.path}: {line}")
    if not missing:
        click.echo(f"{loaded.path}: no problem found")
    return 2 if missing else 0


@config.command("example")
def print_example() -> None:
    """Every key with its default and one line why."""
    click.echo(example(), nl=False)
