"""`check`, `suppress`, `lift`, `list`, `history`: who may be mailed, and why."""

import io
import sys
from collections.abc import Iterable
from datetime import datetime

import click
import msgspec

from agent.cli.books import Mistake, address_of, opened
from agent.model.mail import Door
from agent.model.signal import MAX_EXCERPT, Evidence, Order, OrderKind, Origin, Strength
from agent.model.state import State
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.store import reads, waiting
from agent.store.reads import PastEvent, Suppressed

STATES = click.Choice([state.value for state in State])


def _scope(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Another word would be stored and never match anything."""
    kind, _, name = value.partition(":")
    if value != "all" and not (kind in ("list", "topic") and name.strip()):
        raise click.BadParameter(f"{value!r} is not all, list:NAME or topic:NAME.", ctx, param)
    return value


def _said(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """An order must be explained and signed."""
    if not value.strip():
        raise click.BadParameter("it is empty.", ctx, param)
    return value.strip()


@click.command()
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...|-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an address.")
@click.pass_context
def check(ctx: click.Context, addresses: tuple[str, ...], as_json: bool) -> int:
    """May these addresses be mailed? Exit 0 when all may, 1 when one may not; - reads them from standard input."""
    code = 0
    with opened(ctx) as books:
        for text in _typed(addresses):
            against = reads.check(books.db, address_of(text), utc_now())
            code = 1 if against else code
            if as_json:
                _json({"address": text, "may_be_mailed": not against, "because": [_row(one) for one in against]})
            else:
                click.echo(f"{text}: {_verdict(against)}")
    return code


@click.command()
@click.argument("address")
@click.option("--why", callback=_said, required=True, help="What the person said, or what you know.")
@click.option("--by", callback=_said, required=True, metavar="NAME", help="Who decided it.")
@click.option("--state", type=STATES, default="opt_out", show_default=True)
@click.option("--scope", callback=_scope, default="all", show_default=True, help="all, list:NAME or topic:NAME.")
@click.pass_context
def suppress(ctx: click.Context, address: str, why: str, by: str, state: str, scope: str) -> int:
    """Stop marketing mail to an address, at once; exit 1 when it may be mailed all the same (our own people)."""
    return _order(ctx, address, OrderKind.SUPPRESS, why, by, state, scope)


@click.command()
@click.argument("address", required=False, metavar="ADDRESS")
@click.option("--batch", default="", metavar="ID", help="All that one run or breaker set, instead of an ADDRESS.")
@click.option("--why", callback=_said, required=True, help="Why mail may go there again, and how you know.")
@click.option("--by", callback=_said, required=True, metavar="NAME", help="Who decided it.")
@click.option("--state", type=STATES, default=None, help="Only this one; a complaint is lifted only by its name.")
@click.option("--scope", callback=_scope, default="all", show_default=True, help="all, list:NAME or topic:NAME.")
@click.pass_context
def lift(ctx: click.Context, address: str | None, batch: str, why: str, by: str, state: str | None, scope: str) -> int:
    """Take a suppression back; exit 1 when a complaint still stands, which is lifted only by its name."""
    if batch and not address:
        return _lift_batch(ctx, batch, why, by, state or "", scope)
    if batch or not address:
        raise Mistake("name an ADDRESS, or --batch ID, not both")
    return _order(ctx, address, OrderKind.LIFT, why, by, state or "", scope)


@click.command("list")
@click.option("--state", type=STATES, default=None, help="Only these.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a row.")
@click.pass_context
def list_suppressed(ctx: click.Context, state: str | None, as_json: bool) -> None:
    """Who may not be mailed now."""
    with opened(ctx) as books:
        for one in reads.suppressed(books.db, utc_now()):
            if state in (None, one.standing.state.value):
                if as_json:
                    _json(_row(one))
                else:
                    click.echo(f"{one.key}: {_words(one)}")


@click.command()
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an event.")
@click.pass_context
def history(ctx: click.Context, address: str, as_json: bool) -> int:
    """Everything that ever happened with an address, oldest first; exit 1 when nothing did."""
    key = address_of(address)
    with opened(ctx) as books:
        past = reads.history(books.db, key)
    for one in past:
        if as_json:
            _json(_event_row(one))
        else:
            click.echo(_event_words(one))
    if not past and not as_json:
        click.echo(f"{address}: nothing is known of it")
    return 0 if past else 1


def _order(ctx: click.Context, address: str, kind: OrderKind, why: str, by: str, state: str, scope: str) -> int:
    key, now = address_of(address), utc_now()
    evidence = Evidence(rule=f"operator:{kind.value}", excerpt=why[:MAX_EXCERPT], strength=Strength.E3)
    order = Order(address=key, evidence=evidence, kind=kind, why=why, by=by, state=state, scope=scope)
    origin = Origin(door=Door.OPERATOR, received_at=now)
    with opened(ctx) as books:
        with books.db.transaction():
            (plan,) = apply_signals(books.db, (order,), origin, books.settings, now)
        books.publish()
        against = reads.check(books.db, key, now)
    click.echo(f"{plan.reason}\n{address}: {_verdict(against)}")
    return 0 if _holds(order, against) else 1


def _lift_batch(ctx: click.Context, batch: str, why: str, by: str, state: str, scope: str) -> int:
    """A whole wrong run, in one transaction: all of it is undone, or nothing. What another run said too stays."""
    now = utc_now()
    evidence = Evidence(
        rule=f"operator:lift batch {batch}"[:MAX_EXCERPT], excerpt=why[:MAX_EXCERPT], strength=Strength.E3
    )
    origin = Origin(door=Door.OPERATOR, received_at=now)
    with opened(ctx) as books:
        with books.db.transaction():
            keys = waiting.batch_keys(books.db, batch)
            orders = tuple(
                Order(address=key, evidence=evidence, kind=OrderKind.LIFT, why=why, by=by, state=state, scope=scope,
                      batch=batch)
                for key in keys
            )  # fmt: skip
            plans = apply_signals(books.db, orders, origin, books.settings, now)
            left = len(waiting.batch_keys(books.db, batch))
        books.publish()
    lifted = sum(1 for plan in plans if plan.states)
    click.echo(f"batch {batch}: lifted {lifted} of {len(keys)} addresses; {left} still have a state of it")
    return 1 if left or not keys else 0


def _holds(order: Order, against: tuple[Suppressed, ...]) -> bool:
    """Whether what was ordered is so now; a domain that stands against an address is another matter."""
    stands = any(
        one.key == order.address
        and order.scope in ("all", one.standing.scope)
        and order.state in ("", one.standing.state.value)
        for one in against
    )
    return bool(against) if order.kind is OrderKind.SUPPRESS else not stands


def _typed(addresses: tuple[str, ...]) -> Iterable[str]:
    for text in addresses:
        if text == "-":
            lines = io.TextIOWrapper(sys.stdin.buffer, "utf-8-sig", "replace")  # Excel opens a list with a BOM
            yield from (line.strip() for line in lines if line.strip())
        else:
            yield text


def _verdict(against: tuple[Suppressed, ...]) -> str:
    return "; ".join(map(_words, against)) if against else "may be mailed"


def _words(one: Suppressed) -> str:
    standing = one.standing
    until = f" until {_day(standing.until)}" if standing.until else ""
    scope = "" if standing.scope == "all" else f" ({standing.scope})"
    return f"{standing.state.value}{scope} since {_day(standing.since)}{until}: {standing.reason}"


def _row(one: Suppressed) -> dict[str, object]:
    standing = one.standing
    return {
        "address": str(one.key), "scope": standing.scope, "state": standing.state.value, "reason": standing.reason,
        "rule": standing.rule, "strength": standing.strength.name, "since": _time(standing.since),
        "until": _time(standing.until), "by": standing.by, "batch": standing.batch or None,
    }  # fmt: skip


def _event_words(one: PastEvent) -> str:
    mail = f"mail {one.inbox_id}: " if one.inbox_id else ""
    kind = "order" if one.row == "order" else one.kind
    batch = f", batch {one.batch}" if one.batch else ""
    return f"{_time(one.at)} {mail}{kind} by {one.rule} ({one.strength.name}, row {one.row}{batch}): {one.reason}"


def _event_row(one: PastEvent) -> dict[str, object]:
    return {
        "id": one.id, "at": _time(one.at), "mail": one.inbox_id, "kind": one.kind, "rule": one.rule,
        "excerpt": one.excerpt, "strength": one.strength.name, "row": one.row, "reason": one.reason, "by": one.by,
        "alert": one.alert or None, "batch": one.batch or None,
    }  # fmt: skip


def _day(when: datetime) -> str:
    return when.strftime("%Y-%m-%d")


def _time(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def _json(row: object) -> None:
    click.echo(msgspec.json.encode(row).decode())
