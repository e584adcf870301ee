"""The demo's outgoing relay: an SMTP server on loopback that keeps what it is given and sends nothing on."""

import asyncio
import email
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from types import TracebackType

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail that would have left."""

    envelope_from: str
    to: str
    message: EmailMessage


class Relay:
    """Takes every mail; `letters` holds them in order."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.port = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail, as aiosmtpd hands it over."""
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        sender = envelope.mail_from or ""
        self.letters += [Letter(envelope_from=sender, to=to, message=message) for to in envelope.rcpt_tos]
        return "250 2.0.0 kept"

    async def __aenter__(self) -> "Relay":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(self, hostname="relay.demo", loop=loop), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._server.wait_closed()
