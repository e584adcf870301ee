"""docs/reference/commands.md names every command, option and word there is, and none that is not."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from agent.cli import optoutd
from agent.model.signal import KINDS, BounceReason, OptOutReason
from agent.model.state import State

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "commands.md").read_text("utf-8")
SECTIONS = dict(zip(*[iter(re.split(r"^## `([^`]+)`\n", PAGE, flags=re.MULTILINE)[1:])] * 2, strict=True))


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(group)
    for word in group.list_commands(ctx):
        command = group.get_command(ctx, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


COMMANDS = dict(commands(optoutd, "optoutd"))


def test_every_command_has_its_section() -> None:
    assert sorted(SECTIONS) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_in_the_section_of_its_command(name: str) -> None:
    there = set(re.findall(r"^\| `(--[a-z-]+)", SECTIONS[name], re.MULTILINE))
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option) and not one.hidden]
    assert there == {word for option in options for word in option.opts if word.startswith("--")}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_is_shown(name: str) -> None:
    shown = name
    for parameter in COMMANDS[name].params:
        if isinstance(parameter, click.Argument):
            shown += " " + parameter.make_metavar(click.Context(COMMANDS[name])).partition("|")[0]
            assert f"`{shown}" in SECTIONS[name]


def test_the_options_of_optoutd_itself_are_named() -> None:
    words = [word for parameter in optoutd.params for word in (*parameter.opts, "--help", "-h")]
    assert [word for word in words if not re.search(rf"`(?:optoutd )?{word}\b", PAGE)] == []


@pytest.mark.parametrize(
    "words",
    [KINDS, [r.value for r in BounceReason], [r.value for r in OptOutReason], [s.value for s in State]],
    ids=["kinds", "bounce reasons", "opt-out reasons", "states"],
)
def test_every_word_of_the_contract_is_named(words: list[str]) -> None:
    assert [word for word in words if f"`{word}`" not in PAGE] == []
