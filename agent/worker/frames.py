"""Frames between the daemon and its reader: four bytes of length, then msgpack; reading one never runs code.

A signal crosses as (name of its type, body), because a union of dataclasses carries no tag of its own.
"""

import dataclasses
from collections.abc import Iterator
from typing import BinaryIO, get_args, get_type_hints

import msgspec

from agent.model.dkim import KeyAnswer
from agent.model.mail import RawMessage
from agent.model.reading import Reading
from agent.model.settings import Settings
from agent.model.signal import Signal

MAX_QUESTION = 64 * 1024 * 1024  # a mail; limits.message_bytes is far below
MAX_ANSWER = 4 * 1024 * 1024  # a reading; excerpts are short, so this is plenty

_LENGTH = 4


class FrameError(ValueError):
    """The other side broke the protocol."""


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The first frame to the reader: settings without secrets, the key ring as text, the keys that sign our mail."""

    settings: Settings
    key_file_text: str
    own_keys: tuple[KeyAnswer, ...] = ()

    def __repr__(self) -> str:
        return "Hello(...)"  # the key ring is a secret


class Question(msgspec.Struct, frozen=True):
    """One mail to read, and what the DNS said about the keys of its signatures."""

    message: RawMessage
    keys: tuple[KeyAnswer, ...] = ()


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The rules are loaded."""


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """One reading: its signals by name and body, and all its other fields."""

    signals: tuple[tuple[str, msgspec.Raw], ...]
    rest: msgspec.Raw


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The last word of a reader that ends: why. It never quotes the mail."""

    why: str


_encode = msgspec.msgpack.Encoder().encode
_HINTS = get_type_hints(Reading)
_Rest = msgspec.defstruct(
    "_Rest", [(f.name, _HINTS[f.name]) for f in dataclasses.fields(Reading) if f.name != "signals"]
)
_rest = msgspec.msgpack.Decoder(_Rest)
_signals: dict[str, msgspec.msgpack.Decoder[Signal]] = {
    kind.__name__: msgspec.msgpack.Decoder(kind) for kind in get_args(Signal)
}
_hello = msgspec.msgpack.Decoder(Hello)
_question = msgspec.msgpack.Decoder(Question)
_reply: msgspec.msgpack.Decoder[Ready | Answer | Failed] = msgspec.msgpack.Decoder(Ready | Answer | Failed)


def encode_hello(hello: Hello) -> bytes:
    """The body of the first frame."""
    return _encode(hello)


def decode_hello(body: bytes) -> Hello:
    """The first frame, or FrameError."""
    try:
        return _hello.decode(body)
    except msgspec.DecodeError as error:
        raise FrameError(f"the first frame cannot be read: {error}") from None


def encode_question(question: Question) -> bytes:
    """The body of a question."""
    return _encode(question)


def decode_question(body: bytes) -> Question:
    """A question, or FrameError."""
    try:
        return _question.decode(body)
    except msgspec.DecodeError as error:
        raise FrameError(f"a question cannot be read: {error}") from None


def encode_reading(reading: Reading) -> bytes:
    """The body of an answer."""
    signals = tuple((type(signal).__name__, msgspec.Raw(_encode(signal))) for signal in reading.signals)
    rest = msgspec.Raw(_encode(dataclasses.replace(reading, signals=())))
    return _encode(Answer(signals=signals, rest=rest))


def encode_word(word: Ready | Failed) -> bytes:
    """The body of what a reader says besides answers."""
    return _encode(word)


def decode_reply(body: bytes) -> Ready | Reading | Failed:
    """What a reader said, or FrameError."""
    try:
        reply = _reply.decode(body)
        if not isinstance(reply, Answer):
            return reply
        signals = tuple(_signals[name].decode(signal) for name, signal in reply.signals)
        return Reading(signals=signals, **msgspec.structs.asdict(_rest.decode(reply.rest)))
    except (msgspec.DecodeError, KeyError) as error:
        raise FrameError(f"an answer cannot be read: {error}") from None


def framed(body: bytes, limit: int) -> bytes:
    """The body with its length in front, or FrameError when it is too large."""
    if len(body) > limit:
        raise FrameError(f"{len(body)} bytes are more than a frame may hold ({limit})")
    return len(body).to_bytes(_LENGTH, "big") + body


def read_frame(stream: BinaryIO, limit: int) -> bytes | None:
    """The next body from a blocking stream; None when the stream is closed, even within a frame."""
    head = stream.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    body = stream.read(_checked(head, limit))
    return body if len(body) == int.from_bytes(head, "big") else None


class Unframer:
    """Cuts a stream that arrives in pieces into bodies."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The bodies that are complete now; FrameError when one claims to be larger than allowed."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH:
            end = _LENGTH + _checked(self._buffer[:_LENGTH], self._limit)
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH:end])
            del self._buffer[:end]
            yield body


def _checked(head: bytes | bytearray, limit: int) -> int:
    length = int.from_bytes(head, "big")
    if length > limit:
        raise FrameError(f"a frame of {length} bytes is announced; {limit} is the most")
    return length
