"""The clock and the rechecks of the DNS: what is due becomes a Tick, once, through the one door that writes states."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.intake import clock, dead_domains
from agent.intake.clock import ring_timers
from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door
from agent.model.plan import Done
from agent.model.settings import Identity, Settings, StoreSettings
from agent.model.signal import (
    Bounce,
    BounceReason,
    Confidence,
    Evidence,
    Manner,
    OptOut,
    Origin,
    Preference,
    PreferenceKind,
    Signal,
    Strength,
)
from agent.model.state import State
from agent.process import apply_signals
from agent.resolve.mail_host import Answer
from agent.store import inbox, outbox, reads
from agent.store.db import Db, open_db
from agent.store.writer import Writer
from tests.unit.store.samples import letter, message

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
PROOF = Evidence(rule="rule", excerpt="words", strength=Strength.E2, authenticated=True)


def ann() -> AddressKey:
    key = parse_address("ann@dead.example")
    assert key is not None
    return key


@dataclass
class World:
    """A store with its writer, a clock that is set, and a DNS that says what it is told."""

    settings: Settings
    writer: Writer
    onlooker: Db
    now: datetime = NOW
    dns: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def ask(self, domain: str) -> Answer:
        self.asked.append(domain)
        return self.dns.get(domain, Answer.UNSURE)

    async def came(self, signal: Signal) -> None:
        origin = Origin(
            door=Door.SMTP, received_at=self.now, content_key=f"{self.now}", message_id="<1@x>", sender=ann()
        )  # fmt: skip
        await self.writer.run(lambda db: apply_signals(db, (signal,), origin, self.settings, self.now))

    async def look(self) -> int:
        return await dead_domains.look(
            dead_domains.Rechecks(writer=self.writer, settings=self.settings, ask=self.ask, now=lambda: self.now)
        )

    async def ring(self, later: timedelta) -> int:
        self.now += later
        return await self.writer.run(lambda db: ring_timers(db, self.settings, self.now))

    def states(self) -> list[State]:
        return [one.standing.state for one in reads.check(self.onlooker, ann(), self.now)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    store = StoreSettings(directory=str(tmp_path / "store"), public_directory=str(tmp_path / "public"))
    identity = Identity(company="X", postal_address="Y", contact="a@own.example", domains=("own.example",))
    onlooker = open_db(store)
    writer = Writer(lambda: open_db(store), lambda _: None)
    writer.start()
    yield World(settings=Settings(identity=identity, store=store), writer=writer, onlooker=onlooker)
    await writer.stop()
    onlooker.close()


def likely(*, doubtful: bool = False) -> OptOut:
    proof = Evidence(rule="rule", excerpt="w", strength=Strength.E2, authenticated=True, confidence=Confidence.LIKELY)
    return OptOut(address=ann(), evidence=proof, answerable=True, manner=Manner.WORDING, doubtful=doubtful)


async def test_silence_about_a_review(world: World) -> None:
    await world.came(likely())
    assert world.states() == [State.HELD]
    assert await world.ring(timedelta(hours=23)) == 0
    assert await world.ring(timedelta(hours=1)) == 1
    assert world.states() == [State.OPT_OUT]
    assert reads.counts(world.onlooker).outbox == {"waiting": 1}
    assert await world.ring(DAY) == 0
    assert [event.row for event in reads.history(world.onlooker, ann())] == ["20", "20"]


async def test_silence_about_a_customer_who_spoke_of_an_order(world: World) -> None:
    await world.came(likely(doubtful=True))
    assert await world.ring(DAY) == 1
    assert world.states() == []
    assert await world.ring(DAY) == 0
    assert reads.counts(world.onlooker).outbox == {}


async def test_a_pause_is_shown_before_its_end(world: World) -> None:
    await world.came(
        Preference(address=ann(), evidence=PROOF, answerable=False, kind=PreferenceKind.PAUSE, until=NOW + 10 * DAY)
    )
    assert await world.ring(7 * DAY) == 1
    assert "2026-03-12" in reads.history(world.onlooker, ann())[-1].alert
    assert world.states() == [State.PAUSED]


async def test_a_domain_is_dead_only_when_our_own_dns_says_so(world: World) -> None:
    await world.came(Bounce(address=ann(), evidence=PROOF, status="5.1.2", hard=True, reason=BounceReason.HOST_UNKNOWN))
    assert world.states() == []
    known = world.settings.policy.dns_known_name
    world.dns = {"dead.example": Answer.DEAD}
    assert await world.look() == 1  # our own resolver does not work: nothing is concluded
    assert world.asked == [known]
    assert world.states() == []
    assert await world.look() == 0
    world.now += timedelta(hours=1)
    world.dns[known] = Answer.ALIVE
    assert await world.look() == 1
    assert world.asked[1:] == [known, "dead.example"]
    assert world.states() == [State.DEAD_DOMAIN]
    world.now += timedelta(hours=72)
    assert world.states() == []
    assert await world.look() == 1
    assert world.states() == [State.DEAD_DOMAIN]
    world.now += 30 * DAY
    assert world.states() == [State.DEAD_DOMAIN]
    world.dns["dead.example"] = Answer.ALIVE
    assert await world.look() == 1
    assert world.states() == []
    assert await world.ring(300 * DAY) == 0
    assert await world.look() == 0


# hazard J6
async def test_the_bytes_of_our_letters_are_forgotten_as_time_goes_by(world: World) -> None:
    """After three years, in which somebody may ask for the proof."""

    def send(db: Db) -> None:
        outbox.add(db, letter(), world.now)
        outbox.claim(db, world.now, 1)
        outbox.handing_over(db, 1, b"the letter")
        outbox.outcome(db, 1, Done(), world.now)

    await world.writer.run(send)
    kept = []
    for days in (1094, 1096):
        await minute(world, NOW + days * DAY)
        kept.append(world.onlooker.connection.execute("SELECT count(*) FROM letter_raw").get)
    assert kept == [1, 0]


# hazard J6
async def test_the_bytes_of_old_mail_are_forgotten_as_time_goes_by(world: World) -> None:
    """Read mail after 30 days, what was set aside after 90; the clock of the program is all that moves."""

    def arrive(db: Db) -> None:
        for number in range(2):
            inbox.accept(db, replace(message(f"smtp:{number}"), received_at=world.now))
        inbox.finish(db, 1, "reply", "", world.now)
        inbox.set_aside(db, 2, "broken", world.now)

    await world.writer.run(arrive)
    kept = {}
    for days in (29, 31, 89, 91):
        await minute(world, NOW + days * DAY)
        kept[days] = [row[0] for row in world.onlooker.connection.execute("SELECT inbox_id FROM inbox_raw")]
    assert kept == {29: [1, 2], 31: [2], 89: [2], 91: []}


async def minute(world: World, now: datetime) -> None:
    """The looks of the clock up to its next housekeeping."""
    looks = iter(range(clock.HOUSEKEEPING_LOOKS))
    world.now = now

    async def sleep(_: float) -> None:
        if next(looks, None) is None:
            raise asyncio.CancelledError

    clockwork = clock.Clockwork(
        writer=world.writer, onlooker=world.onlooker, somebody_wrote=lambda: None, settings=world.settings,
        now=lambda: world.now, sleep=sleep,
    )  # fmt: skip
    with pytest.raises(asyncio.CancelledError):
        await clock.run(clockwork)
