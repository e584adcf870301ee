"""Authentication-Results: the topmost field of our own provider, or nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.trust.results import judge
from tests.unit.mails import BUYER, key

ID = "mx.provider.example"
DKIM = f"{ID}; dkim=pass (2048-bit key) header.d=buyer.example header.i=@buyer.example header.b=abc"
DMARC = f"{ID}; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=buyer.example"


@pytest.mark.parametrize(
    ("value", "authenticated"),
    [
        (DKIM, True),
        (DMARC, True),
        (f"{ID} 1; spf=pass smtp.mailfrom=a@buyer.example; dkim=pass header.d=mail.buyer.example", True),
        (f"{ID}; dkim=pass header.i=@buyer.example", True),
        (f"{ID}; DKIM=PASS header.d=BUYER.example", True),
        (f"{ID}; dmarc=pass", True),
        (f"{ID}; dkim=pass header.d=stranger.example", False),
        (f"{ID}; dmarc=pass header.from=stranger.example", False),
        (f"{ID}; dkim=fail header.d=buyer.example", False),
        (f"{ID}; spf=pass smtp.mailfrom=a@buyer.example", False),
        (f"{ID}; dkim=pass", False),
        (f"{ID}; none", False),
        (DKIM.replace(ID, "mx.other.example"), False),
        (DKIM.replace(ID, f"evil.{ID}"), False),
        ("", False),
        (f"{ID}; dkim=pass header.d=(", False),
        (f"{ID}; dkim=pass header.d=buyer.example;" + " " * 9000, False),
    ],
)
def test_one_value(value: str, authenticated: bool) -> None:
    assert judge((value,), ID, BUYER).authenticated is authenticated


def test_only_the_topmost_counts() -> None:
    # hazard D3: whoever wrote the lower ones, it was not our provider
    assert not judge((f"{ID}; dkim=none", DKIM), ID, BUYER).authenticated
    assert not judge(("mx.other.example; none", DKIM), ID, BUYER).authenticated
    assert judge((DKIM, f"{ID}; dkim=none"), ID, BUYER).authenticated


def test_nothing_is_trusted_unless_configured() -> None:
    assert not judge((DKIM,), "", BUYER).authenticated
    assert not judge((), ID, BUYER).authenticated
    assert not judge(("; dkim=pass header.d=buyer.example",), "", BUYER).authenticated


def test_several_from_addresses_are_nobody() -> None:
    # hazard C6
    assert not judge((DKIM,), ID, None).authenticated


def test_signers_are_named_aligned_or_not() -> None:
    value = f"{ID}; dkim=pass header.d=esp.example; dkim=pass header.d=buyer.example; dkim=fail header.d=no.example"
    assert judge((value,), ID, BUYER).signers == ("esp.example", "buyer.example")


def test_domains_of_one_owner_align_and_tenants_of_one_suffix_do_not() -> None:
    sender = key("a@shop.example.co.uk")
    assert judge((f"{ID}; dkim=pass header.d=example.co.uk",), ID, sender).authenticated
    assert not judge((f"{ID}; dkim=pass header.d=other.co.uk",), ID, sender).authenticated
    assert not judge((f"{ID}; dkim=pass header.d=co.uk",), ID, sender).authenticated


@given(st.text(max_size=200), st.sampled_from(["", f"{ID}; ", f"{ID}; dkim=pass ", f'{ID}; dkim="pass', f"{ID}; ("]))
def test_junk_never_raises(junk: str, start: str) -> None:
    judge((start + junk,), ID, BUYER)
