"""`optoutd tickets`: what only a person can do, with the day the law wants it done by."""

from datetime import datetime

import click
import msgspec

from agent.cli.books import Books, Mistake, opened
from agent.model.mail import Door
from agent.model.signal import Decision, Evidence, Origin, Strength, Verdict
from agent.model.state import Ticket, TicketKind
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.store import erased, public, waiting

_KEPT = (
    "Still there, and not ours to take: the mail in your mailbox, backups made before today, your own contact lists, "
    "and what your sending tool keeps."
)


@click.group()
def tickets() -> None:
    """Requests about personal data, and tasks."""


@tickets.command("list")
@click.option("--all", "done", is_flag=True, help="Also what is done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a ticket.")
@click.pass_context
def list_tickets(ctx: click.Context, done: bool, as_json: bool) -> None:
    """What is to be done, the most urgent first."""
    with opened(ctx) as books:
        found = waiting.tickets(books.db, done=done)
    for one in found:
        click.echo(msgspec.json.encode(_row(one)).decode() if as_json else _line(one))
    if not found and not as_json:
        click.echo("nothing is to be done")


@tickets.command("done")
@click.argument("number", type=int)
@click.option("--by", required=True, metavar="NAME", help="Who did it.")
@click.option("--note", required=True, help="What was done.")
@click.pass_context
def close(ctx: click.Context, number: int, by: str, note: str) -> None:
    """Close a ticket that was carried out elsewhere."""
    with opened(ctx) as books:
        click.echo(_decide(books, _open(books, number), Verdict.DONE, by, note))
        books.publish()


@tickets.command()
@click.argument("number", type=int)
@click.option("--by", required=True, metavar="NAME", help="Who decided it.")
@click.option("--note", default="", help="How you know that it was really him.")
@click.pass_context
def erase(ctx: click.Context, number: int, by: str, note: str) -> None:
    """Erase what is held here of the person; only a keyed hash stays, so that he is never mailed again."""
    with opened(ctx) as books:
        ticket = _open(books, number)
        if ticket.kind is not TicketKind.ERASE:
            raise Mistake(f"ticket {number} asks for something else: {ticket.what}")
        said = _decide(books, ticket, Verdict.ERASED, by, note)
        file = public.open_public(books.settings.store)
        try:
            public.repair(books.db, file, utc_now())
            for db in (books.db, file.file):
                erased.sweep(db)
        finally:
            file.close()
    click.echo(f"{said}\n{_KEPT}")


def _open(books: Books, number: int) -> Ticket:
    found = waiting.find_ticket(books.db, number)
    if found is None or found.done_at is not None:
        raise Mistake(f"no ticket {number} is open; see: optoutd tickets list")
    return found


def _decide(books: Books, ticket: Ticket, verdict: Verdict, by: str, note: str) -> str:
    now = utc_now()
    evidence = Evidence(rule="operator:ticket", strength=Strength.E3)
    word = Decision(address=ticket.key, evidence=evidence, verdict=verdict, by=by, ticket=ticket.id, note=note)
    with books.db.transaction():
        origin = Origin(door=Door.OPERATOR, received_at=now)
        (plan,) = apply_signals(books.db, (word,), origin, books.settings, now)
    if plan.closed is None:
        raise Mistake(plan.reason)
    return plan.reason


def _line(one: Ticket) -> str:
    state = f"done {_time(one.done_at)} by {one.by}" if one.done_at else f"due {_time(one.due_at) or 'when you can'}"
    return f"{one.id}: {one.kind.value} {one.key}, {state}: {one.what}"


def _row(one: Ticket) -> dict[str, object]:
    return {
        "id": one.id, "kind": one.kind.value, "address": str(one.key), "what": one.what, "opened": _time(one.opened_at),
        "due": _time(one.due_at), "mail": one.inbox_id, "done": _time(one.done_at), "by": one.by or None,
        "note": one.note or None,
    }  # fmt: skip


def _time(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
