"""The demo: the real daemon between an embedded mailbox, a free SMTP port and a relay that shows what would be sent."""

import asyncio
import secrets
import socket
import time
from pathlib import Path

import aiosmtplib
from rich.console import Console

from agent.config import Loaded, Secret, Secrets
from agent.daemon import serve
from agent.demo.cast import Mail, Part, parts, write
from agent.demo.mailbox import Mailbox
from agent.demo.relay import Relay
from agent.demo.show import Seen, show
from agent.model.address import parse_address
from agent.model.mail import Door, Purpose, Role
from agent.model.settings import (
    Addresses,
    DkimSettings,
    Identity,
    ImapAccount,
    LogLevel,
    LogSettings,
    RelaySettings,
    Settings,
    StoreSettings,
    TlsMode,
)  # fmt: skip
from agent.model.signal import Evidence, Order, OrderKind, Origin, Strength
from agent.model.state import SentMail
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.store import reads, sent
from agent.store.db import Db, open_db
from agent.store.key_file import load_ring
from agent.trust import tokens
from agent.trust.tokens import KeyRing

TOKEN_DOMAIN = "news.harbour-nets.example"
MAILBOX = "sales@harbour-nets.example"
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.05

People = dict[tuple[Purpose, str], str]


async def perform(directory: Path, console: Console, *, keep: bool) -> bool:
    """Play the demo in an empty directory; True when every mail was understood as labelled."""
    password = secrets.token_urlsafe(16)
    async with Mailbox(MAILBOX, password) as box, Relay() as relay:
        settings = _settings(directory, box.port, relay.port)
        cast = _set_the_scene(settings, parts())
        door = socket.create_server(("127.0.0.1", 0))
        loaded = Loaded(settings=settings, path=directory, secrets=Secrets(imap={"sales": Secret(password)}))
        stop, ready = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(serve(loaded, stop, sockets=(door,), ready=lambda _: ready.set()), name="daemon")
            await ready.wait()
            begun = time.monotonic()
            await _send_all(cast, box, door.getsockname()[1])
            seen = await _finished(settings, cast)
            console.print(f"[dim]{len(cast)} mails through both doors in {time.monotonic() - begun:.1f} s[/]")
            _show(console, settings, seen, relay)
            if keep:
                await _stay(console, settings, box, door.getsockname()[1])
            stop.set()
    return all(one.as_labelled for one in seen)


def _settings(directory: Path, imap_port: int, relay_port: int) -> Settings:
    mailbox = ImapAccount(
        name="sales", host="127.0.0.1", port=imap_port, tls=TlsMode.NONE, user=MAILBOX, role=Role.REPLY,
        authserv_id="mx.hosting.example",
        poll_seconds=3,  # pymap announces nothing that arrives just before IDLE
    )  # fmt: skip
    return Settings(
        identity=Identity(
            company="Harbour Nets Co., Ltd.", postal_address="18 Pier Road, Qingdao 266000, China", contact=MAILBOX,
            domains=("harbour-nets.example",),
        ),
        store=StoreSettings(
            directory=str(directory / "store"), public_directory=str(directory / "public"), free_bytes=0
        ),
        addresses=Addresses(
            unsubscribe=(f"unsubscribe@{TOKEN_DOMAIN}",), bounce=(f"bounce@{TOKEN_DOMAIN}",), reply=(MAILBOX,),
            complaint=(f"fbl@{TOKEN_DOMAIN}",), token_domain=TOKEN_DOMAIN,
        ),
        imap=(mailbox,),
        relay=RelaySettings(host="127.0.0.1", port=relay_port, tls=TlsMode.NONE),
        dkim=DkimSettings(verify=False),  # no network
        log=LogSettings(level=LogLevel.ERROR),
    )  # fmt: skip


def _set_the_scene(settings: Settings, cast: tuple[Part, ...]) -> tuple[Mail, ...]:
    """What the past left: marketing mail was minted for some people, and one of them had left."""
    db = open_db(settings.store)
    try:
        ring = load_ring(settings, db)
        people: People = {}
        with db.transaction():
            for part in cast:
                people |= _past_of(db, part, settings, ring)
    finally:
        db.close()
    return tuple(write(part, people, utc_now()) for part in cast)


def _past_of(db: Db, part: Part, settings: Settings, ring: KeyRing) -> People:
    key = parse_address(part.person)
    if key is None:
        return {}
    now = utc_now()
    if part.opted_out:
        evidence = Evidence(rule="operator:suppress", strength=Strength.E3)
        order = Order(address=key, evidence=evidence, kind=OrderKind.SUPPRESS, why="asked by telephone", by="Mei")
        apply_signals(db, (order,), Origin(door=Door.OPERATOR, received_at=now), settings, now)
    if not part.sent:
        return {}
    token_id = tokens.token_id(secrets.token_bytes(8))
    mail = SentMail(id=token_id, address=key, list="garden", campaign="autumn", minted_at=now, letter=False)
    sent.record(db, mail)
    minted = (Purpose.UNSUBSCRIBE, Purpose.BOUNCE, Purpose.FEEDBACK)
    return {(p, part.person): f"{tokens.mint(ring, p, token_id, TOKEN_DOMAIN)}@{TOKEN_DOMAIN}" for p in minted}


async def _send_all(cast: tuple[Mail, ...], box: Mailbox, port: int) -> None:
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False) as smtp:
        for mail in cast:
            if mail.part.door == "smtp":
                await smtp.sendmail(mail.part.sender, [mail.to], mail.raw)
            else:
                await box.deliver(mail.raw)


async def _finished(settings: Settings, cast: tuple[Mail, ...]) -> list[Seen]:
    """What became of each mail, once all of it is done and nothing waits to be sent."""
    db = open_db(settings.store)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not _all_done(db, len(cast)):  # noqa: ASYNC110 - the daemon tells nobody; its file does
                await asyncio.sleep(LOOK_SECONDS)
        return _seen(db, cast)
    finally:
        db.close()


def _all_done(db: Db, wanted: int) -> bool:
    counts = reads.counts(db)
    ended = counts.inbox.get("done", 0) + counts.quarantine
    under_way = sum(counts.outbox.get(status, 0) for status in ("waiting", "claimed", "handed_over"))
    return ended == wanted and not under_way


def _seen(db: Db, cast: tuple[Mail, ...]) -> list[Seen]:
    """Each door keeps the order, so its first mail is its first row."""
    waiting = {door.value: iter([m for m in reads.messages(db) if m.door is door]) for door in (Door.SMTP, Door.IMAP)}
    seen = []
    for mail in cast:
        message = next(waiting[mail.part.door])
        events = reads.events_of(db, message.id)
        first = events[0] if events else None
        seen.append(
            Seen(
                part=mail.part,
                kind=message.kind,
                rule=first.rule if first else "",
                why=first.reason if first else message.error or "Nothing in it asks for anything.",
            )
        )
    return seen


def _show(console: Console, settings: Settings, seen: list[Seen], relay: Relay) -> None:
    db = open_db(settings.store)
    try:
        show(console, seen, list(reads.suppressed(db, utc_now())), relay.letters)
    finally:
        db.close()


async def _stay(console: Console, settings: Settings, box: Mailbox, port: int) -> None:
    """`--keep`: leave everything running to be tried by hand."""
    console.print(
        f"\nStill running: SMTP 127.0.0.1:{port}, IMAP 127.0.0.1:{box.port} user {box.user} password {box.password}\n"
        f"suppression file: {settings.store.public_directory}/suppression.db\nStop with Ctrl-C."
    )
    await asyncio.Event().wait()
