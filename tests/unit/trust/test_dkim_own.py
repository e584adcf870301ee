"""Our own signature on a returned original: what it proves, and every replay that was thought of."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.model.settings import Limits
from agent.trust.dkim_own import proven_recipient
from tests.unit.mails import NOW, key
from tests.unit.trust.signing import Signer, ed25519, rsa

OURS = replace(ed25519(), domain=b"exporter.example", selector=b"news")
LETTER = (
    b"From: Example Exports <sales@exporter.example>\r\nTo: Bob <bob@buyer.example>\r\nSubject: New nets\r\n"
    b"Message-ID: <7@exporter.example>\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\n\r\nNew nets are here.\r\n"
)
BOB = key("bob@buyer.example")


def returned(signer: Signer = OURS, letter: bytes = LETTER, **how: object) -> bytes:
    """The header block as a DSN returns it: without the body, with lines that were added on the way."""
    signed = signer.sign(letter, **how)  # type: ignore[arg-type]
    trace = b"Return-Path: <sales@exporter.example>\r\nReceived: by mx.exporter.example (Postfix) id 1\r\n"
    return trace + signed.partition(b"\r\n\r\n")[0] + b"\r\n"


def proven(original: bytes, *keys: Signer, days: float = 0) -> object:
    own = tuple(signer.answer() for signer in keys or (OURS,))
    return proven_recipient(original, own, NOW + timedelta(days=days), Limits())[0]


@pytest.mark.parametrize("signer", [OURS, replace(rsa(), domain=b"exporter.example", selector=b"news")])
def test_a_returned_mail_of_ours_proves_its_one_recipient(signer: Signer) -> None:
    assert proven(returned(signer), signer) == BOB
    assert proven_recipient(returned(signer), (signer.answer(),), NOW, Limits())[1] == "own signature exporter.example"


def test_a_newsletter_to_somebody_else_proves_him_and_nobody_else() -> None:
    # hazard D1: a subscriber forges a DSN that says bob is gone, around the mail he himself was sent
    to_eve = returned(letter=LETTER.replace(b"Bob <bob@", b"Eve <eve@"))
    assert proven(to_eve) == key("eve@buyer.example")
    assert proven(to_eve.replace(b"Eve <eve@", b"Bob <bob@")) is None


@pytest.mark.parametrize("field", [b"To: bob@buyer.example", b"From: x@y.example", b"Message-ID: <8@x>", b"Date: x"])
@pytest.mark.parametrize("on_top", [True, False])
def test_an_added_field_proves_nothing(field: bytes, on_top: bool) -> None:
    # hazard D1: the library alone verifies the lowest To and does not mind another on top
    to_eve = returned(letter=LETTER.replace(b"Bob <bob@", b"Eve <eve@"))
    assert proven(field + b"\r\n" + to_eve if on_top else to_eve + field + b"\r\n") is None


@pytest.mark.parametrize("to", [b"bob@buyer.example, eve@buyer.example", b"undisclosed-recipients:;", b"news"])
def test_several_recipients_prove_nothing(to: bytes) -> None:
    assert proven(returned(letter=LETTER.replace(b"Bob <bob@buyer.example>", to))) is None


@pytest.mark.parametrize(("days", "proof"), [(29, True), (31, False), (-2, False)])
def test_an_old_mail_proves_nothing(days: int, proof: bool) -> None:
    # hazard D2
    assert (proven(returned(), days=days) == BOB) is proof


def test_a_changed_date_breaks_the_signature() -> None:
    assert proven(returned().replace(b"02 Mar 2026", b"31 Mar 2026"), days=31) is None


@pytest.mark.parametrize("field", [b"to", b"message-id", b"date"])
def test_a_field_that_was_not_signed_proves_nothing(field: bytes) -> None:
    fields = tuple(name for name in (b"from", b"to", b"subject", b"message-id", b"date") if name != field)
    assert proven(returned(fields=fields)) is None


def test_an_open_end_proves_nothing() -> None:
    assert proven(returned(length=True)) is None


def test_only_our_configured_keys_count() -> None:
    other = replace(ed25519(), domain=b"exporter.example", selector=b"other")
    assert proven(returned(other)) is None
    forged = replace(rsa(), domain=b"exporter.example", selector=b"news")
    assert proven(returned(forged)) is None
    assert proven_recipient(returned(), (), NOW, Limits()) == (None, "")


def test_a_broken_block_proves_nothing() -> None:
    assert proven(returned() + b"no field here\r\nTo: bob@buyer.example\r\n") is None
    assert proven(b"") is None
