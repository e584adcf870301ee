"""The program is killed twenty times under load, as the power does it: no mail it said yes to is lost or acts twice."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agent.config import load
from agent.model.settings import Settings
from agent.obs.clock import utc_now
from agent.store import reads
from agent.store.db import Db, open_db
from agent.store.public import open_public, repair
from tests.support.child_server import free_ports
from tests.support.fake_relay import FakeRelay
from tests.support.load import Mail, Peer, What, mint_people, write
from tests.support.program import SECONDS, Program, write_config

KILLS = 20
PEERS = 4
PEOPLE = 2_000  # more than can be heard of before the last kill
SEED = 18
WHAT = (What.TOKEN,) * 7 + (What.PLAIN, What.WORD, What.BOUNCE)
# Where the axe falls: the sender has just sent a dot, has just heard 250, or our relay is about to take a letter.
MOMENTS = {"dot": 40, "250": 40, "letter": 10}
EXPECTED = {What.TOKEN: "opt_out", What.PLAIN: "opt_out", What.WORD: "opt_out", What.BOUNCE: "hard"}


@dataclass
class Axe:
    """Falls when its moment has come for the so manieth time."""

    moment: str
    left: int
    fall: Callable[[], None]
    fallen: bool = False

    def tick(self, moment: str) -> None:
        """Something of this kind has happened just now."""
        if moment != self.moment or self.fallen:
            return
        self.left -= 1
        if self.left <= 0:
            self.fallen = True
            self.fall()


@dataclass
class Senders:
    """Mail servers that try each mail until it is taken, as RFC 5321 section 4.5.4.1 has it."""

    port: int
    waiting: deque[Mail]
    acknowledged: list[Mail] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    async def run(self, tick: Callable[[str], None], wanted: Callable[[], bool]) -> None:
        """Several connections, until no more is wanted or the other side is dead."""
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
            for _ in range(PEERS):
                group.create_task(self._one(tick, wanted))

    async def _one(self, tick: Callable[[str], None], wanted: Callable[[], bool]) -> None:
        with suppress(OSError, EOFError):
            async with Peer(self.port) as peer:
                while wanted():
                    await self._send(peer, self.waiting.popleft(), tick)

    async def _send(self, peer: Peer, mail: Mail, tick: Callable[[str], None]) -> None:
        try:
            reply = await peer.send(mail, lambda: tick("dot"))
        except (OSError, EOFError):
            self.waiting.appendleft(mail)  # no answer is no 250: it comes again
            raise
        assert reply.startswith("250 "), reply
        self.acknowledged.append(mail)
        self.replies.append(reply)
        tick("250")


# hazard A18
# hazard A19
# hazard G1
async def test_no_kill_loses_a_mail_or_does_anything_twice(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    (port,) = free_ports(1)
    async with FakeRelay(extensions=()) as relay:
        # Each attempt the axe ends is counted against the mail; here it never is the mail's fault.
        config = write_config(tmp_path, port, relay_port=relay.port, attempts=KILLS + 1)
        settings = load(config, {}).settings
        people = mint_people(settings, PEOPLE)
        senders = Senders(port, deque(write(person, chance.choice(WHAT), settings) for person in people))
        undone = [await _killed(config, senders, relay, chance) for _ in range(KILLS)]
        assert any(undone), "every kill found all work done: the test shows nothing"
        await _live_on(config, senders, settings)
    _judge(settings, senders, relay)


async def _killed(config: Path, senders: Senders, relay: FakeRelay, chance: random.Random) -> int:
    """One life, cut short at a random moment; how many stored mails it left undone."""
    moment = chance.choice(tuple(MOMENTS))
    async with Program(config) as life:
        axe = Axe(moment, chance.randint(1, MOMENTS[moment]), life.kill)
        relay.before_reply = lambda verb: axe.tick("letter") if verb == "." else None
        await life.ready()
        await senders.run(axe.tick, lambda: not axe.fallen)
        assert axe.fallen
        assert await life.gone() == -9
    db = open_db(load(config, {}).settings.store)
    try:
        return sum(reads.counts(db).inbox.get(status, 0) for status in ("new", "token_applied"))
    finally:
        db.close()


async def _live_on(config: Path, senders: Senders, settings: Settings) -> None:
    """The last life: takes what was cut off before, works everything off, and is stopped politely."""
    db = open_db(settings.store)
    enough = len(senders.acknowledged) + 2 * PEERS
    try:
        async with Program(config) as life:
            await life.ready()
            await senders.run(lambda _: None, lambda: len(senders.acknowledged) < enough)
            await life.until(lambda: _all_done(db), seconds=3 * SECONDS)  # hundreds of letters wait
            life.process.terminate()
            assert await life.gone() == 0
    finally:
        db.close()


def _all_done(db: Db) -> bool:
    counts = reads.counts(db)
    under_way = sum(counts.outbox.get(status, 0) for status in ("waiting", "claimed", "handed_over"))
    return set(counts.inbox) <= {"done"} and not under_way


def _judge(settings: Settings, senders: Senders, relay: FakeRelay) -> None:
    db, public = open_db(settings.store), open_public(settings.store)
    try:
        assert repair(db, public, utc_now()) == 0
        assert _ask(db, "PRAGMA integrity_check") == [("ok",)]
        assert _ask(public.file, "PRAGMA integrity_check") == [("ok",)]
        _all_applied(public.file, senders)
        _each_once(db, senders)
        _no_letter_twice(db, senders, relay)
    finally:
        public.close()
        db.close()


def _all_applied(public: Db, senders: Senders) -> None:
    listed = set(_ask(public, "SELECT address, state FROM suppressed"))
    assert {(mail.person.address, EXPECTED[mail.what]) for mail in senders.acknowledged} == listed


def _each_once(db: Db, senders: Senders) -> None:
    """A mail sent again is the same mail; whatever was applied again would have left a second event."""
    acknowledged = sorted(mail.person.address for mail in senders.acknowledged)
    assert [key for (key,) in _ask(db, "SELECT key FROM event ORDER BY key")] == acknowledged
    assert _ask(db, "SELECT content_key FROM event GROUP BY content_key HAVING count(*) > 1") == []
    assert _ask(db, "SELECT count(*) FROM inbox WHERE status = 'done'") == [(len(acknowledged),)]


def _no_letter_twice(db: Db, senders: Senders, relay: FakeRelay) -> None:
    """One in doubt (the program died between the dot and the answer) may or may not have arrived, and is let be."""
    offered = Counter(mail.recipient.partition("<")[2].partition(">")[0] for mail in relay.offered)
    assert set(offered.values()) <= {1}
    sure, doubtful = ({str(key) for (key,) in _ask(db, LETTERS.format(status))} for status in ("done", "unknown"))
    assert sure <= set(offered) <= sure | doubtful
    assert sure | doubtful >= {mail.person.address for mail in senders.acknowledged if mail.what is What.TOKEN}


LETTERS = "SELECT key FROM letters JOIN outbox ON outbox.id = outbox_id WHERE status = '{}'"


def _ask(db: Db, question: str) -> list[tuple[object, ...]]:
    return list(db.connection.execute(question))
