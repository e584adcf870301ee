"""The way back, whole: opt-out, letter, START, the letter that asks, its answer; and the small answers to a letter."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.effects.letter_files import read_letters
from agent.model.mail import Door
from agent.model.plan import LetterKind
from agent.model.settings import Addresses, Identity, RelaySettings, Settings, StoreSettings, TlsMode
from agent.model.signal import Evidence, Order, OrderKind, Origin, Strength
from agent.model.state import State
from agent.process import apply_signals
from agent.store.db import Db, open_db
from agent.store.writer import Writer
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit
from tests.support.fake_relay import FakeRelay
from tests.support.shop import ANA, RING, World, key, link_of, text_of, touched

DOMAINS = ["", "t.shop.example"]  # with no token domain, and with one


@pytest.fixture(scope="module")
def kit() -> ReadingKit:
    return load_kit(None, RING)


@pytest.fixture(params=DOMAINS, ids=["plain", "tokens"])
async def world(request: pytest.FixtureRequest, tmp_path: Path, kit: ReadingKit) -> AsyncIterator[World]:
    places = StoreSettings(directory=str(tmp_path / "own"), public_directory=str(tmp_path / "public"))
    async with FakeRelay() as relay:
        settings = Settings(
            identity=Identity(
                company="Shop",
                postal_address="1 Harbour Road",
                contact="us@shop.example",
                domains=("shop.example",),
            ),
            store=places,
            addresses=Addresses(
                unsubscribe=("leave@shop.example",), reply=("sales@shop.example",), token_domain=request.param
            ),
            relay=RelaySettings(host="127.0.0.1", port=relay.port, tls=TlsMode.NONE),
        )
        writer = Writer(lambda: open_db(places), lambda _: None)
        writer.start()
        yield World(writer, settings, relay, kit)
        await writer.stop()


async def test_the_full_cycle(world: World) -> None:
    asking = await world.starts(await world.opts_out())
    assert "confirm" in asking["Subject"]
    world.now += timedelta(days=2)
    (welcome,) = await world.confirms(asking)
    assert await world.states() == set()
    assert welcome["Subject"] == "Welcome back"


async def test_the_word_may_be_touched_instead_of_typed(world: World) -> None:
    """A link of the page prepares a mail of its own, which belongs to no thread."""
    to, subject = touched(await world.opts_out(), "START")
    (asking,) = await world.write(to, subject=subject)
    await world.confirms(asking)
    assert await world.states() == set()


async def test_the_way_back_works_once(world: World) -> None:  # hazard D5
    asking = await world.starts(await world.opts_out())
    await world.confirms(asking)
    world.now += timedelta(days=2)
    await world.write("leave@shop.example")
    assert State.OPT_OUT in await world.states()
    await world.confirms(asking)
    assert State.OPT_OUT in await world.states()


async def test_the_way_back_works_for_seven_days(world: World) -> None:  # hazard D5
    asking = await world.starts(await world.opts_out())
    world.now += timedelta(days=8, minutes=1)  # seven, and one that a clock may be wrong by
    await world.confirms(asking)
    assert State.OPT_OUT in await world.states()


@pytest.mark.parametrize(
    "mark",
    ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "X-Autoreply: yes\r\n", "List-Id: <x.example>\r\n"],
)
async def test_a_machine_cannot_confirm(world: World, mark: str) -> None:  # hazard D5, hazard D8
    asking = await world.starts(await world.opts_out())
    await world.confirms(asking, extra=f"{mark}\r\n")
    assert State.OPT_OUT in await world.states()


async def test_a_complaint_is_never_lifted(world: World) -> None:  # hazard D5
    letter = await world.opts_out()
    asking = await world.starts(letter)
    order = Order(
        address=key(ANA), evidence=Evidence(rule="operator", strength=Strength.E3), kind=OrderKind.SUPPRESS,
        why="a report came by post", by="maria", state=State.COMPLAINT.value,
    )  # fmt: skip
    origin = Origin(door=Door.OPERATOR, received_at=world.now)
    await world.writer.run(lambda db: complain(db, order, origin, world))
    assert await world.confirms(asking) == []
    for word in ("START", "PAUSE", "LESS"):
        assert await world.write("sales@shop.example", word, answers=letter["Message-ID"]) == []
    assert await world.states() == {State.COMPLAINT, State.OPT_OUT}


def complain(db: Db, order: Order, origin: Origin, world: World) -> None:
    apply_signals(db, (order,), origin, world.settings, world.now)


async def test_a_forged_way_back_leads_nowhere(world: World) -> None:  # hazard D5, hazard D16
    asking = await world.starts(await world.opts_out())
    to, subject = link_of(asking)
    word, _, token = subject.partition(" ")
    for at in range(1, len(token)):
        forged = token[:at] + ("b" if token[at] != "b" else "c") + token[at + 1 :]
        await world.write(to, subject=f"{word} {forged}")
    assert State.OPT_OUT in await world.states()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("1", "too_frequent"),
        ("２", "not_relevant"),
        ("3.\n\nKind regards\nAna Gomez\nBuyer Ltd", "no_longer_needed"),
        ("4) I prefer another channel, not e-mail", "other_channel"),
        ("never signed up", "never_signed_up"),
    ],
)
async def test_a_number_says_why(world: World, body: str, reason: str) -> None:
    letter = await world.opts_out()
    assert await world.write("sales@shop.example", body, answers=letter["Message-ID"]) == []
    (standing,) = (await world.ana()).standings
    assert (standing.state, standing.reason, standing.strength) == (State.OPT_OUT, reason, Strength.E3)


async def test_a_number_may_be_touched(world: World) -> None:
    to, subject = touched(await world.opts_out(), "2")
    assert await world.write(to, subject=subject, body="\r\n--\r\nSent from my phone") == []
    (standing,) = (await world.ana()).standings
    assert standing.reason == "not_relevant"


@pytest.mark.parametrize("answers", ["", "<2345@shop.example>", "<ra{id}{mac}@shop.example>"])
async def test_a_bare_number_in_other_mail_means_nothing(world: World, answers: str) -> None:
    await world.opts_out()
    forged = answers.format(id="c" * 13, mac="d" * 16)
    assert await world.write("sales@shop.example", "1", answers=forged) == []
    (standing,) = (await world.ana()).standings
    assert standing.reason == "unsubscribe"


async def test_a_number_alone_suppresses_nobody(world: World) -> None:
    letter = await world.opts_out()
    await world.confirms(await world.starts(letter))
    await world.write("sales@shop.example", "1", answers=letter["Message-ID"])
    assert await world.states() == set()


async def test_a_pause_takes_the_place_of_the_opt_out(world: World) -> None:
    letter = await world.opts_out()
    world.now += timedelta(days=2)
    (told,) = await world.write("sales@shop.example", "Pause, please", answers=letter["Message-ID"])
    (standing,) = (await world.ana()).standings
    assert (standing.state, standing.until) == (State.PAUSED, world.now + timedelta(days=90))
    assert f"{standing.until:%Y-%m-%d}" in told["Subject"]


async def test_less_mail_begins_with_a_rest(world: World) -> None:
    letter = await world.opts_out()
    await world.write("sales@shop.example", "less often", answers=letter["Message-ID"])
    ana = await world.ana()
    (standing,) = ana.standings
    assert (standing.state, standing.until) == (State.PAUSED, world.now + timedelta(days=30))
    assert ana.interval_days == 30


async def test_somebody_else_with_the_letter_lifts_nothing(world: World) -> None:  # hazard D5
    letter = await world.opts_out()
    await world.write("sales@shop.example", "PAUSE", answers=letter["Message-ID"], sender="eve@evil.example")
    assert State.OPT_OUT in await world.states()


async def test_an_old_letter_lifts_nothing(world: World) -> None:  # hazard D5
    letter = await world.opts_out()
    world.now += timedelta(days=32)
    await world.write("sales@shop.example", "PAUSE", answers=letter["Message-ID"])
    assert await world.states() == {State.OPT_OUT}


async def test_a_word_from_before_the_latest_opt_out_lifts_nothing(world: World) -> None:  # hazard D5
    letter = await world.opts_out()
    await world.confirms(await world.starts(letter))
    world.now += timedelta(hours=1)
    await world.write("leave@shop.example")
    await world.write("sales@shop.example", "PAUSE", answers=letter["Message-ID"])
    assert State.OPT_OUT in await world.states()


async def test_the_letter_answers_in_the_persons_language(world: World) -> None:
    world.settings = replace(world.settings, identity=replace(world.settings.identity, language="ja"))
    world.__post_init__()
    letter = await world.opts_out()
    assert "再開" in text_of(letter)
    asking = await world.starts(letter, "再開")
    await world.confirms(asking)
    assert await world.states() == set()


def test_every_kind_of_letter_that_offers_a_word_is_covered_here() -> None:
    offered = {kind for kind in LetterKind if "{start_word}" in read_letters()[f"en/{kind.value}"]}
    assert offered == {LetterKind.OPT_OUT, LetterKind.OPT_OUT_UNVERIFIED, LetterKind.TOPIC, LetterKind.PAUSE}
