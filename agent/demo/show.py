"""The table a person reads at the end of the demo: what came, what was understood, who is suppressed, what was sent."""

from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from agent.demo.cast import Part
from agent.demo.relay import Letter
from agent.store.reads import Suppressed


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of one mail. `why` is the policy's sentence."""

    part: Part
    kind: str
    rule: str
    why: str

    @property
    def as_labelled(self) -> bool:
        """Whether it was understood as it was meant."""
        return self.kind == self.part.kind


def show(console: Console, seen: list[Seen], suppressed: list[Suppressed], letters: list[Letter]) -> None:
    """Three tables and a last line."""
    console.print(_mails(seen))
    console.print(_people(suppressed))
    console.print(_letters(letters))
    right = sum(one.as_labelled for one in seen)
    console.print(
        f"{len(seen)} mails came in, {right} understood as labelled; {len(suppressed)} people may not be mailed now; "
        f"{len(letters)} letters went out."
    )


def _mails(seen: list[Seen]) -> Table:
    table = Table(title="What came, and what was understood", box=SIMPLE_HEAD, title_justify="left", expand=True)
    for name, ratio in (("", 1), ("by", 2), ("the mail", 11), ("understood as", 5), ("because", 6), ("so", 16)):
        table.add_column(name, ratio=ratio)
    for one in seen:
        mark = "[green]✓[/]" if one.as_labelled else "[bold red]✗[/]"
        kind = one.kind if one.as_labelled else f"{one.kind} (is {one.part.kind})"
        table.add_row(mark, one.part.door, one.part.what, kind, one.rule, one.why)
    return table


def _people(suppressed: list[Suppressed]) -> Table:
    table = Table(title="suppression.db: who may not be mailed now", box=SIMPLE_HEAD, title_justify="left", expand=True)
    for name, ratio in (("address", 5), ("state", 2), ("until", 2), ("reason", 10)):
        table.add_column(name, ratio=ratio)
    for one in suppressed:
        until = one.standing.until.strftime("%Y-%m-%d") if one.standing.until else "for ever"
        table.add_row(str(one.key), one.standing.state.value, until, one.standing.reason)
    return table


def _letters(letters: list[Letter]) -> Table:
    table = Table(title="What was sent", box=SIMPLE_HEAD, title_justify="left", expand=True)
    for name, ratio in (("to", 5), ("language", 2), ("subject", 10)):
        table.add_column(name, ratio=ratio)
    for letter in letters:
        table.add_row(letter.to, str(letter.message["Content-Language"]), str(letter.message["Subject"]))
    return table
