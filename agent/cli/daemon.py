"""`optoutd run`: the daemon."""

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from agent.cli.books import Mistake, OurFault, become_owner, configured
from agent.config import Loaded, unset_passwords
from agent.obs.clock import utc_now

_DAYS = re.compile(r"(\d{1,4})d")


class _Ago(click.ParamType[datetime]):
    """`90d`: so many days before now."""

    name = "DAYS"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        found = _DAYS.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no number of days; write for example 90d", param, ctx)
        return utc_now() - timedelta(days=int(found[1]))


@click.command()
@click.option("--observe", is_flag=True, help="Write no states, send no letters, touch no mailbox; say what would be.")
@click.option("--since", type=_Ago(), help="Also read IMAP mail of the last days, e.g. 90d; this start only.")
@click.pass_context
def run(ctx: click.Context, observe: bool, since: datetime | None) -> None:
    """Read mail, honour it, confirm it, until SIGTERM."""
    loaded = configured(ctx)
    missing = unset_passwords(loaded.settings, loaded.secrets)
    if missing:
        raise Mistake("\n".join(f"{loaded.path}: {line}" for line in missing))
    if not (loaded.settings.smtp.listen or loaded.settings.imap or "LISTEN_FDS" in os.environ):
        raise Mistake(f"{loaded.path}: no door is open: name an [[imap]] account or smtp.listen")
    _serve(_reading_since(loaded, since), observe)


def _reading_since(loaded: Loaded, since: datetime | None) -> Loaded:
    if since is None:
        return loaded
    if not loaded.settings.imap:
        raise Mistake(f"{loaded.path}: --since is about mailboxes, and no [[imap]] account is named")
    accounts = tuple(replace(account, since=since) for account in loaded.settings.imap)
    return replace(loaded, settings=replace(loaded.settings, imap=accounts))


def _serve(loaded: Loaded, observe: bool) -> None:
    from agent.daemon import run_until_signalled  # what serving needs is loaded for serving alone
    from agent.intake.smtp import ListenError, inherited
    from agent.obs.log import setup
    from agent.observe import Report
    from agent.store.errors import StoreError

    become_owner(Path(loaded.settings.store.directory))
    setup(loaded.settings.log.level, sys.stderr)
    known: list[str] = []
    try:
        report = Report(say=click.echo if sys.stdout.isatty() else lambda _: None) if observe else None
        run_until_signalled(loaded, inherited(os.environ, os.getpid()), report)
    except* (StoreError, ListenError) as wrong:
        known += map(str, _leaves(wrong))
    if known:  # raised in there, Debian 12's Python 3.11.2 would wrap it into a group
        raise OurFault("; ".join(known))


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """What really happened, out of the groups it was wrapped in."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
