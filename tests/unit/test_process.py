"""The spine and the DNS: a mail waits for an answer, a few times, holds nobody up, and is never blamed for it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.model.dkim import KeyAnswer, KeyState
from agent.model.mail import Purpose, RawMessage
from agent.model.reading import Reading
from agent.model.settings import Addresses, DkimSettings, Identity, Settings, StoreSettings
from agent.process import Process
from agent.resolve.dns import Found
from agent.resolve.keys import PUT_OFF, KeyBook
from agent.store import reads
from agent.store.db import Db, open_db
from agent.store.writer import Writer
from agent.trust.tokens import KeyRing, mint, token_id
from tests.unit.store.samples import NOW, message

RING = KeyRing(keys=(("a", bytes(32)),))
DOMAIN = "news.exporter.example"
HEAD = b"From: ana@buyer.example\r\nTo: sales@exporter.example\r\nSubject: x\r\n"
SIGNED = b"DKIM-Signature: v=1; d=buyer.example; s=s1; h=from; bh=; b=\r\n" + HEAD + b"\r\nHello\r\n"
NAME = "s1._domainkey.buyer.example"
SILENT = Found(state=KeyState.TEMPERROR)


@dataclass
class World:
    """A spine whose clock, DNS and reader are ours."""

    settings: Settings
    now: float = 0.0
    found: Found = SILENT
    asked: list[str] = field(default_factory=list)
    read_with: list[tuple[bytes, tuple[KeyState, ...]]] = field(default_factory=list)
    process: Process = field(init=False)

    async def ask(self, name: str) -> Found:
        self.asked.append(name)
        return self.found

    async def read(self, mail: RawMessage, keys: tuple[KeyAnswer, ...] = ()) -> Reading:
        self.read_with.append((mail.raw[:20], tuple(key.state for key in keys)))
        return Reading(kind="other", signals=())

    def inbox(self) -> Mapping[str, int]:
        db = open_db(self.settings.store)
        try:
            return reads.counts(db).inbox
        finally:
            db.close()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    settings = Settings(
        identity=Identity(company="A", postal_address="B", contact="c@exporter.example", domains=("exporter.example",)),
        store=StoreSettings(directory=str(tmp_path / "store"), public_directory=str(tmp_path / "public"), free_bytes=0),
        addresses=Addresses(token_domain=DOMAIN),
    )
    world = World(settings)
    writer = Writer(lambda: open_db(settings.store), _nothing)
    writer.start()
    async with KeyBook(world.ask, lambda: world.now, patience=5) as keys:
        world.process = Process(
            writer=writer, reader=world, settings=settings, ring=RING,
            clock=lambda: NOW + timedelta(seconds=world.now), keys=keys,
        )  # fmt: skip
        yield world
    await writer.stop()


def _nothing(_: Db) -> None:
    return None


async def test_a_silent_dns_is_asked_three_times_over_minutes_then_the_mail_goes_without(world: World) -> None:
    await world.process.accept(message("smtp:1", SIGNED))
    for wait in PUT_OFF:
        assert await world.process.process_next() == 1
        assert world.read_with == []
        assert await world.process.process_next() == 0
        world.now += wait.total_seconds()
    assert await world.process.process_next() == 1
    assert world.read_with == [(SIGNED[:20], (KeyState.TEMPERROR,))]
    assert world.asked == [NAME] * 3
    assert world.inbox() == {"done": 1}


async def test_others_go_on_meanwhile(world: World) -> None:
    await world.process.accept(message("smtp:1", SIGNED))
    await world.process.accept(message("smtp:2", HEAD + b"\r\nHello\r\n"))
    assert await world.process.process_next() == 2
    await world.process.accept(message("smtp:3", HEAD + b"\r\nHello again\r\n"))
    assert await world.process.process_next() == 1
    assert [keys for _, keys in world.read_with] == [(), ()]


async def test_an_answer_goes_to_the_reader_and_is_kept(world: World) -> None:
    world.found = Found(state=KeyState.FOUND, txt=b"p=x", ttl=300)
    for number in range(3):
        await world.process.accept(message(f"smtp:{number}", SIGNED))
    assert await world.process.process_next() == 3
    assert [keys for _, keys in world.read_with] == [(KeyState.FOUND,)] * 3
    assert world.asked == [NAME]


async def test_no_look_up_for_a_mail_whose_token_has_acted_or_when_switched_off(world: World) -> None:
    token = f"{mint(RING, Purpose.UNSUBSCRIBE, token_id(bytes(8)), DOMAIN)}@{DOMAIN}".encode()
    await world.process.accept(message("smtp:1", SIGNED.replace(b"sales@exporter.example", token)))
    assert await world.process.process_next() == 1
    world.process._settings = replace(world.settings, dkim=DkimSettings(verify=False))
    await world.process.accept(message("smtp:2", SIGNED))
    assert await world.process.process_next() == 1
    assert [keys for _, keys in world.read_with] == [(), ()]
    assert world.asked == []
