"""Whatever bytes come in, reading ends with a Reading: no exception, within the CPU time a mail may cost.

Mails are built from parts as broken senders build them, and our own samples are cut, joined and bent. The quick run
reads some hundreds, `./run test -m slow tests/property/test_readers_fuzz.py` 10,000, and what
`./run python -m tests.fuzz.readers` does is guided by coverage.
"""

import random
from functools import cache
from time import thread_time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fuzz.mails import PIECES, bent, read_one, samples

QUICK, LONG = 120, 10_000
CPU_SECONDS = 2.0  # what one mail may cost (limits of the reader's process)


def budget(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=examples == QUICK,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


@cache
def lines() -> st.SearchStrategy[bytes]:
    return st.one_of(st.sampled_from(PIECES), st.binary(max_size=40), st.text(max_size=20).map(str.encode))


@st.composite
def entities(draw: st.DrawFn, depth: int = 0) -> bytes:
    """A header block and a body, which may be parts again; either may be torn."""
    end = draw(st.sampled_from((b"\n", b"\n", b"\r\n", b"\r")))
    head = draw(st.lists(lines(), max_size=8))
    if depth < 3 and draw(st.booleans()):
        boundary = draw(st.sampled_from((b"edge", b"--=_x", b"", b'"')))
        subtype = draw(st.sampled_from((b"mixed", b"report", b"alternative", b"digest", b"signed")))
        head.append(b"Content-Type: multipart/" + subtype + b'; boundary="' + boundary + b'"')
        parts = draw(st.lists(entities(depth + 1), max_size=4))
        body = b"".join(end + b"--" + boundary + end + part for part in parts)
        body += end + b"--" + boundary + b"--" if draw(st.booleans()) else b""
    else:
        body = end.join(draw(st.lists(lines(), max_size=12)))
    return end.join(head) + draw(st.sampled_from((end + end, end, b""))) + body


def cpu_seconds(raw: bytes) -> float:
    begun = thread_time()
    read_one(raw)
    return thread_time() - begun


def check(raw: bytes) -> None:
    """A mail that costs too much does so every time; a pattern compiled at first use or a collection, once."""
    assert any(cpu_seconds(raw) < CPU_SECONDS for _ in range(3))


@given(entities())
@example(b"")
@budget(QUICK)
def test_mails_of_parts(raw: bytes) -> None:
    check(raw)


@given(st.binary(max_size=2_000))
@budget(QUICK)
def test_any_bytes(raw: bytes) -> None:
    check(raw)


@given(st.randoms(use_true_random=False))
@budget(QUICK)
def test_samples_bent(luck: random.Random) -> None:
    check(bent(luck))


@pytest.mark.slow
@given(st.one_of(entities(), st.builds(bent, st.randoms(use_true_random=False))))
@budget(LONG)
def test_many_more(raw: bytes) -> None:
    check(raw)


@pytest.mark.parametrize("piece", PIECES)
def test_one_line_without_end(piece: bytes) -> None:
    """Whatever opens something is repeated: what is not linear shows."""
    for glue in (b"", b" ", b"\n", b"\n "):
        check(b"From: a@b.example\nSubject: " + glue.join([piece] * 3_000))
        check(b"From: mailer-daemon@b.example\n\n" + glue.join([piece] * 3_000))


def test_every_sample_cut_anywhere() -> None:
    for raw in samples():
        for share in range(1, 8):
            check(raw[: len(raw) * share // 8])
