"""Bounces: whom they name, what they say, and what proves them."""

from dataclasses import replace
from typing import Any

import pytest

from agent.classify import classify
from agent.classify.verdict import judge
from agent.model.mail import AutomaticMark, Headers, ParsedMail, Purpose, Token
from agent.model.proof import Proof
from agent.model.report import Action, Dsn, RecipientReport
from agent.model.signal import Bounce, BounceReason, Strength
from agent.rules.catalog import Catalog
from tests.unit.mails import key, mail

GONE = RecipientReport(
    final_recipient="bob@buyer.example",
    action=Action.FAILED,
    status="5.1.1",
    diagnostic="550 5.1.1 <bob@buyer.example>: Recipient address rejected: User unknown",
)
BOB = key("bob@buyer.example")


def report(*recipients: RecipientReport, **changes: Any) -> ParsedMail:
    return mail(sender=key("mailer-daemon@mx.example"), dsn=Dsn(recipients=recipients), return_path="", **changes)


def read(catalog: Catalog, parsed: ParsedMail, proof: Proof | None = None) -> list[Bounce]:
    signals = classify(parsed, proof or Proof(), None, catalog)
    assert all(isinstance(signal, Bounce) for signal in signals)
    return [signal for signal in signals if isinstance(signal, Bounce)]


def test_one_failed_recipient(catalog: Catalog) -> None:
    original = Headers(fields=(("Message-ID", "<7@exporter.example>"),))
    (bounce,) = read(catalog, report(GONE, original=original))
    assert (bounce.address, bounce.status, bounce.hard, bounce.delayed) == (BOB, "5.1.1", True, False)
    assert (bounce.reason, bounce.original_message_id) == (BounceReason.USER_UNKNOWN, "<7@exporter.example>")
    assert (bounce.evidence.strength, bounce.answerable) == (Strength.E1, False)
    assert "User unknown" in bounce.diagnostic


def test_a_signal_for_each_failed_or_delayed_recipient(catalog: Catalog) -> None:
    late = RecipientReport(final_recipient="eve@buyer.example", action=Action.DELAYED, status="4.4.1")
    fine = RecipientReport(final_recipient="ok@buyer.example", action=Action.DELIVERED, status="2.0.0")
    found = read(catalog, report(GONE, late, fine, GONE))
    assert [(str(b.address), b.delayed, b.hard) for b in found] == [
        ("bob@buyer.example", False, True),
        ("eve@buyer.example", True, False),
    ]


@pytest.mark.parametrize(
    ("status", "delayed"),
    [("5.1.1", False), ("4.4.7", True)],
)
def test_without_an_action_the_status_class_says_it(catalog: Catalog, status: str, delayed: bool) -> None:
    (bounce,) = read(catalog, report(replace(GONE, action=None, status=status)))
    assert bounce.delayed is delayed
    assert read(catalog, report(replace(GONE, action=None, status=""))) == []


@pytest.mark.parametrize(
    ("original", "final", "named"),
    [
        ("bob@alias.example", "bob@buyer.example", "bob@alias.example"),
        ("", "bob@buyer.example", "bob@buyer.example"),
        ("redacted", "bob@buyer.example", "bob@buyer.example"),
        ("redacted@redacted.invalid", "bob@buyer.example", "bob@buyer.example"),
        ("bob@buyer.example", "/var/mail/bob", "bob@buyer.example"),
    ],
)
def test_whom_we_wrote_to(catalog: Catalog, original: str, final: str, named: str) -> None:
    (bounce,) = read(catalog, report(replace(GONE, original_recipient=original, final_recipient=final)))
    assert str(bounce.address) == named


def test_unreadable_recipients_are_nobody(catalog: Catalog) -> None:
    assert read(catalog, report(replace(GONE, final_recipient="bob"))) == []
    assert read(catalog, report(replace(GONE, final_recipient="|/usr/bin/filter bob@buyer.example"))) == []
    assert read(catalog, report(replace(GONE, final_recipient="hashed@feedback.invalid"))) == []


def token(purpose: Purpose, place: str) -> Token:
    return Token(purpose=purpose, key_id="k", id="a" * 13, place=place)


@pytest.mark.parametrize(
    ("purpose", "place", "strength"),
    [
        (Purpose.BOUNCE, "recipient", Strength.E3),
        (Purpose.BOUNCE, "return-path", Strength.E3),
        (Purpose.BOUNCE, "envelope-id", Strength.E3),
        (Purpose.FEEDBACK, "message-id", Strength.E3),
        (Purpose.FEEDBACK, "references", Strength.E3),
        (Purpose.UNSUBSCRIBE, "list-unsubscribe", Strength.E3),
        (Purpose.REPLY, "recipient", Strength.E1),
        (Purpose.UNSUBSCRIBE, "recipient", Strength.E1),
    ],
)
def test_what_token_proves_a_bounce(catalog: Catalog, purpose: Purpose, place: str, strength: Strength) -> None:
    # hazard D1
    (bounce,) = read(catalog, report(GONE), Proof(tokens=(token(purpose, place),)))
    assert bounce.evidence.strength is strength
    assert (bounce.evidence.token is not None) is (strength is Strength.E3)


def test_a_token_cannot_prove_two_recipients(catalog: Catalog) -> None:
    # hazard D1: a leaked token must not carry a stranger's address with it
    other = replace(GONE, final_recipient="victim@else.example")
    proof = Proof(tokens=(token(Purpose.BOUNCE, "recipient"),))
    assert [b.evidence.strength for b in read(catalog, report(GONE, other), proof)] == [Strength.E1, Strength.E1]


def test_other_proofs(catalog: Catalog) -> None:
    # hazard D1
    alias = replace(GONE, original_recipient="victim@else.example")
    (by_relay,) = read(catalog, report(alias), Proof(own_relay=True))
    assert (by_relay.address, by_relay.evidence.strength) == (BOB, Strength.E3)
    (signed,) = read(catalog, report(GONE), Proof(own_signature=BOB))
    assert signed.evidence.strength is Strength.E3
    (elsewhere,) = read(catalog, report(GONE), Proof(own_signature=key("other@buyer.example")))
    assert elsewhere.evidence.strength is Strength.E1
    (authenticated,) = read(catalog, report(GONE), Proof(authenticated=True))
    assert authenticated.evidence.strength is Strength.E2


def test_failed_recipients_in_a_header(catalog: Catalog) -> None:
    text = (
        "A message that you sent could not be delivered.\n\n  bob@buyer.example\n"
        "    SMTP error from remote mail server after RCPT TO:<bob@buyer.example>: 550 no such user\n\n"
        "------ This is a copy of the message ------\n\nYour mailbox is full of spam? Buy nets."
    )
    fields = ("X-Failed-Recipients", "bob@buyer.example, eve@buyer.example, junk")
    exim = mail(fields, sender=key("mailer-daemon@mx.example"), text=text)
    found = read(catalog, exim)
    assert [str(b.address) for b in found] == ["bob@buyer.example", "eve@buyer.example"]
    assert {b.reason for b in found} == {BounceReason.USER_UNKNOWN}
    person = mail(fields, text=text, own_text=text)
    assert not [s for s in classify(person, Proof(), None, catalog) if isinstance(s, Bounce)]
    robot = mail(fields, text=text, automatic=(AutomaticMark.NULL_SENDER,))
    assert len(read(catalog, robot)) == 2


@pytest.mark.parametrize(
    ("status", "diagnostic", "found", "reason", "hard"),
    [
        ("5.1.1", "", "5.1.1", BounceReason.USER_UNKNOWN, True),
        ("5.1.2", "", "5.1.2", BounceReason.HOST_UNKNOWN, True),
        ("5.2.2", "550 user unknown", "5.2.2", BounceReason.MAILBOX_FULL, False),
        ("5.0.0", "550 5.1.1 user unknown", "5.1.1", BounceReason.USER_UNKNOWN, True),
        ("5.0.0", "550 user unknown (in reply to RCPT TO command)", "5.0.0", BounceReason.USER_UNKNOWN, True),
        # where nobody says that it was the recipient's address, a filter speaks
        ("5.0.0", "550 user unknown", "5.0.0", BounceReason.FILTERED, False),
        ("5.0.0", "550 user unknown (in reply to end of DATA command)", "5.0.0", BounceReason.FILTERED, False),
        ("5.1.0", "553 5.1.0 no (in reply to MAIL FROM command)", "5.1.0", BounceReason.REJECTED, False),
        ("5.7.1", "550 5.7.1 Access denied (in reply to MAIL FROM command)", "5.7.1", BounceReason.REJECTED, False),
        ("", "refused to talk to me: 550 Access denied", "5.0.0", BounceReason.BLOCKED, False),
        # the remote server's own code before the summary of the reporting one
        ("5.1.1", "552 5.2.2 Over quota", "5.2.2", BounceReason.MAILBOX_FULL, False),
        ("4.4.7", "452 4.2.2 try later", "4.2.2", BounceReason.MAILBOX_FULL, False),
        ("", "550 5.1.1 <bob@buyer.example>", "5.1.1", BounceReason.USER_UNKNOWN, True),
        ("", "550 no such user [RCPT_TO]", "5.0.0", BounceReason.USER_UNKNOWN, True),
        ("5.0.0", "what?", "5.0.0", BounceReason.UNDEFINED, False),
        ("5.1.10", "", "5.1.10", BounceReason.NOT_ACCEPT, True),
        # hazard D14: a gateway that blocks one mail says nothing about the person
        ("5.7.1", "554 5.7.1 message rejected as spam", "5.7.1", BounceReason.SPAM_DETECTED, False),
        ("5.7.1", "", "5.7.1", BounceReason.POLICY_VIOLATION, False),
        ("5.7.26", "user unknown", "5.7.26", BounceReason.AUTH_FAILURE, False),
        ("5.7.1", "550 blocked using zen.example.org", "5.7.1", BounceReason.BLOCKED, False),
        # hazard D12: the class comes first, a temporary failure is never hard
        ("4.0.0", "550 5.1.1 user unknown after RCPT TO", "4.0.0", BounceReason.USER_UNKNOWN, False),
        ("", "451 user unknown, try again later [RCPT_TO]", "4.0.0", BounceReason.USER_UNKNOWN, False),
    ],
)
def test_status_first_words_second(
    catalog: Catalog, status: str, diagnostic: str, found: str, reason: BounceReason, hard: bool
) -> None:
    verdict = judge(RecipientReport(status=status, diagnostic=diagnostic), catalog)
    assert (verdict.status, verdict.reason, verdict.hard) == (found, reason, hard)
