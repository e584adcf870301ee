"""`optoutd review`: mail that nobody could read for sure; one key decides, and who decided is on record."""

import getpass
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from agent.cli.books import Books, Mistake, opened
from agent.model.plan import Plan
from agent.model.signal import Decision, Evidence, Strength, Verdict
from agent.model.state import Review
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.rules.drafts import drafts
from agent.store import waiting

# What each key decides; 1 and 2 are the two readings that are shown.
KEYS = {
    "o": Verdict.OPT_OUT,
    "p": Verdict.PAUSE,
    "i": Verdict.INACTIVE,
    "b": Verdict.RESUBSCRIBE,
    "r": Verdict.REPLY,
    "n": Verdict.NOTHING,
}
WORDS = {
    Verdict.OPT_OUT: "wants no more mail",
    Verdict.PAUSE: "wants a pause",
    Verdict.INACTIVE: "the mailbox is dead",
    Verdict.RESUBSCRIBE: "wants mail again",
    Verdict.REPLY: "an ordinary reply",
    Verdict.NOTHING: "nothing to do",
}


@click.group(invoke_without_command=True)
@click.pass_context
def review(ctx: click.Context) -> None:
    """Decide about unsure mail, one key each; without a command: one after the other."""
    if ctx.invoked_subcommand is None:
        _ask_about_all(ctx)


@review.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a review.")
@click.pass_context
def list_reviews(ctx: click.Context, as_json: bool) -> None:
    """What waits for a decision, the most urgent first."""
    with opened(ctx) as books:
        found = waiting.open_reviews(books.db)
    for one in found:
        click.echo(msgspec.json.encode(_row(one)).decode() if as_json else _line(one))
    if not found and not as_json:
        click.echo("nothing waits for a decision")


@review.command()
@click.argument("number", type=int)
@click.argument("verdict", type=click.Choice([verdict.value for verdict in WORDS]), metavar="VERDICT")
@click.option("--by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--note", default="", help="Why, for the record.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), default=None, help="With pause: its last day.")
@click.pass_context
def decide(ctx: click.Context, number: int, verdict: str, by: str, note: str, until: datetime | None) -> None:
    """Decide one review by its number."""
    end = until.replace(tzinfo=UTC) if until else None
    with opened(ctx) as books:
        found = waiting.find_review(books.db, number)
        if found is None or found.verdict is not None:
            raise Mistake(f"no review {number} is open; see: optoutd review list")
        click.echo(_decide(books, found, Verdict(verdict), by, note, end).reason)


@review.command()
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIRECTORY")
@click.pass_context
def export(ctx: click.Context, directory: Path) -> None:
    """Write what was decided as draft rules with their samples, to be tried with `optoutd rules test DIRECTORY`."""
    with opened(ctx) as books:
        decided = waiting.decided_reviews(books.db)
    texts = drafts(decided)
    for name, text in texts.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    click.echo(f"{len(decided)} decisions, {len(texts)} rule files in {directory}")


def _decide(
    books: Books, one: Review, verdict: Verdict, by: str, note: str = "", until: datetime | None = None
) -> Plan:
    evidence = Evidence(rule="operator:review", excerpt=note[:200], strength=Strength.E3)
    word = Decision(
        address=one.key, evidence=evidence, verdict=verdict, by=by, review=one.id, note=note, until=until
    )  # fmt: skip
    with books.db.transaction():
        (plan,) = apply_signals(books.db, (word,), one.origin, books.settings, utc_now())
    books.publish()
    if plan.closed is None:
        raise Mistake(plan.reason)
    return plan


def _ask_about_all(ctx: click.Context) -> None:
    by = getpass.getuser()
    with opened(ctx) as books:
        found = waiting.open_reviews(books.db)
        for place, one in enumerate(found, 1):
            _show(one, place, len(found))
            verdict = _key(one)
            if verdict is None:
                return
            if verdict != "":
                click.echo(_decide(books, one, Verdict(verdict), by).reason)
    click.echo("nothing else waits for a decision")


def _show(one: Review, place: int, of: int) -> None:
    from rich.console import Console  # drawn only for a person
    from rich.markup import escape
    from rich.panel import Panel

    until = f"; silence decides {one.timeout.value} at {_time(one.due_at)}" if one.timeout else ""
    body = f"[bold]{escape(one.evidence.excerpt) or '(no words)'}[/]\n\n{escape(one.why)}{until}"
    Console().print(Panel(body, title=escape(f"{place}/{of}  {one.key}"), subtitle=f"row {one.row}"))
    click.echo(f"1 {WORDS[one.first]}   2 {WORDS[one.second]}   s skip   q quit")
    click.echo("   ".join(f"{key} {WORDS[verdict]}" for key, verdict in KEYS.items()))


def _key(one: Review) -> str | None:
    """The verdict behind the key, `` for skip, None for quit; any other key is asked again."""
    keys = {"1": one.first.value, "2": one.second.value, "s": "", **{k: v.value for k, v in KEYS.items()}}
    while (key := click.getchar()) != "q":
        if key in keys:
            return keys[key]
        if key in ("\x03", "\x04", ""):
            return None
    return None


def _line(one: Review) -> str:
    due = f", silence decides {one.timeout.value} at {_time(one.due_at)}" if one.timeout and one.due_at else ""
    readings = f"{one.first.value} or {one.second.value}"
    return f"{one.id}: {one.key} (row {one.row}): {readings}{due}: {one.evidence.excerpt or one.why}"


def _row(one: Review) -> dict[str, object]:
    return {
        "id": one.id, "address": str(one.key), "row": one.row, "why": one.why, "excerpt": one.evidence.excerpt,
        "rule": one.evidence.rule, "strength": one.evidence.strength.name,
        "readings": [one.first.value, one.second.value],
        "timeout": one.timeout.value if one.timeout else None, "opened": _time(one.opened_at), "due": _time(one.due_at),
        "mail": one.origin.inbox_id,
    }  # fmt: skip


def _time(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
