"""Whatever is read crosses the pipe unchanged, in whatever pieces it arrives, and nothing else is believed."""

import dataclasses
import io
import types
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model.dkim import KeyAnswer
from agent.model.mail import RawMessage
from agent.model.reading import Reading
from agent.model.settings import Identity, Settings
from agent.model.signal import Signal
from agent.worker import frames


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type of the model."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return st.builds(hint, **{name: values(part) for name, part in get_type_hints(hint).items()})
    if isinstance(hint, types.UnionType):
        return st.one_of(*(values(part) for part in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if hint is datetime:
        return st.datetimes(timezones=st.just(UTC))
    if hint is int:
        return st.integers(0, 2**31)
    return st.from_type(hint)


@given(values(Reading))
def test_a_reading_with_any_signals_comes_back_the_same(reading: Reading) -> None:
    assert frames.decode_reply(frames.encode_reading(reading)) == reading


@pytest.mark.parametrize("kind", get_args(Signal))
def test_no_kind_of_signal_is_left_out(kind: type[Signal]) -> None:
    @given(values(kind))
    def check(signal: Signal) -> None:
        reading = Reading(kind="other", signals=(signal,))
        back = frames.decode_reply(frames.encode_reading(reading))
        assert isinstance(back, Reading)
        assert back == reading
        assert frames.encode_reading(back) == frames.encode_reading(reading)  # == ignores the raw form of an address

    check()


@given(values(RawMessage), st.lists(values(KeyAnswer), max_size=3).map(tuple))
def test_a_question_comes_back_the_same(message: RawMessage, keys: tuple[KeyAnswer, ...]) -> None:
    question = frames.Question(message=message, keys=keys)
    assert frames.decode_question(frames.encode_question(question)) == question


@given(st.lists(st.binary(max_size=50), max_size=6), st.integers(1, 7))
def test_a_stream_is_cut_alike_in_whatever_pieces_it_comes(bodies: list[bytes], size: int) -> None:
    stream = b"".join(frames.framed(body, 100) for body in bodies)
    unframer = frames.Unframer(100)
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [body for piece in pieces for body in unframer.feed(piece)] == bodies
    blocking = io.BytesIO(stream)
    assert [frames.read_frame(blocking, 100) for _ in bodies] == bodies
    assert frames.read_frame(blocking, 100) is None


def test_a_frame_over_the_limit_is_refused_on_both_sides() -> None:
    with pytest.raises(frames.FrameError):
        frames.framed(b"x" * 101, 100)
    announced = (101).to_bytes(4, "big")
    with pytest.raises(frames.FrameError):
        list(frames.Unframer(100).feed(announced))
    with pytest.raises(frames.FrameError):
        frames.read_frame(io.BytesIO(announced), 100)


def test_a_stream_that_ends_within_a_frame_is_closed() -> None:
    assert frames.read_frame(io.BytesIO(frames.framed(b"whole", 100)[:-1]), 100) is None


@given(st.binary(max_size=60))
def test_bytes_that_are_no_frame_raise_nothing_but_frame_error(body: bytes) -> None:
    for decode in (frames.decode_reply, frames.decode_question, frames.decode_hello):
        try:
            decode(body)
        except frames.FrameError:
            continue


def test_a_signal_of_unknown_name_is_refused() -> None:
    answer = frames.Answer(signals=(("Nonsense", msgspec.Raw(b"\x80")),), rest=msgspec.Raw(b"\x80"))
    with pytest.raises(frames.FrameError):
        frames.decode_reply(msgspec.msgpack.encode(answer))


def test_the_key_ring_does_not_show_in_a_repr() -> None:  # hazard J3
    identity = Identity(company="c", postal_address="p", contact="a@example.com", domains=())
    hello = frames.Hello(settings=Settings(identity=identity), key_file_text="a:00ff")
    assert "00ff" not in repr(hello)
    assert frames.decode_hello(frames.encode_hello(hello)) == hello
