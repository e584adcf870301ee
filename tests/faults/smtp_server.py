"""A door in a process of its own, so that a test can see what peers cost it: `smtp_server [LIMIT OF OPEN FILES]`.

Prints its port, then a line for every stored mail.
"""

import asyncio
import resource
import sys

from agent.intake.smtp import Listener, run
from agent.model.mail import RawMessage
from agent.store.ledger import MailboxPlace
from tests.unit.intake.smtp_door import RING, FakeSink, settings


class PrintingSink(FakeSink):
    """Says what it stored and forgets it."""

    async def accept(self, message: RawMessage, place: MailboxPlace | None = None) -> int:
        """Store one message."""
        print("stored", len(message.raw), flush=True)
        return 1


def ready(listener: Listener) -> None:
    """Say where it listens."""
    print(listener.addresses[0][1], flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))
    config = settings(connections=500, connections_per_network=500)
    asyncio.run(run(config, PrintingSink(), RING, ready=ready, free_bytes=lambda: 10**12))
