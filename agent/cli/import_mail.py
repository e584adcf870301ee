"""`optoutd import-mail`: the mail of files, Maildirs and mboxes through the same spine, with or without the daemon.

Whoever holds the work lock works: a running daemon, and then this command only waits, or this command itself. It may
be stopped at any time and run again: what is there already is known by its bytes.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import click
import msgspec

from agent.cli.books import OurFault, become_owner, configured
from agent.config import read_own_keys
from agent.intake.archive import message_of
from agent.intake.files import MailFile, mails
from agent.model.settings import LogLevel, Settings
from agent.obs.clock import utc_now
from agent.obs.log import setup
from agent.process import Process
from agent.store import inbox
from agent.store.errors import StoreError
from agent.worker.reader import Reader, ReaderDown

CHUNK = 256  # mails stored together, and brought to their end before the next
LOOK_SECONDS = 0.2  # between two looks at what the daemon has done


@dataclass(slots=True)
class Tally:
    """What came of it."""

    mails: int = 0
    known: int = 0  # were here before, or lie there twice
    waiting: int = 0  # only looked at: the daemon observes
    set_aside: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)


@click.command("import-mail")
@click.argument("path", type=click.Path(exists=True), metavar="PATH")
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
@click.pass_context
def import_mail(ctx: click.Context, path: str, as_json: bool) -> int:
    """Honour old mail: a Maildir, an mbox, an .eml file, or a folder of any of them.

    Mail older than a day is obeyed, not answered; bounces older than a month are only counted. It can be run again.
    Exit 1 when something could not be read.
    """
    settings, tally = configured(ctx).settings, Tally()
    become_owner(Path(settings.store.directory))
    setup(settings.log.level if settings.log.level is LogLevel.DEBUG else LogLevel.WARNING, sys.stderr)
    try:
        with _drawn(path) as advance:
            asyncio.run(work(settings, mails(path), tally, advance))
    except (StoreError, ReaderDown) as wrong:
        raise OurFault(f"{wrong}; what was imported so far stays, run it again") from None
    click.echo(_json(tally) if as_json else "\n".join(_lines(tally)))
    return 1 if tally.unreadable else 0


async def work(settings: Settings, found: Iterable[MailFile], tally: Tally, advance: Callable[[int], object]) -> None:
    """Store mail after mail and see each to its end; `advance` is told octets."""
    from agent.opening import open_books

    async with open_books(settings) as books:
        reader = Reader(settings, books.key_text, read_own_keys(settings.dkim))
        process = Process(writer=books.writer, reader=reader, settings=settings, ring=books.ring, clock=utc_now)
        newest = inbox.newest(books.onlooker)
        try:
            for chunk in _chunks(found):
                ids = await _stored(process, settings, chunk, tally)
                tally.known += len(ids) - len({one for one in ids if one > newest})
                newest = max(newest, *ids, 0)
                ends = partial(inbox.ends, books.onlooker, set(ids))
                while sum(end.mails for end in ends()) < len(set(ids)):
                    if not books.lock.take() or not await process.process_next():
                        await asyncio.sleep(LOOK_SECONDS)
                _count(ends(), tally)
                advance(sum(len(one.raw) for one in chunk))
        finally:
            await reader.stop()


async def _stored(process: Process, settings: Settings, chunk: Sequence[MailFile], tally: Tally) -> list[int]:
    """Hand a whole chunk over at once, so that it shares a commit."""
    tally.unreadable += [f"{one.name}: cannot be read: {one.error}" for one in chunk if one.error]
    now = utc_now()
    messages = [message_of(one.raw, settings.limits, now) for one in chunk if not one.error]
    tally.mails += len(messages)
    return await asyncio.gather(*map(process.accept, messages))


def _count(ends: Iterable[inbox.End], tally: Tally) -> None:
    for end in ends:
        tally.set_aside += end.mails if end.status == "quarantined" else 0
        tally.waiting += end.mails if end.status == "observed" else 0
        tally.kinds[end.kind or "set aside"] += end.mails


def _chunks(found: Iterable[MailFile]) -> Iterator[tuple[MailFile, ...]]:
    left = iter(found)
    while chunk := tuple(islice(left, CHUNK)):
        yield chunk


@contextmanager
def _drawn(path: str) -> Iterator[Callable[[int], object]]:
    """A bar of octets on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # only drawn where somebody looks
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("reading mail", total=_octets(Path(path)))
        yield lambda octets: bar.advance(task, octets)
        bar.update(task, completed=bar.tasks[0].total or 0)


def _octets(path: Path) -> int:
    files = (one for one in path.rglob("*") if one.is_file()) if path.is_dir() else (path,)
    return sum(one.stat().st_size for one in files)


def _lines(tally: Tally) -> Iterator[str]:
    yield from tally.unreadable
    yield f"{tally.mails} mails read, {tally.known} of them known already"
    for kind, count in tally.kinds.most_common():
        yield f"{count:>8} {kind}"
    if tally.set_aside:
        yield f"{tally.set_aside} were set aside: optoutd quarantine list"
    if tally.waiting:
        yield f"{tally.waiting} were only looked at: the daemon observes; its next normal start honours them"


def _json(tally: Tally) -> str:
    return msgspec.json.encode(
        {
            "mails": tally.mails, "known": tally.known, "set_aside": tally.set_aside, "waiting": tally.waiting,
            "kinds": dict(tally.kinds), "unreadable": tally.unreadable,
        }
    ).decode()  # fmt: skip
