"""`optoutd run`: the daemon."""

import os
import sys
from pathlib import Path

import click

from agent.cli.books import Mistake, OurFault, become_owner, configured
from agent.config import Loaded, unset_passwords


@click.command()
@click.pass_context
def run(ctx: click.Context) -> None:
    """Read mail, honour it, confirm it, until SIGTERM."""
    loaded = configured(ctx)
    missing = unset_passwords(loaded.settings, loaded.secrets)
    if missing:
        raise Mistake("\n".join(f"{loaded.path}: {line}" for line in missing))
    if not (loaded.settings.smtp.listen or loaded.settings.imap or "LISTEN_FDS" in os.environ):
        raise Mistake(f"{loaded.path}: no door is open: name an [[imap]] account or smtp.listen")
    _serve(loaded)


def _serve(loaded: Loaded) -> None:
    from agent.daemon import run_until_signalled  # what serving needs is loaded for serving alone
    from agent.intake.smtp import ListenError, inherited
    from agent.obs.log import setup
    from agent.store.errors import StoreError

    become_owner(Path(loaded.settings.store.directory))
    setup(loaded.settings.log.level, sys.stderr)
    try:
        run_until_signalled(loaded, inherited(os.environ, os.getpid()))
    except* (StoreError, ListenError) as wrong:
        raise OurFault("; ".join(map(str, wrong.exceptions))) from None
