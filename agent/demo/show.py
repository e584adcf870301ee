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
    table = _table("What came, what was understood, what follows")
    table.add_column("", width=1)
    table.add_column("by", width=4)
    table.add_column("the mail", ratio=4)
    table.add_column("understood as", width=13)
    table.add_column("so", ratio=5)
    for one in seen:
        mark = "[green]✓[/]" if one.as_labelled else "[bold red]✗[/]"
        kind = one.kind if one.as_labelled else f"[bold red]{one.kind}[/] (is {one.part.kind})"
        table.add_row(mark, one.part.door, one.part.what, f"{kind}\n[dim]{one.rule}[/]", one.why)
    return table


def _people(suppressed: list[Suppressed]) -> Table:
    table = _table("suppression.db: who may not be mailed now")
    table.add_column("address", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("until", no_wrap=True)
    table.add_column("reason", ratio=1)
    for one in suppressed:
        until = one.standing.until.strftime("%Y-%m-%d") if one.standing.until else "for ever"
        table.add_row(str(one.key), one.standing.state.value, until, one.standing.reason)
    return table


def _letters(letters: list[Letter]) -> Table:
    table = _table("What was sent")
    table.add_column("to", no_wrap=True)
    table.add_column("in", no_wrap=True)
    table.add_column("subject", ratio=1)
    for letter in letters:
        table.add_row(letter.to, str(letter.message["Content-Language"]), str(letter.message["Subject"]))
    return table


def _table(title: str) -> Table:
    return Table(
        title=title, title_style="bold", title_justify="left", box=SIMPLE_HEAD, expand=True, padding=(0, 1, 0, 0)
    )
