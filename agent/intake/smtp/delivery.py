"""From the dot to 250: stores a mail in a task that no peer can stop, and turns every failure into "try again"."""

import asyncio
import errno
import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from agent.intake.smtp.limits import Loan
from agent.model.mail import Door, RawMessage, Role, Source
from agent.obs.log import event
from agent.store.errors import StoreBusy, StoreFull

if TYPE_CHECKING:
    from agent.process import Sink

log = logging.getLogger("optoutd.smtp")

SMALL = 65_536
UNYIELDING = 2_047  # more at once, and hashlib lets the other threads run; for a small mail the way back costs more

FULL = "452 4.3.1 Not enough disk space, try again later"
BUSY = "451 4.3.0 Busy, try again later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One mail as the session hands it over."""

    envelope_from: str
    envelope_to: tuple[str, ...]
    roles: frozenset[Role | None]
    peer: str
    raw: bytes


class Delivery:
    """The way into the store, shared by all sessions of a listener; `tasks` outlives every one of them."""

    def __init__(
        self, sink: "Sink", tasks: asyncio.TaskGroup, *, busy_seconds: float, now: Callable[[], datetime]
    ) -> None:
        self._sink = sink
        self._tasks = tasks
        self._busy_seconds = busy_seconds
        self._now = now

    async def hand_over(self, parcel: Parcel, loan: Loan) -> str:
        """The reply to the mail. When the peer leaves meanwhile, or gets 451 after too long, storing goes on."""
        task = self._tasks.create_task(self._store(parcel))
        task.add_done_callback(lambda _: loan.close())
        try:
            async with asyncio.timeout(self._busy_seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            event(log, "store_busy", level=logging.WARNING, peer=parcel.peer)
            return BUSY

    async def _store(self, parcel: Parcel) -> str:
        message = raw_message(parcel, self._now())
        try:
            inbox_id = await self._sink.accept(message)
        except Exception as error:  # noqa: BLE001 - an SMTP hook: whatever fails, the peer keeps the mail
            return trouble(error)
        return f"250 2.0.0 Stored as {inbox_id}"


def raw_message(parcel: Parcel, now: datetime) -> RawMessage:
    """The mail as the rest of the house knows it; its role only when all its recipients agree."""
    (role,) = parcel.roles if len(parcel.roles) == 1 else (None,)
    return RawMessage(
        source=Source(door=Door.SMTP, reference=reference(parcel, now)),
        envelope_from=parcel.envelope_from,
        envelope_to=parcel.envelope_to,
        peer=parcel.peer,
        raw=parcel.raw,
        received_at=now,
        role=role,
    )


def reference(parcel: Parcel, now: datetime) -> str:
    """The same for a mail that is sent again because our 250 was lost; the day keeps apart two that only look alike."""
    envelope = "\n".join((parcel.envelope_from, *sorted(parcel.envelope_to)))
    digest = hashlib.sha256(envelope.encode("utf-8", "replace") + b"\0")
    step = UNYIELDING if len(parcel.raw) <= SMALL else SMALL
    for start in range(0, len(parcel.raw), step):
        digest.update(parcel.raw[start : start + step])
    return f"smtp:{now:%Y-%m-%d}:{digest.hexdigest()}"


def trouble(error: Exception) -> str:
    """The reply to a fault of ours: temporary, an id to find it in the log by, and no word of what it was."""
    if is_full(error):
        event(log, "disk_full", level=logging.ERROR, error=error)
        return FULL
    if isinstance(error, StoreBusy):
        event(log, "store_busy", level=logging.WARNING, error=error)
        return BUSY
    found = secrets.token_hex(4)
    event(log, "trouble", level=logging.ERROR, error=error, id=found)
    return f"451 4.3.0 Local trouble {found}, try again later"


def is_full(error: BaseException | None) -> bool:
    """Whether the disk is full, however deep in the chain of causes that was said."""
    while error is not None:
        if isinstance(error, StoreFull):
            return True
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False
