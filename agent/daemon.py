"""The daemon: load, check, build, start, wait, stop. The one module that knows all parts.

A part that ends by itself ends the process, non-zero: half a daemon loses mail in silence. At a stop the doors close
first (running mails are finished), then the batch in hand is brought to its end, then the database is closed.
"""

import asyncio
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any

from agent import upkeep
from agent.config import Loaded, read_own_keys, with_passwords
from agent.effects import runner, send_letter
from agent.effects.letter_files import read_letters
from agent.intake import clock, dead_domains, imap, smtp, troubles
from agent.model.metrics_place import place_of
from agent.model.settings import ImapAccount, Settings
from agent.obs.clock import utc_now
from agent.obs.notify import notify, watchdog_seconds
from agent.obs.pulse import BEAT_SECONDS, Pulse
from agent.observe import Observer, Report, tell_end
from agent.opening import Books, open_books
from agent.process import Process
from agent.resolve import mail_host
from agent.resolve.dns import Dns
from agent.resolve.keys import KeyBook
from agent.store import inbox, outages
from agent.store.writer import Writer
from agent.worker.reader import Reader

chance = random.SystemRandom().random


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A daemon that is ready: what tests and the demo want to know of it."""

    process: Process
    reader: Reader
    smtp: smtp.Listener | None


@dataclass(slots=True, kw_only=True)
class _Parts:
    """What the tasks share. `halted`: until when the relay, which refused us, is left alone."""

    loaded: Loaded
    books: Books
    reader: Reader
    process: Process
    pulse: Pulse
    boxes: troubles.Troubles
    observing: Report | None
    halted: datetime | None = None

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.loaded.settings

    def halt(self, until: datetime) -> None:
        """The runner says so."""
        self.halted = until


async def serve(
    loaded: Loaded,
    stop: asyncio.Event,
    *,
    sockets: tuple[socket.socket, ...] = (),
    ready: Callable[[Running], object] = lambda _: None,
    observing: Report | None = None,
) -> None:
    """Run every part until `stop` is set; raises what ended a part before that.

    With `observing` nothing is decided for good, nothing is sent, no mailbox is touched; the report says what would be.
    """
    settings = loaded.settings
    async with open_books(settings) as books, open_reader(settings, books.key_text) as reader, _keys(settings) as keys:
        books.lock.demand()
        process = await _spine(settings, books, reader, keys, observing)
        parts = _assembled(loaded, books, reader, process, observing)
        async with _answering(parts), asyncio.TaskGroup() as inner:
            inner.create_task(_die_with(books.writer), name="writer")
            others = [inner.create_task(run, name=name) for name, run in _beside(parts)]
            work = inner.create_task(process.run(), name="process")
            post = _letters(parts) if observing is None else process.stopping.wait()
            letters = inner.create_task(post, name="letters")
            listening: asyncio.Future[smtp.Listener | None] = asyncio.get_running_loop().create_future()
            doors = inner.create_task(_doors(parts, sockets, listening), name="doors")
            ready(Running(process=process, reader=reader, smtp=await listening))
            notify("READY=1")
            await stop.wait()
            notify("STOPPING=1")
            doors.cancel()
            await asyncio.wait((doors,))
            process.stop()
            await asyncio.wait((work, letters))
            for task in others:
                task.cancel()
            await asyncio.wait(others)
            await books.writer.stop()
    if observing is not None:
        tell_end(observing)


async def _spine(settings: Settings, books: Books, reader: Reader, keys: KeyBook, observing: Report | None) -> Process:
    """The real one first takes up what was only observed so far."""
    writer, ring = books.writer, books.ring
    if observing is not None:
        return Observer(
            writer=writer, reader=reader, settings=settings, ring=ring, clock=utc_now, report=observing, keys=keys
        )  # fmt: skip
    await writer.run(inbox.resume_observed)
    return Process(writer=writer, reader=reader, settings=settings, ring=ring, clock=utc_now, keys=keys)


def _assembled(loaded: Loaded, books: Books, reader: Reader, process: Process, observing: Report | None) -> _Parts:
    pulse = Pulse(clock=monotonic, beat_seconds=min(BEAT_SECONDS, watchdog_seconds() or BEAT_SECONDS))
    boxes = troubles.Troubles(now=utc_now, pulse=pulse, known=outages.load(books.onlooker))
    return _Parts(
        loaded=loaded, books=books, reader=reader, process=process, pulse=pulse, boxes=boxes, observing=observing
    )


def _beside(parts: _Parts) -> tuple[tuple[str, Coroutine[Any, Any, None]], ...]:
    """What goes on beside mail and letters, and may be cut short at any moment."""
    books, settings = parts.books, parts.settings
    always = (
        ("pulse", upkeep.beat(parts.pulse)),
        ("writer's pulse", upkeep.beat_writer(books.writer, parts.pulse)),
        ("clock", clock.run(_clockwork(settings, books, parts.process, rings=parts.observing is None))),
    )
    if parts.observing is not None:
        return always
    return (
        *always,
        ("domains", dead_domains.run(_rechecks(settings, books))),
        ("outages", troubles.remember(parts.boxes, books.writer)),
        ("upkeep", upkeep.run(_upkeep(settings, books))),
        ("digest", _digest(parts)),
    )


def _answering(parts: _Parts) -> AbstractAsyncContextManager[None]:
    """/metrics and /healthz, where they are wanted."""
    place = place_of(parts.settings.metrics.listen)
    if place is None:
        return nullcontext()
    from agent import metrics  # which most do not want

    running = metrics.Running(
        settings=parts.settings, pulse=parts.pulse, writer=parts.books.writer, reader=parts.reader,
        troubles=parts.boxes, halted=lambda: parts.halted,
    )  # fmt: skip
    return metrics.listening(place, metrics.Page(running=running, now=utc_now, clock=monotonic).answer)


def _keys(settings: Settings) -> KeyBook:
    """Nothing is loaded and nobody asked before the first signed mail."""
    return KeyBook(Dns(settings.dkim.resolver, settings.dkim.seconds).txt, monotonic)


@asynccontextmanager
async def open_reader(settings: Settings, key_text: str) -> AsyncIterator[Reader]:
    reader = Reader(settings, key_text, read_own_keys(settings.dkim))
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def _die_with(writer: Writer) -> None:
    """A writer thread that dies takes the daemon with it."""
    await asyncio.shield(writer.dead)


async def _doors(
    parts: _Parts, sockets: tuple[socket.socket, ...], listening: "asyncio.Future[smtp.Listener | None]"
) -> None:
    settings = parts.settings
    async with asyncio.TaskGroup() as doors:
        if settings.smtp.listen or sockets:
            served = smtp.run(settings, parts.process, parts.books.ring, sockets=sockets, ready=listening.set_result)
            doors.create_task(served, name="smtp")
        else:
            listening.set_result(None)
        for account in settings.imap:
            doors.create_task(_mailbox(account, parts), name=f"imap {account.name}")
        await asyncio.get_running_loop().create_future()


async def _mailbox(account: ImapAccount, parts: _Parts) -> None:
    boxes = parts.boxes
    boxes.begin(account)
    await imap.run(
        account,
        parts.loaded.secrets.imap[account.name].reveal(),
        troubles.Heard(sink=parts.process, stored=partial(boxes.stored, account)),
        parts.books.writer,
        now=utc_now,
        over=partial(boxes.over, account),
        failed=partial(boxes.failed, account),
        hands_off=parts.observing is not None,
    )


async def _letters(parts: _Parts) -> None:
    settings, process = parts.settings, parts.process
    desk = send_letter.open_desk(
        with_passwords(settings, parts.loaded.secrets), read_letters(), parts.books.ring, utc_now, chance
    )
    executors = runner.Executors(send_letter=partial(send_letter.carry_out, desk=desk))
    queue = runner.Queue(
        writer=parts.books.writer, executors=executors, letters=settings.letters, clock=utc_now, chance=chance,
        stop=process.stopping, halted=parts.halt,
    )  # fmt: skip
    await runner.run(queue, settings.relay, process.letters)


def _clockwork(settings: Settings, books: Books, process: Process, *, rings: bool) -> clock.Clockwork:
    def somebody_wrote() -> None:
        process.wake.set()
        process.letters.set()

    return clock.Clockwork(
        writer=books.writer, onlooker=books.onlooker, somebody_wrote=somebody_wrote, settings=settings,
        now=utc_now, rings=rings,
    )  # fmt: skip


def _rechecks(settings: Settings, books: Books) -> dead_domains.Rechecks:
    return dead_domains.Rechecks(writer=books.writer, settings=settings, ask=mail_host.ask_dns, now=utc_now)


def _upkeep(settings: Settings, books: Books) -> upkeep.Upkeep:
    return upkeep.Upkeep(
        writer=books.writer, store=settings.store, now=utc_now, look=upkeep.look, mend=books.listing.mend
    )


async def _digest(parts: _Parts) -> None:
    if not parts.settings.digest.to:
        return
    from agent import digest  # with the doctor and the lists, which nothing else in here needs

    desk = digest.Desk(
        loaded=parts.loaded, writer=parts.books.writer, now=utc_now, send=digest.post, shut=parts.boxes.shut
    )
    await digest.run(desk)


def run_until_signalled(loaded: Loaded, sockets: tuple[socket.socket, ...], observing: Report | None = None) -> None:
    """`optoutd run`: serve until SIGTERM or SIGINT."""
    asyncio.run(_signalled(loaded, sockets, observing))


async def _signalled(loaded: Loaded, sockets: tuple[socket.socket, ...], observing: Report | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def ready(running: Running) -> None:
        if running.smtp:
            loop.add_signal_handler(signal.SIGHUP, running.smtp.reload)

    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # without a listener there is nothing to read again
    await serve(loaded, stop, sockets=sockets, ready=ready, observing=observing)
