"""A possible opt-out, whole: the address is held for a person, nobody is answered, and silence decides nothing."""

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.intake.clock import ring_timers
from agent.model.settings import Addresses, Identity, RelaySettings, Settings, StoreSettings, TlsMode
from agent.model.signal import Verdict
from agent.model.state import State
from agent.rules.ngrams import Ngrams
from agent.store import reads, waiting
from agent.store.db import Db, open_db
from agent.store.writer import Writer
from agent.worker.kit import load_kit
from tests.support.fake_relay import FakeRelay
from tests.support.shop import ANA, RING, World, key

OURS = "<1@shop.example>"
WORDS = "Please remove me from your mailing list, and when does the pump arrive?"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """With a language model to which every text is an opt-out in half of all cases."""
    places = StoreSettings(directory=str(tmp_path / "own"), public_directory=str(tmp_path / "public"))
    kit = load_kit(None, RING)
    halves = Ngrams(labels=("reply", "unsubscribe"), bias=(math.log(0.5), math.log(0.5)), scale=1.0)
    async with FakeRelay() as relay:
        settings = Settings(
            identity=Identity(
                company="Shop", postal_address="1 Harbour Road", contact="us@shop.example", domains=("shop.example",)
            ),
            store=places,
            addresses=Addresses(unsubscribe=("leave@shop.example",), reply=("sales@shop.example",)),
            relay=RelaySettings(host="127.0.0.1", port=relay.port, tls=TlsMode.NONE),
        )
        writer = Writer(lambda: open_db(places), lambda _: None)
        writer.start()
        yield World(writer, settings, relay, replace(kit, catalog=replace(kit.catalog, ngrams=halves)))
        await writer.stop()


async def test_the_address_is_held_and_a_person_looks(world: World) -> None:
    await world.was_mailed()
    assert await world.write("sales@shop.example", WORDS, answers=OURS) == []
    assert await world.states() == {State.HELD}
    (review,) = await world.writer.run(waiting.open_reviews)
    assert (review.row, review.first, review.second) == ("20", Verdict.OPT_OUT, Verdict.REPLY)
    assert await world.writer.run(rows) == ["25", "20"]


async def test_silence_decides_nothing(world: World) -> None:
    await world.was_mailed()
    await world.write("sales@shop.example", WORDS, answers=OURS)
    world.now += timedelta(hours=world.settings.policy.review_hours, minutes=1)
    await world.writer.run(lambda db: ring_timers(db, world.settings, world.now))
    assert await world.letters() == []
    assert State.OPT_OUT not in await world.states()
    assert len(await world.writer.run(waiting.open_reviews)) == 1


async def test_a_second_copy_adds_nothing(world: World) -> None:
    await world.was_mailed()
    await world.write("sales@shop.example", WORDS, answers=OURS)
    await world.writer.run(lambda db: db.connection.execute("UPDATE inbox SET reference = 'moved'"))
    world.mails -= 1
    assert await world.write("sales@shop.example", WORDS, answers=OURS) == []
    assert len(await world.writer.run(waiting.open_reviews)) == 1


def rows(db: Db) -> list[str]:
    """By which rows of the policy Ana's mails were decided."""
    return [one.row for one in reads.history(db, key(ANA))]
