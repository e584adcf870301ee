"""One delivery through the relay. Before the final dot a failure is known; after it, only an answer tells the truth."""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, IntEnum

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from agent.model.settings import RelaySettings, TlsMode

BeforeContent = Callable[[], Awaitable[None]]
HandOver = Callable[[bytes], Awaitable[None]]  # the same, told the very bytes that leave

MAX_SAID = 200
KNOCK_SECONDS = 20
_GO_AHEAD = 354
_LOGIN_CODES = frozenset({530, 534, 535, 538})  # RFC 4954 section 6
_BARE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class Verdict(Enum):
    """What the relay did with a mail."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # it went silent after the final dot and may have taken it
    OURS = "ours"  # it would treat every mail like this: login, TLS, our sender address


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    verdict: Verdict
    said: str


IN_CLEAR = Answer(verdict=Verdict.OURS, said="relay.tls = none would send the password in clear; use starttls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One mail for one recipient. `sender` is empty for the null return path, `helo` is the name we greet with."""

    sender: str
    recipient: str
    message: bytes
    helo: str


class _Stage(IntEnum):
    GREETING = 0
    SENDER = 1
    RECIPIENT = 2
    GO_AHEAD = 3
    CONTENT = 4


@dataclass(slots=True)
class _Talk:
    smtp: SMTP
    stage: _Stage = _Stage.GREETING


def tls_context(relay: RelaySettings) -> ssl.SSLContext | None:
    """What certificates are checked against; None without TLS. An unreadable ca_file raises OSError here."""
    if relay.tls is TlsMode.NONE:
        return None
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if relay.ca_file:
        context.load_verify_locations(cafile=relay.ca_file)
    return context


async def deliver(relay: RelaySettings, tls: ssl.SSLContext | None, parcel: Parcel, hand_over: BeforeContent) -> Answer:
    """Hand one mail to the relay; `hand_over` is awaited right before its content is sent."""
    _check(parcel)
    if _in_clear(relay):
        return IN_CLEAR
    talk = _Talk(_client(relay, tls, parcel.helo))
    try:
        async with asyncio.timeout(relay.seconds):
            reply = await _converse(talk, parcel, hand_over)
        return Answer(verdict=Verdict.TAKEN, said=_words(f"{reply.code} {reply.message}"))
    except (SMTPException, OSError) as error:  # TimeoutError and ssl.SSLError are OSErrors
        return _judge(talk.stage, error)
    finally:
        _leave(talk)


async def knock(relay: RelaySettings, tls: ssl.SSLContext | None, sender: str, helo: str) -> Answer:
    """All that a delivery does before it names a recipient, then RSET: nothing is sent. `said` is the greeting."""
    if _in_clear(relay):
        return IN_CLEAR
    talk = _Talk(_client(relay, tls, helo))
    try:
        async with asyncio.timeout(min(relay.seconds, KNOCK_SECONDS)):
            greeting = await talk.smtp.connect()
            talk.stage = _Stage.SENDER
            await talk.smtp.mail(sender)
            await talk.smtp.rset()
        return Answer(verdict=Verdict.TAKEN, said=_words(greeting.message))
    except (SMTPException, OSError) as error:
        return _judge(talk.stage, error)
    finally:
        _leave(talk)


def _in_clear(relay: RelaySettings) -> bool:
    return bool(relay.user) and relay.tls is TlsMode.NONE and not _is_loopback(relay.host)


def _client(relay: RelaySettings, tls: ssl.SSLContext | None, helo: str) -> SMTP:
    return SMTP(
        hostname=relay.host,
        port=relay.port,
        use_tls=relay.tls is TlsMode.IMPLICIT,
        start_tls=relay.tls is TlsMode.STARTTLS,  # never None: that means "if offered", and a password in clear
        tls_context=tls,
        username=relay.user or None,
        password=relay.password if relay.user else None,
        local_hostname=helo,
        timeout=None,  # it would be per command, and a tarpit outlasts that; `deliver` limits the whole
    )


async def _converse(talk: _Talk, parcel: Parcel, hand_over: BeforeContent) -> SMTPResponse:
    smtp = talk.smtp
    await smtp.connect()  # greeting, TLS, login
    talk.stage = _Stage.SENDER
    await smtp.mail(parcel.sender)
    talk.stage = _Stage.RECIPIENT
    await smtp.rcpt(parcel.recipient)
    start = await smtp.execute_command(b"DATA")
    if start.code != _GO_AHEAD:
        raise SMTPDataError(start.code, start.message)
    talk.stage = _Stage.GO_AHEAD
    await hand_over()
    return await _send_content(talk, parcel.message)


async def _send_content(talk: _Talk, message: bytes) -> SMTPResponse:
    """The content and its final dot. `SMTP.data` would do it, but cannot say on which side of the dot it failed."""
    protocol = talk.smtp.protocol
    if protocol is None or not protocol.is_connected:
        raise SMTPServerDisconnected("the relay went away before the content was sent")
    talk.stage = _Stage.CONTENT
    protocol.write(_LEADING_DOT.sub(b"..", message) + b".\r\n")  # RFC 5321 section 4.5.2
    reply = await protocol.read_response()
    if not 200 <= reply.code < 300:
        raise SMTPDataError(reply.code, reply.message)
    return reply


def _judge(stage: _Stage, error: SMTPException | OSError) -> Answer:
    if isinstance(error, SMTPResponseException) and 400 <= error.code < 600:
        return Answer(verdict=_by_code(stage, error), said=_words(f"{error.code} {error.message}"))
    return Answer(verdict=_by_kind(stage, error), said=_words(str(error) or type(error).__name__))


def _by_code(stage: _Stage, error: SMTPResponseException) -> Verdict:
    if error.code < 500:
        return Verdict.LATER
    login = isinstance(error, SMTPAuthenticationError) or error.code in _LOGIN_CODES
    return Verdict.OURS if login or stage <= _Stage.SENDER else Verdict.REFUSED


def _by_kind(stage: _Stage, error: SMTPException | OSError) -> Verdict:
    if stage is _Stage.CONTENT:
        return Verdict.UNKNOWN
    # The bare class: no STARTTLS, no AUTH, or no way to log in that both know.
    if type(error) is SMTPException or isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return Verdict.OURS
    return Verdict.LATER


def _leave(talk: _Talk) -> None:
    """Say QUIT and go. RFC 5321 section 4.1.1.10 would have us wait for the reply; the outcome is stored sooner."""
    protocol = talk.smtp.protocol
    if protocol is not None and talk.stage is not _Stage.GO_AHEAD:  # there it would be a line of the mail
        with suppress(SMTPException):
            protocol.write(b"QUIT\r\n")
    talk.smtp.close()


def _check(parcel: Parcel) -> None:
    """What could begin a line of its own is a bug of ours and never leaves."""
    if not all(" " <= c <= "~" for c in parcel.sender + parcel.recipient + parcel.helo):
        raise ValueError("the envelope is not plain ASCII")
    if not parcel.message.endswith(b"\r\n") or _BARE_LINE_END.search(parcel.message):
        raise ValueError("line ends of the mail are not CRLF")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _words(text: str) -> str:
    """What a peer said, on one line, printable and bounded."""
    clean = "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    return clean[:MAX_SAID]
