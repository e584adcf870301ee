"""`optoutd status`: what lies where at this moment: doors, queues, letters, what waits, what came today."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from agent.cli.books import OurFault, become_owner, configured
from agent.model.mail import Door
from agent.model.settings import Settings
from agent.obs.clock import utc_now
from agent.store.checked import Checked
from agent.store.errors import StoreError
from agent.store.look import DoorSeen, Overview, Queue, open_as_it_is, overview
from agent.store.work_lock import at_work

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WATCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """The installation at one moment; `seen` is None before the first start."""

    at: datetime
    running: bool
    doors: tuple[str, ...]  # those that are configured
    seen: Overview | None


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object; with --watch one each time.")
@click.option("--watch", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
@click.pass_context
def status(ctx: click.Context, as_json: bool, watch: bool) -> int:
    """Say what lies where; exit 1 when the daemon is not running."""
    settings = configured(ctx).settings
    become_owner(Path(settings.store.directory))
    show = _print_json if as_json else _printer(clear=watch)
    try:
        now = look(settings)
        show(now)
        while watch:
            time.sleep(WATCH_SECONDS)
            now = look(settings)
            show(now)
    except StoreError as wrong:
        raise OurFault(str(wrong)) from None
    return 0 if now.running else 1


def look(settings: Settings) -> Now:
    """One look; the file is opened for it alone, so that no reader keeps the WAL from being folded in."""
    now = utc_now()
    today = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    db = open_as_it_is(settings.store)
    if db is None:
        return Now(at=now, running=False, doors=_configured(settings), seen=None)
    try:
        seen = overview(db, today, now)
    finally:
        db.close()
    return Now(at=now, running=at_work(settings.store), doors=_configured(settings), seen=seen)


def _configured(settings: Settings) -> tuple[str, ...]:
    smtp = (Door.SMTP.value,) if settings.smtp.listen else ()
    return (*(f"{Door.IMAP.value} {account.name}" for account in settings.imap), *smtp)


def _door_name(seen: DoorSeen) -> str:
    return f"{seen.door.value} {seen.account}".strip()


def row(now: Now) -> dict[str, object]:
    """The object that `--json` prints."""
    found: dict[str, object] = {"at": _time(now.at), "running": now.running, "doors": _door_rows(now)}
    if now.seen is None:
        return found | {"started": False}
    letters = now.seen.letters
    return found | {
        "started": True,
        "inbox": _queue_row(now.seen.unread) | {"observed": now.seen.observed},
        "quarantine": now.seen.quarantined,
        "reviews": _queue_row(now.seen.reviews),
        "tickets": _queue_row(now.seen.tickets),
        "letters": {
            "waiting": letters.waiting, "oldest": _time(letters.oldest), "why": letters.oldest_why,
            "sent_today": letters.sent_today, "unknown": letters.by_status.get("unknown", 0),
            "gave_up": letters.by_status.get("gave_up", 0),
        },
        "breakers": list(now.seen.breakers),
        "record": {"checked": _time(seen.at), "faults": seen.faults} if (seen := now.seen.checked) else None,
        "today": dict(now.seen.kinds),
    }  # fmt: skip


def _door_rows(now: Now) -> dict[str, object]:
    seen = {_door_name(one): one for one in (now.seen.doors if now.seen else ())}
    names = dict.fromkeys((*now.doors, *seen))
    rows: dict[str, object] = {}
    for name in names:
        one = seen.get(name)
        rows[name] = {"mails": one.mails if one else 0, "last": _time(one.last_at) if one else None}
    return rows


def _queue_row(queue: Queue) -> dict[str, object]:
    return {"count": queue.count, "first": _time(queue.first)}


def _print_json(now: Now) -> None:
    click.echo(msgspec.json.encode(row(now)).decode())


def _printer(*, clear: bool) -> Callable[[Now], None]:
    from rich.console import Console  # only where it is drawn

    console = Console(highlight=False, markup=False)

    def show(now: Now) -> None:
        if clear:
            console.clear()  # does nothing where it is no terminal
        draw(now, console)

    return show


def draw(now: Now, console: "Console") -> None:
    """Two tables: what there is, and what came today."""
    console.print(f"optoutd is {'running' if now.running else 'NOT running'}, {now.at.astimezone():%Y-%m-%d %H:%M:%S}")
    if now.seen is None:
        console.print("It was never started; there is nothing to show yet.")
        return
    console.print(_overview(now, now.seen))
    if now.seen.kinds:
        console.print(_kinds(now.seen))


def _overview(now: Now, seen: Overview) -> "Table":
    table = _table()
    mails = {_door_name(one): one for one in seen.doors}
    for name in dict.fromkeys((*now.doors, *mails)):
        one = mails.get(name)
        table.add_row(name, f"{one.mails:,} mails, the last {ago(one.last_at, now.at)}" if one else "no mail yet")
    table.add_row("to be read", _queue(seen.unread, now.at))
    if seen.observed:
        table.add_row("observed", f"{seen.observed:,} wait for a start without --observe")
    table.add_row("letters", _letters(seen, now.at))
    table.add_row("breaker", ", ".join(seen.breakers) or "closed")
    table.add_row("record", _record(seen.checked, now.at))
    table.add_row("quarantine", _call(seen.quarantined, "optoutd quarantine list"))
    table.add_row("review", _call(seen.reviews.count, "optoutd review"))
    table.add_row("tickets", _call(seen.tickets.count, "optoutd tickets list"))
    return table


def _kinds(seen: Overview) -> "Table":
    table = _table()
    for kind, count in seen.kinds.items():
        table.add_row(f"today: {kind}", f"{count:,}")
    return table


def _table() -> "Table":
    from rich.table import Table

    return Table(box=None, show_header=False, padding=(0, 2, 0, 0))


def _queue(queue: Queue, now: datetime) -> str:
    return f"{queue.count:,}" + (f", the oldest {ago(queue.first, now)}" if queue.first else "")


def _letters(seen: Overview, now: datetime) -> str:
    letters = seen.letters
    said = f"{letters.sent_today:,} sent today, {letters.waiting:,} waiting"
    if letters.oldest is not None:
        said += f" (the oldest {ago(letters.oldest, now)}{': ' + letters.oldest_why if letters.oldest_why else ''})"
    unknown, lost = letters.by_status.get("unknown", 0), letters.by_status.get("gave_up", 0)
    return said + (f", {unknown:,} of unknown fate" if unknown else "") + (f", {lost:,} given up" if lost else "")


def _record(checked: Checked | None, now: datetime) -> str:
    if checked is None:
        return "not checked yet  (optoutd verify)"
    said = f"{checked.faults:,} FAULTS  (optoutd verify)" if checked.faults else "whole"
    return f"{said}, checked {ago(checked.at, now)}"


def _call(count: int, command: str) -> str:
    return f"{count:,}  ({command})" if count else "0"


def ago(then: datetime, now: datetime) -> str:
    """A time span as people say it."""
    passed = max(now - then, timedelta())
    for unit, size in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if passed >= size:
            return f"{passed // size} {unit} ago"
    return "just now"


def _time(when: datetime | None) -> str | None:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ") if when else None
