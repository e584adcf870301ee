"""Counting peers by network, and mail by octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intake.smtp.limits import Crowd, Loan, Memory, host_of, network_of


@pytest.mark.parametrize(
    ("peername", "host"),
    [
        (("192.0.2.7", 25), "192.0.2.7"),
        (("2001:db8::7", 25, 0, 0), "2001:db8::7"),
        (("::ffff:192.0.2.7", 25, 0, 0), "192.0.2.7"),
        (("fe80::1%eth0", 25, 0, 2), "fe80::1"),
        ("", "unknown"),
        (None, "unknown"),
        ((), "unknown"),
        (("no address", 1), "unknown"),
    ],
)
def test_host_of(peername: object, host: str) -> None:
    assert host_of(peername) == host


@pytest.mark.parametrize(
    ("host", "network"),
    [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1:2:3::7", "2001:db8:1:2::/64"), ("unknown", "unknown")],
)
def test_network_of(host: str, network: str) -> None:
    assert network_of(host) == network


def test_crowd_by_network_and_in_all() -> None:
    crowd = Crowd(total=3, per_network=2)
    assert [crowd.enter(name) for name in "aaabb"] == [True, True, False, True, False]
    crowd.leave("a")
    assert crowd.enter("b")
    for name in "abb":
        crowd.leave(name)
    assert len(crowd) == 0


def test_refused_networks_leave_no_trace() -> None:
    crowd = Crowd(total=1, per_network=1)
    crowd.enter("a")
    for number in range(1000):
        crowd.enter(str(number))
    assert crowd.networks == 1


@given(st.lists(st.integers(0, 100), max_size=20))
def test_loan_gives_back_what_it_took(steps: list[int]) -> None:
    memory = Memory(150)
    loan, other = Loan(memory), Loan(memory)
    other.cover(60)
    for octets in steps:
        assert loan.cover(octets) == (octets <= 90)
    loan.close()
    loan.close()
    assert memory.used == 60
