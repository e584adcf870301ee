"""How each mailbox does: when it was last read through, and since when, and why, it cannot be read.

The beginning of an outage is kept in the store: only a round that goes well ends it, no restart does.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from agent.intake.imap.account import TIMING
from agent.model.mail import RawMessage
from agent.model.settings import ImapAccount
from agent.obs.log import event
from agent.obs.pulse import Pulse
from agent.process import MailboxSink
from agent.store import outages
from agent.store.errors import StoreError
from agent.store.ledger import MailboxPlace
from agent.store.writer import Writer

# Every wait for a server has an end of its own within this time; what takes longer hangs.
GRACE_SECONDS = 900.0
_AGAIN_SECONDS = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shut:
    """One mailbox that stays shut."""

    account: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One mailbox since the start of the program."""

    read_at: datetime | None = None
    shut: Shut | None = None


@dataclass(slots=True, kw_only=True)
class Troubles:
    """Hears of every round of every account; `known` are the outages that an earlier life left behind."""

    now: Callable[[], datetime]
    pulse: Pulse
    known: Mapping[str, datetime] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    boxes: dict[str, Box] = field(default_factory=dict)

    def begin(self, account: ImapAccount) -> None:
        """It is about to be read."""
        self.boxes[account.name] = Box()
        self._expect(account, 0.0)

    def failed(self, account: ImapAccount, why: str, wait: float) -> None:
        """It could not be read; the next try is so many seconds away."""
        box = self.boxes[account.name]
        since = box.shut.since if box.shut else self.known.get(account.name, self.now())
        self.boxes[account.name] = replace(box, shut=Shut(account=account.name, since=since, why=why))
        self._expect(account, wait)
        self.changed.set()

    def stored(self, account: ImapAccount) -> None:
        """Mail of it came in: a long backlog is progress, too."""
        self._expect(account, 0.0)

    def over(self, account: ImapAccount) -> None:
        """All of it was read."""
        self.boxes[account.name] = Box(read_at=self.now())
        self.known = {name: since for name, since in self.known.items() if name != account.name}
        self._expect(account, min(account.poll_seconds, TIMING.idle))
        self.changed.set()

    def shut(self) -> tuple[Shut, ...]:
        """Those that are shut now."""
        return tuple(box.shut for box in self.boxes.values() if box.shut is not None)

    def outages(self) -> dict[str, datetime]:
        """What a later life has to know: also of a mailbox that this one has not tried yet."""
        earlier = {name: since for name, since in self.known.items() if name in self.boxes}
        return earlier | {one.account: one.since for one in self.shut()}

    def _expect(self, account: ImapAccount, wait: float) -> None:
        self.pulse.beat(f"mailbox {account.name}", wait + GRACE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The sink of one account; `stored` is told of what it took."""

    sink: MailboxSink
    stored: Callable[[], object]

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """See Sink."""
        number = await self.sink.accept(message, place)
        self.stored()
        return number

    async def accept_many(self, mails: Sequence[tuple[RawMessage, MailboxPlace]]) -> tuple[int, ...]:
        """See MailboxSink."""
        numbers = await self.sink.accept_many(mails)
        self.stored()
        return numbers


async def remember(troubles: Troubles, writer: Writer) -> None:
    """Keep the outages in the store, until cancelled; what cannot be written now is written later."""
    written: dict[str, datetime] | None = None
    while True:
        await troubles.changed.wait()
        troubles.changed.clear()
        now = troubles.outages()
        if now == written:
            continue
        try:
            await writer.run(lambda db, now=now: outages.save(db, now))  # type: ignore[misc]  # bound at once
            written = now
        except StoreError as error:
            event(_log, "outage_not_noted", level=logging.WARNING, why=str(error))
            await asyncio.sleep(_AGAIN_SECONDS)
            troubles.changed.set()
