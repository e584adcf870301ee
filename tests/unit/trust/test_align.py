"""Organisational domains."""

import pytest

from agent.trust.align import aligned, organisational


@pytest.mark.parametrize(
    ("domain", "above"),
    [
        ("mail.example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("почта.пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("localhost", "localhost"),
        ("not a domain", "not a domain"),
    ],
)
def test_organisational(domain: str, above: str) -> None:
    assert organisational(domain) == above


def test_nothing_aligns_with_nothing() -> None:
    assert not aligned("", "")
    assert aligned("news.example.com", "example.com")
    assert not aligned("one.github.io", "two.github.io")
