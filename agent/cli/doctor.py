"""`optoutd doctor`: tries every part, one line each, with the mend."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from agent.cli.books import become_owner
from agent.config import ConfigError, Loaded, load
from agent.doctor import Finding, Level, examine, without_settings, worst
from agent.doctor.finding import Findings, broken
from agent.doctor.patient import opened
from agent.obs.clock import utc_now

CODES = {Level.OK: 0, Level.WARNING: 1, Level.BROKEN: 3}
WIDTH = max(len(level.value) for level in Level)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> int:
    """Try every part and say how to mend it; exit 0 when all is well, 1 after a warning, 3 when a part is broken."""
    named = ctx.find_root().obj
    try:
        loaded = load(Path(named) if named else None, os.environ)
    except ConfigError as wrong:
        return CODES[_unconfigured(wrong, as_json)]
    become_owner(Path(loaded.settings.store.directory))
    return CODES[diagnose(loaded, as_json=as_json)]


def diagnose(loaded: Loaded, *, as_json: bool = False) -> Level:
    """Print every line as soon as it is known; the worst of them."""
    found: list[Finding] = []
    with opened(loaded, utc_now) as patient:
        asyncio.run(examine(patient, _teller(found, as_json=as_json)))
    return worst(found)


def _unconfigured(wrong: ConfigError, as_json: bool) -> Level:
    found: list[Finding] = []
    tell = _teller(found, as_json=as_json)
    without_settings(tell)
    tell(tuple(_problem(line) for line in wrong.problems))
    return worst(found)


def _problem(line: str) -> Finding:
    said, _, mend = line.partition("; ")
    return broken("configuration", said, mend)


def _teller(found: list[Finding], *, as_json: bool) -> Callable[[Findings], None]:
    def tell(findings: Findings) -> None:
        found.extend(findings)
        for one in findings:
            click.echo(msgspec.json.encode(one).decode() if as_json else shown(one))

    return tell


def shown(one: Finding) -> str:
    """A line for a person; what to do stands on the next."""
    line = f"{one.level.value:{WIDTH}}  {one.about}: {one.said}"
    return f"{line}\n{'':{WIDTH}}  -> {one.mend}" if one.mend else line
