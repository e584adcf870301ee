"""A redacted report still says who complained: our token survives in each of the places the search goes through."""

import re
from pathlib import Path

import pytest

from agent.model.mail import Purpose
from agent.model.signal import Complaint, Strength
from agent.trust.tokens import mint, token_id
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit, read
from tests.unit.worker.test_evidence import DOMAIN, RING, SETTINGS, by_smtp

SAMPLES = Path(__file__).parents[2] / "corpus" / "complaint"
_TOKEN = re.compile(rb"([bfu])kmfrggzdfmztw(?:\n )?q2jknhm4dpovwxy7a")
_FOLDED = re.compile(rb"f(kmfrggzdfm)\n (ztwq2jknhm4dpovwxy7a)")


@pytest.fixture(scope="module")
def kit() -> ReadingKit:
    return load_kit(SETTINGS, RING)


def minted(raw: bytes) -> bytes:
    """The sample with tokens of the test's key, folded where it was."""
    folded = _FOLDED.search(raw) is not None
    whole = _FOLDED.sub(rb"f\1\2", raw)

    def ours(match: re.Match[bytes]) -> bytes:
        text = mint(RING, Purpose(match[1].decode()), token_id(bytes(8)), DOMAIN).encode()
        return text[:9] + b"\n " + text[9:] if folded else text

    replaced, count = _TOKEN.subn(ours, whole)
    assert count
    return replaced.replace(b"kestrel-tools.example", DOMAIN.encode())


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("order-1-token-in-envelope-id", "envelope-id"),
        ("order-1-token-in-return-path", "return-path"),
        ("order-2-token-in-the-last-message-id", "message-id"),
        ("order-3-feedback-id-folded", "feedback-id"),
        ("order-4-token-in-list-unsubscribe", "list-unsubscribe"),
    ],
)
def test_the_token_is_found_where_the_address_is_redacted(name: str, place: str, kit: ReadingKit) -> None:
    # hazard D4
    raw = minted((SAMPLES / f"{name}.eml").read_bytes())
    (signal,) = read(by_smtp(raw, f"fbl@{DOMAIN}"), kit).signals
    assert isinstance(signal, Complaint)
    assert signal.address is None
    assert signal.evidence.strength is Strength.E3
    assert signal.evidence.token is not None
    assert signal.evidence.token.place == place
