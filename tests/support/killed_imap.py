"""Reads a mailbox and kills itself at one point: `python -m tests.support.killed_imap POINT PORT DIRECTORY`.

Points, in the order of the work: fetched, storing, stored, moved, noted.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from agent.intake.imap import fetch, session, settle
from agent.intake.imap.progress import Progress
from agent.model.mail import RawMessage
from agent.model.settings import After
from agent.obs.clock import utc_now
from agent.store.ledger import MailboxPlace
from tests.support.imap_intake import Inbox, account, reading, store

P = ParamSpec("P")
T = TypeVar("T")


def die() -> None:
    """As the power does it."""
    os.kill(os.getpid(), signal.SIGKILL)


def then_die(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The same, once."""

    async def last(*args: P.args, **kwargs: P.kwargs) -> T:
        result = await function(*args, **kwargs)
        die()
        return result

    return last


class Dying(Inbox):
    """Dies with the third mail, while the commit of all may be running or after it."""

    point = ""
    seen = 0

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one mail, or die over it."""
        self.seen += 1
        if self.point == "storing" and self.seen == 3:
            die()
        number = await super().accept(message, place)
        if self.point == "stored" and len(self.messages) == 3:
            die()
        return number


async def main(point: str, port: int, directory: Path) -> None:
    """Read until dead."""
    if point == "fetched":
        setattr(session, "bodies", then_die(fetch.bodies))  # noqa: B010 - the test's own knife
    if point == "moved":
        setattr(session, "settle", then_die(settle.settle))  # noqa: B010
    if point == "noted":
        setattr(Progress, "settled", then_die(Progress.settled))  # noqa: B010
    async with store(directory) as plain:
        inbox = Dying(plain.writer)
        inbox.point = point
        async with reading(account(port, after=After.MOVE), inbox, now=utc_now):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
