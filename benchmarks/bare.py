"""The peer of our benchmarks: a bare aiosmtpd that puts each sender into a table, one synced commit a mail.

No parsing, no rules, no tokens, no limits: the least that can be called stored before 250.
`python -m benchmarks.bare FILE` prints its port.
"""

import asyncio
import socket
import sys

import apsw
from aiosmtpd.smtp import SMTP, Envelope, Session


class OneCommit:
    """The handler: mail and address in one transaction, then 250."""

    def __init__(self, file: str) -> None:
        self._connection = apsw.Connection(file)
        self._connection.pragma("journal_mode", "wal")
        self._connection.pragma("synchronous", "FULL")
        self._connection.execute("CREATE TABLE suppressed (address TEXT, raw BLOB)")
        self._connection.execute("CREATE INDEX by_address ON suppressed (address)")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store one mail, here and now, in the event loop."""
        self._connection.execute("INSERT INTO suppressed VALUES (?, ?)", (envelope.mail_from, envelope.content))
        return "250 OK"


async def main(file: str) -> None:
    """Serve until killed."""
    loop, handler = asyncio.get_running_loop(), OneCommit(file)
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, else asyncio leaves Nagle on
    taken.bind(("127.0.0.1", 0))
    server = await loop.create_server(lambda: SMTP(handler, hostname="mx.example.com", loop=loop), sock=taken)
    print(taken.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
