"""Stop before every statement and every delivery, start again, and nothing is lost or done twice.

A stop is a connection that answers no more: every later statement fails too, so that nothing is tidied up, and what
was not committed is gone. Then a second life begins on the same files, and must end like a life without a stop.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from agent.effects import runner
from agent.effects.relay import HandOver
from agent.model.address import parse_address
from agent.model.dkim import KeyAnswer
from agent.model.mail import Door, Purpose, RawMessage, Source
from agent.model.plan import Done, Outcome, SendLetter
from agent.model.reading import Reading
from agent.model.settings import Addresses, Identity, Settings, StoreSettings
from agent.model.state import SentMail
from agent.process import Process
from agent.store import outbox, reads, sent
from agent.store.db import Db, open_db
from agent.store.errors import StoreError
from agent.store.public import Public, open_public, publish, repair
from agent.store.writer import Writer
from agent.trust import tokens
from agent.trust.tokens import KeyRing
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit, read

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DOMAIN = "news.shop.example"
RING = KeyRing(keys=(("a", b"0" * 32),))
PEOPLE = ("ann@buyer.example", "bob@buyer.example", "carl@buyer.example")


class Stopped(apsw.IOError):
    """The program is no more; to what is left of it, the file answers no more."""


@dataclass
class Steps:
    """Counts the steps of one life; after `limit` of them nothing is done any more."""

    limit: int | None = None
    taken: int = 0

    def step(self) -> bool:
        self.taken += 1
        if self.limit is not None and self.taken > self.limit:
            raise Stopped
        return True


@dataclass
class World:
    """What outlives a stop: the files, the senders who were told yes, and the letters that left."""

    settings: Settings
    kit: ReadingKit
    acknowledged: set[str] = field(default_factory=set)
    delivered: list[str] = field(default_factory=list)
    lives: int = 0


@dataclass(frozen=True)
class InProcess:
    """The reader without its process."""

    kit: ReadingKit

    async def read(self, message: RawMessage, keys: tuple[KeyAnswer, ...] = ()) -> Reading:
        return read(message, self.kit, keys)


@dataclass(frozen=True)
class End:
    """All that must be the same however often the program was stopped."""

    public: tuple[tuple[object, ...], ...]
    standings: tuple[tuple[object, ...], ...]
    effects: Counter[tuple[object, ...]]
    letters: Counter[tuple[str, str]]
    open_mails: int


def mail(
    name: str, to: str, sender: str, body: str = "", envelope_from: str | None = None, extra: str = ""
) -> RawMessage:
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {name}\r\nMessage-ID: <{name}@x.example>\r\n"
    date = "Date: Mon, 02 Nov 2026 11:59:00 +0000\r\n"
    raw = f"{head}{date}{extra}\r\n{body}\r\n".encode()
    return RawMessage(
        source=Source(door=Door.SMTP, reference=name), envelope_from=sender if envelope_from is None else envelope_from,
        envelope_to=(to,), peer="192.0.2.1", raw=raw, received_at=NOW,
    )  # fmt: skip


def token_address(purpose: Purpose, person: int) -> str:
    return f"{tokens.mint(RING, purpose, tokens.token_id(bytes([person] * 8)), DOMAIN)}@{DOMAIN}"


def mails() -> tuple[RawMessage, ...]:
    report = (
        "--b\r\nContent-Type: text/plain\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; bob@buyer.example\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n--b--"
    )
    multipart = 'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
    by_token = mail("token", token_address(Purpose.UNSUBSCRIBE, 0), "ann@buyer.example")
    return (
        by_token,
        mail("bounce", token_address(Purpose.BOUNCE, 1), "MAILER-DAEMON@mx.example", report, "", multipart),
        mail("keyword", "sales@shop.example", "carl@buyer.example", "STOP"),
        mail("reply", "sales@shop.example", "dora@buyer.example", "What is the price of ten rolls?"),
        replace(by_token, source=Source(door=Door.SMTP, reference="token again")),
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Files as they are before the first mail: made, migrated, three mails minted."""
    folder = tmp_path_factory.mktemp("template")
    settings = Settings(
        identity=Identity(
            company="Shop", postal_address="1 Road", contact="info@shop.example", domains=("shop.example",)
        ),
        store=StoreSettings(directory=str(folder / "store"), public_directory=str(folder / "public"), free_bytes=0),
        addresses=Addresses(unsubscribe=(f"unsubscribe@{DOMAIN}",), reply=("sales@shop.example",), token_domain=DOMAIN),
    )
    db, public = open_db(settings.store), open_public(settings.store)
    with db.transaction():
        for number, person in enumerate(PEOPLE):
            address = parse_address(person)
            assert address is not None
            minted = tokens.token_id(bytes([number] * 8))
            sent.record(db, SentMail(id=minted, address=address, list="", campaign="", minted_at=NOW, letter=False))
    publish(db, public, NOW)
    public.close()
    db.close()
    return settings


@pytest.fixture(scope="module")
def kit(template: Settings) -> ReadingKit:
    return load_kit(template, RING)


def fresh_world(template: Settings, kit: ReadingKit, folder: Path) -> World:
    store = replace(template.store, directory=str(folder / "store"), public_directory=str(folder / "public"))
    for old, new in (
        (template.store.directory, store.directory),
        (template.store.public_directory, store.public_directory),
    ):
        Path(new).mkdir(parents=True, mode=Path(old).stat().st_mode & 0o7777)
        for file in Path(old).iterdir():
            copy = Path(new) / file.name
            copy.write_bytes(file.read_bytes())
            copy.chmod(file.stat().st_mode & 0o7777)
    return World(settings=replace(template, store=store), kit=kit)


async def live(world: World, steps: Steps) -> None:
    """One life, as the daemon leads it: repair, accept, process, send; ends in Stopped when the steps run out."""
    world.lives += 1

    def traced(db: Db) -> Db:
        db.connection.exec_trace = lambda *_: steps.step()
        return db

    public = open_public(world.settings.store)
    traced(public.file)
    try:
        await _work(world, steps, traced, public)
    finally:
        public.file.connection.exec_trace = None
        public.close()


async def _work(world: World, steps: Steps, traced: Callable[[Db], Db], public: Public) -> None:
    first = traced(open_db(world.settings.store))
    try:
        repair(first, public, NOW)
    finally:
        first.close()
    writer = Writer(lambda: traced(open_db(world.settings.store)), lambda db: _publish(db, public))
    writer.start()
    try:
        process = Process(
            writer=writer, reader=InProcess(world.kit), settings=world.settings, ring=RING, clock=lambda: NOW
        )
        for message in mails():
            if message.source.reference not in world.acknowledged:
                again = Source(door=Door.SMTP, reference=f"{message.source.reference} {world.lives}")
                await process.accept(replace(message, source=again))
                world.acknowledged.add(message.source.reference)
        while await process.process_next():
            pass
        await writer.run(outbox.recover)
        await runner.run_due(_queue(world, writer, steps))
    finally:
        await writer.stop()
        writer.dead.exception()  # how it died is no news here


def _publish(db: Db, public: Public) -> None:
    publish(db, public, NOW)


def _queue(world: World, writer: Writer, steps: Steps) -> runner.Queue:
    async def send(letter: SendLetter, attempts: int, hand_over: HandOver) -> Outcome:
        await hand_over(b"the letter")
        steps.step()
        world.delivered.append(letter.dedupe_key)
        return Done()

    return runner.Queue(
        writer=writer, executors=runner.Executors(send_letter=send), letters=world.settings.letters, clock=lambda: NOW,
        chance=lambda: 0.5,
    )  # fmt: skip


def end_of(world: World) -> End:
    db, public = open_db(world.settings.store), open_public(world.settings.store)
    try:
        rows = tuple(public.file.connection.execute("SELECT * FROM suppressed ORDER BY address, scope, state"))
        standings = tuple(
            db.connection.execute(
                "SELECT key, scope, state, reason, rule, strength, since, until, by FROM standing ORDER BY 1, 2, 3"
            )
        )
        effects = Counter(
            db.connection.execute("SELECT key, kind, row, after FROM event WHERE after <> '[]' ORDER BY id")
        )
        letters = Counter(db.connection.execute("SELECT dedupe_key, kind FROM outbox"))
        waiting = reads.counts(db).inbox
        open_mails = sum(number for status, number in waiting.items() if status != "done")
        return End(public=rows, standings=standings, effects=effects, letters=letters, open_mails=open_mails)
    finally:
        public.close()
        db.close()


def in_doubt(world: World) -> set[str]:
    db = open_db(world.settings.store)
    try:
        return {row[0] for row in db.connection.execute("SELECT dedupe_key FROM outbox WHERE status = 'unknown'")}
    finally:
        db.close()


# hazard A18
# hazard A19
# hazard G1
async def test_every_stop_ends_like_no_stop(template: Settings, kit: ReadingKit, tmp_path: Path) -> None:
    undisturbed = fresh_world(template, kit, tmp_path / "undisturbed")
    whole = Steps()
    await live(undisturbed, whole)
    wanted = end_of(undisturbed)
    assert wanted.open_mails == 0
    assert len(wanted.public) == 3
    assert len(undisturbed.delivered) == 2

    stopped = 0
    for limit in range(whole.taken):
        world = fresh_world(template, kit, tmp_path / str(limit))
        steps = Steps(limit)
        with suppress(StoreError, Stopped):
            await live(world, steps)
        stopped += steps.taken > limit
        await live(world, Steps())
        assert end_of(world) == wanted, f"stopped before step {limit + 1}"
        assert len(world.delivered) == len(set(world.delivered)), f"sent twice, stopped before step {limit + 1}"
        missing = set(undisturbed.delivered) - set(world.delivered)
        assert missing <= in_doubt(world), f"letter lost, stopped before step {limit + 1}"
    assert stopped > whole.taken * 0.9  # how many statements share a commit varies a little
