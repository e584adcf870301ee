"""One Proof from one mail."""

from dataclasses import replace

import pytest

from agent.model.mail import Door, Headers, Purpose, Source, TokenText
from agent.model.proof import Proof
from agent.model.settings import Addresses, Identity, ImapAccount, Settings
from agent.trust.assess import assess
from agent.trust.tokens import KeyRing, mint, token_id
from tests.unit.mails import mail, raw

RING = KeyRing(keys=(("k", bytes(32)),))
ID = token_id(b"12345678")
OURS = "mail.exporter.example"
PASSED = ("mx.provider.example; dkim=pass header.d=buyer.example",)
SETTINGS = Settings(
    identity=Identity(
        company="Example Export", postal_address="1 Road", contact="a@exporter.example", domains=("exporter.example",)
    ),
    addresses=Addresses(token_domain=OURS),
    imap=(
        ImapAccount(
            name="sales",
            host="imap.example",
            user="u",
            authserv_id="mx.provider.example",
            trusted_relays=("mx.exporter.example",),
        ),
    ),
)


def token(purpose: Purpose, place: str, domain: str = OURS, minted_for: str = OURS) -> TokenText:
    local = mint(RING, purpose, ID, minted_for)
    return TokenText(purpose=purpose, key_id="k", id=ID, mac=local[15:], domain=domain, place=place)


def test_an_authenticated_mail() -> None:
    proof = assess(mail(authentication=PASSED), raw(), SETTINGS, RING)
    assert proof == Proof(authenticated=True, signers=("buyer.example",), why=("dkim=pass buyer.example",))


def test_only_the_account_it_came_from_vouches() -> None:
    signed = mail(authentication=PASSED)
    elsewhere = raw(source=Source(door=Door.IMAP, reference="imap:info/INBOX/1/1", account="info"))
    by_smtp = raw(source=Source(door=Door.SMTP, reference="smtp:1", account="sales"))
    for message in (elsewhere, by_smtp):
        assert assess(signed, message, SETTINGS, RING) == Proof()
    assert assess(signed, raw(), None, None) == Proof()


def test_own_relay() -> None:
    proof = assess(mail(return_path=""), raw(), SETTINGS, RING)
    assert proof.own_relay
    assert proof.why == ("own relay",)


@pytest.mark.parametrize("fields", [(), (("From", "a@b.example"), ("From", "b@b.example"))])
def test_not_exactly_one_from_proves_nothing(fields: tuple[tuple[str, str], ...]) -> None:
    # hazard C6
    many = replace(mail(authentication=PASSED, return_path=""), headers=Headers(fields=fields))
    proof = assess(many, raw(), SETTINGS, RING)
    assert not proof.authenticated
    assert not proof.own_relay
    assert "From" in proof.why[0]


@pytest.mark.parametrize(
    "head",
    [
        "From: a@b.example\rFrom: ceo@b.example\r\nTo: x@y.example\r\n\r\nbody",
        "From: a@b.example\r\nX: y\nFrom: ceo@b.example\r\n\r\nbody",
        "From: a@b.example\r\n\nFrom: ceo@b.example\r\n\r\nbody",
    ],
)
def test_bare_line_ends_in_the_header_block_prove_nothing(head: str) -> None:
    # hazard C5: parsers disagree on where such a line ends
    proof = assess(mail(authentication=PASSED), raw(head), SETTINGS, RING)
    assert not proof.authenticated
    assert proof.why == ("bare CR or LF in the header block",)


@pytest.mark.parametrize(
    "head",
    [
        "From: a@b.example\r\nTo: x@y.example\r\n\r\nbody with\nbare lines\r",
        "From: a@b.example\nTo: x@y.example\n\nbody",
    ],
)
def test_one_kind_of_line_end_reads_one_way(head: str) -> None:
    assert assess(mail(authentication=PASSED), raw(head), SETTINGS, RING).authenticated


def test_tokens_prove_themselves_whatever_else_is_wrong() -> None:
    broken = replace(mail(tokens=(token(Purpose.UNSUBSCRIBE, "recipient"),)), headers=Headers())
    proof = assess(broken, raw(), SETTINGS, RING)
    assert [found.purpose for found in proof.tokens] == [Purpose.UNSUBSCRIBE]
    assert assess(broken, raw(), SETTINGS, None).tokens == ()


def test_forged_and_foreign_tokens_are_dropped() -> None:
    # hazard D16
    good = token(Purpose.UNSUBSCRIBE, "recipient")
    forged = replace(good, mac="a" * 16)
    abroad = replace(good, domain="stranger.example")
    proof = assess(mail(tokens=(forged, abroad, good, good)), raw(), SETTINGS, RING)
    assert len(proof.tokens) == 1


@pytest.mark.parametrize(("own", "beside"), [(OURS, ""), (OURS, "exporter.example"), ("", "exporter.example")])
def test_a_token_without_a_domain_of_its_own_is_of_ours(own: str, beside: str) -> None:
    settings = replace(SETTINGS, addresses=Addresses(token_domain=own))
    confirm = token(Purpose.CONFIRM, "subject", domain=beside, minted_for=own)
    assert len(assess(mail(tokens=(confirm,)), raw(), settings, RING).tokens) == 1


def test_no_more_tokens_are_tried_than_an_honest_mail_has() -> None:
    junk = tuple(replace(token(Purpose.UNSUBSCRIBE, "recipient"), mac="b" * 16) for _ in range(64))
    late = (*junk, token(Purpose.UNSUBSCRIBE, "recipient"))
    assert assess(mail(tokens=late), raw(), SETTINGS, RING).tokens == ()
