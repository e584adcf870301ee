"""The daemon: load, check, build, start, wait, stop. The one module that knows all parts.

A part that ends by itself ends the process, non-zero: half a daemon loses mail in silence. At a stop the doors close
first (running mails are finished), then the batch in hand is brought to its end, then the database is closed.
"""

import asyncio
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from agent.config import Loaded, with_passwords
from agent.effects import runner, send_letter
from agent.effects.letter_files import read_letters
from agent.intake import clock, imap, smtp
from agent.model.settings import ImapAccount, Settings
from agent.obs.clock import utc_now
from agent.obs.notify import notify, watchdog_seconds
from agent.process import Process
from agent.store.db import Db, open_db
from agent.store.key_file import load_ring, read_keys
from agent.store.public import Public, open_public, publish, repair
from agent.store.writer import Writer
from agent.trust.tokens import KeyRing
from agent.worker.reader import Reader

chance = random.SystemRandom().random


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A daemon that is ready: what tests and the demo want to know of it."""

    process: Process
    reader: Reader
    smtp: smtp.Listener | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """Both files and the keys, opened and compared before anything is promised."""

    writer: Writer
    onlooker: Db
    ring: KeyRing
    key_text: str


async def serve(
    loaded: Loaded,
    stop: asyncio.Event,
    *,
    sockets: tuple[socket.socket, ...] = (),
    ready: Callable[[Running], object] = lambda _: None,
) -> None:
    """Run every part until `stop` is set; raises what ended a part before that."""
    settings = loaded.settings
    async with _books(settings) as books, _reader(settings, books.key_text) as reader:
        process = Process(writer=books.writer, reader=reader, settings=settings, ring=books.ring, clock=utc_now)
        async with asyncio.TaskGroup() as inner:
            inner.create_task(_die_with(books.writer), name="writer")
            watchdog = inner.create_task(_watchdog(books.writer), name="watchdog")
            work = inner.create_task(process.run(), name="process")
            letters = inner.create_task(_letters(loaded, books, process), name="letters")
            time = inner.create_task(clock.run(_clockwork(settings, books, process)), name="clock")
            listening: asyncio.Future[smtp.Listener | None] = asyncio.get_running_loop().create_future()
            doors = inner.create_task(_doors(loaded, books, process, sockets, listening), name="doors")
            ready(Running(process=process, reader=reader, smtp=await listening))
            notify("READY=1")
            await stop.wait()
            notify("STOPPING=1")
            doors.cancel()
            await asyncio.wait((doors,))
            process.stop()
            await asyncio.wait((work, letters))
            time.cancel()
            watchdog.cancel()
            await books.writer.stop()


@asynccontextmanager
async def _books(settings: Settings) -> AsyncIterator[_Books]:
    """The writer's thread owns both files; they are compared and mended before anybody is told yes."""
    first = open_db(settings.store)
    public = open_public(settings.store)
    ring = load_ring(settings, first)
    repair(first, public, utc_now())
    writer = Writer(lambda: open_db(settings.store), lambda db: _publish(db, public))
    writer.start()
    try:
        yield _Books(writer=writer, onlooker=first, ring=ring, key_text=read_keys(settings))
    finally:
        await writer.stop()
        public.close()
        first.close()


def _publish(db: Db, public: Public) -> None:
    publish(db, public, utc_now())


@asynccontextmanager
async def _reader(settings: Settings, key_text: str) -> AsyncIterator[Reader]:
    reader = Reader(settings, key_text)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


async def _die_with(writer: Writer) -> None:
    """A writer thread that dies takes the daemon with it."""
    await asyncio.shield(writer.dead)


async def _watchdog(writer: Writer) -> None:
    """A sign of life only while this loop turns and the writer commits; systemd restarts what falls silent."""
    seconds = watchdog_seconds()
    while seconds is not None:
        await writer.run(lambda _: None)
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds)


async def _doors(
    loaded: Loaded,
    books: _Books,
    process: Process,
    sockets: tuple[socket.socket, ...],
    listening: "asyncio.Future[smtp.Listener | None]",
) -> None:
    settings = loaded.settings
    async with asyncio.TaskGroup() as doors:
        if settings.smtp.listen or sockets:
            served = smtp.run(settings, process, books.ring, sockets=sockets, ready=listening.set_result)
            doors.create_task(served, name="smtp")
        else:
            listening.set_result(None)
        for account in settings.imap:
            doors.create_task(_mailbox(account, loaded, books, process), name=f"imap {account.name}")
        await asyncio.get_running_loop().create_future()


async def _mailbox(account: ImapAccount, loaded: Loaded, books: _Books, process: Process) -> None:
    password = loaded.secrets.imap[account.name].reveal()
    await imap.run(account, password, process, books.writer, now=utc_now)


async def _letters(loaded: Loaded, books: _Books, process: Process) -> None:
    settings = loaded.settings
    desk = send_letter.open_desk(with_passwords(settings, loaded.secrets), read_letters(), books.ring, utc_now, chance)
    executors = runner.Executors(send_letter=partial(send_letter.carry_out, desk=desk))
    queue = runner.Queue(
        writer=books.writer, executors=executors, letters=settings.letters, clock=utc_now, chance=chance,
        stop=process.stopping,
    )  # fmt: skip
    await runner.run(queue, settings.relay, process.letters)


def _clockwork(settings: Settings, books: _Books, process: Process) -> clock.Clockwork:
    def somebody_wrote() -> None:
        process.wake.set()
        process.letters.set()

    return clock.Clockwork(
        writer=books.writer, onlooker=books.onlooker, somebody_wrote=somebody_wrote, retention=settings.retention,
        now=utc_now,
    )  # fmt: skip


def run_until_signalled(loaded: Loaded, sockets: tuple[socket.socket, ...]) -> None:
    """`optoutd run`: serve until SIGTERM or SIGINT."""
    asyncio.run(_signalled(loaded, sockets))


async def _signalled(loaded: Loaded, sockets: tuple[socket.socket, ...]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def ready(running: Running) -> None:
        if running.smtp:
            loop.add_signal_handler(signal.SIGHUP, running.smtp.reload)

    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # without a listener there is nothing to read again
    await serve(loaded, stop, sockets=sockets, ready=ready)
