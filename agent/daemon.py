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
from time import monotonic

from agent.config import Loaded, read_own_keys, with_passwords
from agent.effects import runner, send_letter
from agent.effects.letter_files import read_letters
from agent.intake import clock, dead_domains, imap, smtp
from agent.intake.troubles import Troubles
from agent.model.settings import ImapAccount, Settings
from agent.obs.clock import utc_now
from agent.obs.notify import notify, watchdog_seconds
from agent.observe import Observer, Report, tell_end
from agent.process import Process
from agent.resolve import mail_host
from agent.resolve.dns import Dns
from agent.resolve.keys import KeyBook
from agent.store import inbox
from agent.store.db import Db, open_db
from agent.store.key_file import load_ring, read_keys
from agent.store.public import Public, open_public, publish, repair
from agent.store.work_lock import WorkLock
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
class Books:
    """Both files and the keys, opened and compared before anything is promised."""

    writer: Writer
    onlooker: Db
    ring: KeyRing
    key_text: str
    lock: WorkLock


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
        async with asyncio.TaskGroup() as inner:
            inner.create_task(_die_with(books.writer), name="writer")
            watchdog = inner.create_task(_watchdog(books.writer), name="watchdog")
            work = inner.create_task(process.run(), name="process")
            post = _letters(loaded, books, process) if observing is None else process.stopping.wait()
            letters = inner.create_task(post, name="letters")
            clockwork = _clockwork(settings, books, process, rings=observing is None)
            time = inner.create_task(clock.run(clockwork), name="clock")
            rechecks = dead_domains.run(_rechecks(settings, books)) if observing is None else process.stopping.wait()
            domains = inner.create_task(rechecks, name="domains")
            troubles = Troubles(now=utc_now)
            told = _digest(loaded, books, troubles) if observing is None else process.stopping.wait()
            report = inner.create_task(told, name="digest")
            listening: asyncio.Future[smtp.Listener | None] = asyncio.get_running_loop().create_future()
            hands_off = observing is not None
            doors = inner.create_task(
                _doors(loaded, books, process, sockets, listening, troubles, hands_off), name="doors"
            )
            ready(Running(process=process, reader=reader, smtp=await listening))
            notify("READY=1")
            await stop.wait()
            notify("STOPPING=1")
            doors.cancel()
            await asyncio.wait((doors,))
            process.stop()
            await asyncio.wait((work, letters))
            time.cancel()
            domains.cancel()
            report.cancel()
            watchdog.cancel()
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


def _keys(settings: Settings) -> KeyBook:
    """Nothing is loaded and nobody asked before the first signed mail."""
    return KeyBook(Dns(settings.dkim.resolver, settings.dkim.seconds).txt, monotonic)


@asynccontextmanager
async def open_books(settings: Settings) -> AsyncIterator[Books]:
    """The writer's thread owns both files; they are compared and mended before anybody is told yes."""
    first = open_db(settings.store)
    public = open_public(settings.store)
    ring = load_ring(settings, first)
    repair(first, public, utc_now())
    writer = Writer(lambda: open_db(settings.store), lambda db: _publish(db, public))
    writer.start()
    lock = WorkLock(settings.store)
    try:
        yield Books(writer=writer, onlooker=first, ring=ring, key_text=read_keys(settings), lock=lock)
    finally:
        await writer.stop()
        lock.release()
        public.close()
        first.close()


def _publish(db: Db, public: Public) -> None:
    publish(db, public, utc_now())


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


async def _watchdog(writer: Writer) -> None:
    """A sign of life only while this loop turns and the writer commits; systemd restarts what falls silent."""
    seconds = watchdog_seconds()
    while seconds is not None:
        await writer.run(lambda _: None)
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds)


async def _doors(
    loaded: Loaded,
    books: Books,
    process: Process,
    sockets: tuple[socket.socket, ...],
    listening: "asyncio.Future[smtp.Listener | None]",
    troubles: Troubles,
    hands_off: bool,
) -> None:
    settings = loaded.settings
    async with asyncio.TaskGroup() as doors:
        if settings.smtp.listen or sockets:
            served = smtp.run(settings, process, books.ring, sockets=sockets, ready=listening.set_result)
            doors.create_task(served, name="smtp")
        else:
            listening.set_result(None)
        for account in settings.imap:
            reading = _mailbox(account, loaded, books, process, troubles, hands_off)
            doors.create_task(reading, name=f"imap {account.name}")
        await asyncio.get_running_loop().create_future()


async def _mailbox(
    account: ImapAccount, loaded: Loaded, books: Books, process: Process, troubles: Troubles, hands_off: bool
) -> None:
    password = loaded.secrets.imap[account.name].reveal()
    await imap.run(
        account, password, process, books.writer, now=utc_now, alarm=troubles.alarm, over=troubles.over,
        hands_off=hands_off,
    )  # fmt: skip


async def _letters(loaded: Loaded, books: Books, process: Process) -> None:
    settings = loaded.settings
    desk = send_letter.open_desk(with_passwords(settings, loaded.secrets), read_letters(), books.ring, utc_now, chance)
    executors = runner.Executors(send_letter=partial(send_letter.carry_out, desk=desk))
    queue = runner.Queue(
        writer=books.writer, executors=executors, letters=settings.letters, clock=utc_now, chance=chance,
        stop=process.stopping,
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


async def _digest(loaded: Loaded, books: Books, troubles: Troubles) -> None:
    if not loaded.settings.digest.to:
        return
    from agent import digest  # with the doctor and the lists, which nothing else in here needs

    desk = digest.Desk(loaded=loaded, writer=books.writer, now=utc_now, send=digest.post, shut=troubles.shut)
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
