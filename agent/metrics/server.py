"""A small HTTP/1.1 answerer (RFC 9110, RFC 9112) for two pages: one GET a connection, and a bound on everything.

Law: whatever a client does costs at most HEAD_BYTES of memory, SECONDS of time and one of CONNECTIONS places.
No library: aiohttp adds 17 MB and prometheus_client 5 MB to a daemon of 43 MB, for a request line and a page of text.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from agent.intake.smtp import ListenError
from agent.model.metrics_place import Place
from agent.obs.log import event
from agent.store.errors import StoreError

CONNECTIONS = 16
HEAD_BYTES = 4096
SECONDS = 5.0
LINGER_SECONDS = 1.0
ANSWER_SECONDS = 30.0  # a look into a store that is busy takes its time
_TEXT = "text/plain; charset=utf-8"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one request gets."""

    status: HTTPStatus
    body: str
    kind: str = _TEXT


Answers = Callable[[str], Awaitable[Answer | None]]  # by path; None where there is no such page


@asynccontextmanager
async def listening(place: Place, answers: Answers) -> AsyncIterator[None]:
    """Answer until the end."""
    desk = _Desk(answers=answers)
    try:
        server = await _open(place, desk)
    except OSError as error:
        where = place.path or f"{place.host}:{place.port}"
        raise ListenError(f"metrics.listen: cannot listen at {where}: {error.strerror}") from error
    async with server:
        yield
    _close(place)


async def _open(place: Place, desk: "_Desk") -> asyncio.Server:
    if not place.path:
        return await asyncio.start_server(desk.meet, place.host, place.port, limit=HEAD_BYTES)
    server = await asyncio.start_unix_server(desk.meet, place.path, limit=HEAD_BYTES)
    _let_group_ask(place)
    return server


def _let_group_ask(place: Place) -> None:
    Path(place.path).chmod(0o660)


def _close(place: Place) -> None:
    if place.path:
        Path(place.path).unlink(missing_ok=True)


@dataclass(slots=True)
class _Desk:
    answers: Answers
    met: int = 0

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its request to its end."""
        if self.met >= CONNECTIONS:
            writer.transport.abort()
            return
        self.met += 1
        try:
            with suppress(OSError):  # it went away; a TimeoutError is an OSError
                await self._serve(reader, writer)
        finally:
            self.met -= 1
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, refused = await _head(reader)
        answer = refused or await self._answer(head)
        async with asyncio.timeout(SECONDS):
            writer.write(_bytes(answer, with_body=not head.startswith("HEAD ")))
            await writer.drain()
            writer.write_eof()
        async with asyncio.timeout(LINGER_SECONDS):
            while await reader.read(HEAD_BYTES):  # closed with something unread, the answer would be torn up
                pass

    async def _answer(self, head: str) -> Answer:
        match head.partition("\r\n")[0].split(" "):
            case ["GET" | "HEAD", path, "HTTP/1.0" | "HTTP/1.1"]:
                return await self._page(path.partition("?")[0])
            case [_, _, "HTTP/1.0" | "HTTP/1.1"]:
                return _plain(HTTPStatus.METHOD_NOT_ALLOWED)
            case _:
                return _plain(HTTPStatus.BAD_REQUEST)

    async def _page(self, path: str) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self.answers(path) or _plain(HTTPStatus.NOT_FOUND)
        except (StoreError, OSError) as error:
            event(_log, "metrics_unavailable", level=logging.WARNING, why=str(error) or type(error).__name__)
            return _plain(HTTPStatus.INTERNAL_SERVER_ERROR)


async def _head(reader: asyncio.StreamReader) -> tuple[str, Answer | None]:
    """The request up to its empty line, or what is wrong with it."""
    try:
        async with asyncio.timeout(SECONDS):
            return (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"), None
    except asyncio.LimitOverrunError:
        return "", _plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    except asyncio.IncompleteReadError:
        return "", _plain(HTTPStatus.BAD_REQUEST)
    except TimeoutError:
        return "", _plain(HTTPStatus.REQUEST_TIMEOUT)


def _plain(status: HTTPStatus) -> Answer:
    return Answer(status=status, body=f"{status.phrase}\n")


def _bytes(answer: Answer, *, with_body: bool) -> bytes:
    body = answer.body.encode()
    allow = "Allow: GET, HEAD\r\n" if answer.status is HTTPStatus.METHOD_NOT_ALLOWED else ""
    head = (
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\nContent-Type: {answer.kind}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n{allow}Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + (body if with_body else b"")
