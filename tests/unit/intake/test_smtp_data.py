"""The end of a mail, wherever the network cuts it; and what no mail may hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intake.smtp.data import CHUNK, MAX_LINE, MAX_UNBROKEN, Fault, FloodError, Incoming

LIMIT = 1_000


def read(octets: bytes, size: int = CHUNK, limit: int = LIMIT) -> Incoming:
    incoming = Incoming(limit)
    for at in range(0, len(octets), size):
        if incoming.ended:
            incoming.rest += octets[at : at + size]
        else:
            incoming.feed(octets[at : at + size])
    return incoming


@pytest.mark.parametrize(
    ("wire", "content", "rest"),
    [
        (b"one\r\n.\r\n", b"one\r\n", b""),
        (b".\r\n", b"", b""),
        (b".\r\nQUIT\r\n", b"", b"QUIT\r\n"),
        (b"\r\n.\r\nMAIL", b"\r\n", b"MAIL"),
        (b"..\r\n.\r\n", b".\r\n", b""),
        (b"...a\r\n..\r\n.\r\n", b"..a\r\n.\r\n", b""),
        (b".a\r\n.\r\n", b"a\r\n", b""),  # RFC 5321 section 4.5.2: one dot is taken off whatever follows
        (b"a\r\n.b\r\n.\r\n.\r\n", b"a\r\nb\r\n", b".\r\n"),
        (b"a.\r\n.\r\n", b"a.\r\n", b""),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 5, CHUNK])
def test_end(wire: bytes, content: bytes, rest: bytes, size: int) -> None:
    incoming = read(wire, size)
    assert (incoming.ended, incoming.fault, incoming.content(), incoming.rest) == (True, None, content, rest)


ODD_ENDS = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r.\n",
    b"\r.\r\n",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n.\r\r\n",
]


@pytest.mark.parametrize("odd", ODD_ENDS)
def test_odd_end_is_no_end_and_no_mail(odd: bytes) -> None:
    incoming = read(b"a" + odd + b"MAIL FROM:<evil@remote.test>\r\n.\r\n")  # hazard A1
    assert incoming.ended
    assert incoming.rest == b""
    assert incoming.fault is Fault.BARE


@pytest.mark.parametrize("bad", [b"X: y\rFrom: v@bank.test\r\n", b"a\nb\r\n", b"a\0b\r\n", b"a\r\r\n", b"\r", b"\n"])
def test_bare_line_ends_and_nul_are_refused(bad: bytes) -> None:
    assert read(b"A: b\r\n" + bad + b"\r\n.\r\n").fault is Fault.BARE  # hazard A2


@given(
    st.lists(st.sampled_from([b"\r\n", b".", b"a", b"\r", b"\n", b"..", b"\r\n.\r\n", b"\0"]), max_size=30), st.data()
)
def test_cuts_change_nothing(parts: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(parts) + b"\r\n.\r\nNOOP"
    whole = read(wire)
    size = data.draw(st.integers(1, len(wire)))
    cut = read(wire, size)
    assert (cut.fault, cut.rest, cut.content()) == (whole.fault, whole.rest, whole.content())


@given(st.lists(st.binary(max_size=40).map(lambda b: b.translate(None, b"\r\n\0")), max_size=12))
def test_what_is_stuffed_comes_back(lines: list[bytes]) -> None:
    content = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." if line.startswith(b".") else b"") + line + b"\r\n" for line in lines)
    incoming = read(stuffed + b".\r\n", 7)
    assert (incoming.fault, incoming.content()) == (None, content)


@pytest.mark.parametrize("size", [1, 100, CHUNK])
def test_limit_counts_the_mail_and_not_its_end(size: int) -> None:
    fits = b"a" * (LIMIT - 2) + b"\r\n"
    assert read(fits + b".\r\n", size).fault is None
    over = read(b"a" + fits + b".\r\nQUIT\r\n", size)  # hazard A6
    assert (over.ended, over.fault, over.rest) == (True, Fault.TOO_BIG, b"QUIT\r\n")


def test_over_the_limit_nothing_is_held() -> None:
    incoming = Incoming(LIMIT)
    for _ in range(18):
        incoming.feed(b"a" * 98 + b"\r\n")
    assert incoming.fault is Fault.TOO_BIG  # hazard A6
    assert incoming.held < 10


def test_twice_the_limit_is_a_flood() -> None:
    incoming = Incoming(LIMIT)
    incoming.feed(b"a\r\n" * 600)
    with pytest.raises(FloodError):
        incoming.feed(b"a\r\n" * 100)


def test_long_lines_are_taken_up_to_64_kb() -> None:
    assert read(b"a" * MAX_LINE + b"\r\n.\r\n", 1000, 10**6).fault is Fault.LONG_LINE
    assert read(b"a" * (MAX_LINE - 1) + b"\r\n.\r\n", 1000, 10**6).fault is None
    assert read(b"x\r\n" * 9 + b"a" * (MAX_LINE + 9) + b"\r\nb\r\n.\r\n", CHUNK, 10**6).fault is Fault.LONG_LINE


def test_endless_line_is_a_flood() -> None:
    incoming = Incoming(10**9)
    for _ in range(MAX_UNBROKEN // CHUNK):
        incoming.feed(b"a" * CHUNK)
        assert incoming.held <= CHUNK + 2  # hazard A5
    with pytest.raises(FloodError):
        incoming.feed(b"a" * CHUNK)


def test_first_fault_stays() -> None:
    incoming = Incoming(LIMIT)
    incoming.give_up(Fault.CROWDED)
    incoming.feed(b"a" * LIMIT + b"aaa\r\n.\r\n")
    assert incoming.fault is Fault.CROWDED
