"""`optoutd rules`: try rule files on their own samples, among all the rules there are."""

import os
from pathlib import Path

import click

from agent.cli.books import Mistake, configured
from agent.config import ConfigError, find, read_own_keys
from agent.model.settings import Settings
from agent.rules.catalog import RULE_FILES, RuleError, build
from agent.store.key_file import key_path
from agent.trust.tokens import KeyRing, parse_ring
from agent.worker.kit import data_texts, extra_texts, load_kit
from agent.worker.read import ReadingKit
from agent.worker.trial import faults


@click.group()
def rules() -> None:
    """Your own rules: try them before the daemon gets them."""


@rules.command("test")
@click.argument("paths", nargs=-1, metavar="[FILE|DIRECTORY]...")
@click.pass_context
def test_rules(ctx: click.Context, paths: tuple[str, ...]) -> int:
    """Is every sample caught by its own rule, and no counter-sample? Without a FILE: all of rules.extra.

    Exit 0 yes, 1 no, 2 a file that is no rule file.
    """
    places = paths or _configured_place(ctx)
    try:
        package = data_texts(RULE_FILES)
        own = {path: text for place in places for path, text in extra_texts(Path(place)).items()}
        known = {rule.id for rule in build(package).rules}
        catalog = build(package | own)
    except RuleError as error:
        raise Mistake(str(error)) from None
    mine = [rule for rule in catalog.rules if rule.id not in known]
    found = [fault for rule in mine for fault in faults(rule, catalog)]
    for fault in found:
        click.echo(fault)
    click.echo(f"files {len(own)}, rules {len(mine)}, faults {len(found)}")
    return 1 if found else 0


def kit_of(ctx: click.Context) -> ReadingKit:
    """The kit of the configuration, with its keys where they may be read; without any, that of the package."""
    try:
        if not _has_configuration(ctx):
            return load_kit(None, None)
        settings = configured(ctx).settings
        return load_kit(settings, _ring(settings), read_own_keys(settings.dkim))
    except RuleError as error:
        raise Mistake(str(error)) from None


def _has_configuration(ctx: click.Context) -> bool:
    named = ctx.find_root().obj
    try:
        find(Path(named) if named else None, os.environ)
    except ConfigError:
        return False
    return True


def _ring(settings: Settings) -> KeyRing | None:
    """Looking makes no keys, and goes on without those that only the daemon may read."""
    try:
        return parse_ring(key_path(settings).read_text("ascii"))
    except (OSError, ValueError):
        return None


def _configured_place(ctx: click.Context) -> tuple[str, ...]:
    extra = configured(ctx).settings.rules.extra
    if not extra:
        raise Mistake("rules.extra is empty; name a file or a directory")
    return (extra,)
