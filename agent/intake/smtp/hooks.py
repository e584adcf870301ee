"""What the door says to EHLO, MAIL and RCPT; one object a session, because it counts and remembers."""

from collections.abc import Callable
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Talk

from agent.intake.smtp.delivery import FULL
from agent.intake.smtp.recipients import Answer
from agent.model.mail import Role

MAX_RECIPIENTS = 100  # RFC 5321 section 4.5.3.1.8: at least 100
MAX_UNKNOWN = 5

TOO_MANY_UNKNOWN = "421 4.7.0 Too many unknown recipients"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients, send the mail again for the others"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms mail is taken: the same for all sessions of a listener."""

    judge: Callable[[str], Answer]
    free_bytes: Callable[[], int]
    needed_bytes: int


class Hooks:
    """The hooks aiosmtpd calls; `accepted` are the recipients of the mail that is being spoken of."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._unknown = 0
        self.accepted: dict[str, Role | None] = {}

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, talk: Talk, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """AUTH is not offered: nobody can log in, and it draws those who try."""
        talk.host_name = hostname
        return [line for line in responses if not line.startswith("250-AUTH")]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _talk: Talk, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Any sender, `<>` too (RFC 5321 section 6.1), while there is room for his mail."""
        if self._terms.free_bytes() < self._terms.needed_bytes:
            return FULL
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _talk: Talk, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Our own addresses only; who guesses is sent away."""
        if len(self.accepted) >= MAX_RECIPIENTS:
            return TOO_MANY_RECIPIENTS
        answer = self._terms.judge(address)
        if not answer.accepted:
            self._unknown += 1
            return TOO_MANY_UNKNOWN if self._unknown > MAX_UNKNOWN else answer.reply
        if address not in self.accepted:
            self.accepted[address] = answer.role
            envelope.rcpt_tos.append(address)
        return answer.reply
