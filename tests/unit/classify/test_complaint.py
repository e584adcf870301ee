"""Feedback reports: the person is searched for in the order that survives redaction."""

from typing import Any

import pytest

from agent.classify import classify
from agent.classify.placeholder import is_placeholder
from agent.model.mail import Headers, Purpose, Token
from agent.model.proof import Proof
from agent.model.report import Arf
from agent.model.signal import Complaint, Strength
from agent.rules.catalog import Catalog
from tests.unit.mails import key, mail


def read(catalog: Catalog, arf: Arf, proof: Proof | None = None, **changes: Any) -> list[Complaint]:
    signals = classify(mail(arf=arf, **changes), proof or Proof(), None, catalog)
    assert all(isinstance(signal, Complaint) for signal in signals)
    return [signal for signal in signals if isinstance(signal, Complaint)]


def original(*fields: tuple[str, str]) -> Headers:
    return Headers(fields=(*fields, ("Message-ID", "<7@exporter.example>")))


def test_a_plain_report(catalog: Catalog) -> None:
    arf = Arf(feedback_type="Abuse", user_agent="FBL/1.0", original_rcpt_to=("<bob@buyer.example>",))
    (signal,) = read(catalog, arf, original=original())
    assert (str(signal.address), signal.feedback_type) == ("bob@buyer.example", "abuse")
    assert (signal.evidence.strength, signal.verified_reporter, signal.answerable) == (Strength.E1, False, False)
    assert signal.original_message_id == "<7@exporter.example>"


def test_all_recipients_of_a_report_each_with_its_own_signal(catalog: Catalog) -> None:
    seven = tuple(f"p{n}@buyer.example" for n in range(7))
    assert len(read(catalog, Arf(feedback_type="abuse", original_rcpt_to=(*seven, seven[0])))) == 7


@pytest.mark.parametrize(
    ("fields", "rcpt", "named"),
    [
        ((("X-HmXmrOriginalRecipient", "a@buyer.example"), ("To", "c@buyer.example")), "b@buyer.example", "a"),
        ((("To", "c@buyer.example"),), "b@buyer.example", "b"),
        ((("To", "Carl <c@buyer.example>"),), "redacted-9f@buyer.example", "c"),
        ((("To", "c@buyer.example, d@buyer.example"),), "", None),
        ((("To", "undisclosed recipients:;"),), "", None),
        ((("To", "redacted@redacted.invalid"),), "hashed@buyer.example", None),
        ((("To", "8f14e45fceea167a5a36dedd4bea2543@buyer.example"),), "", None),
        ((("From", "Us <news@exporter.example>"), ("To", "news@exporter.example")), "", None),
        ((("Delivered-To", "e@buyer.example"), ("To", "c@buyer.example")), "", "c"),
        ((("Delivered-To", "e@buyer.example"), ("To", "redacted@buyer.example")), "", "e"),
        ((), "", None),
    ],
)
def test_the_search_order(catalog: Catalog, fields: tuple[tuple[str, str], ...], rcpt: str, named: str | None) -> None:
    arf = Arf(feedback_type="abuse", original_rcpt_to=(rcpt,) if rcpt else ())
    (signal,) = read(catalog, arf, original=original(*fields))
    assert (signal.address.local if signal.address else None) == named
    assert signal.evidence.strength is (Strength.E1 if named else Strength.E0)


def test_an_old_opt_out_report_names_its_recipient(catalog: Catalog) -> None:
    (signal,) = read(catalog, Arf(feedback_type="opt-out", removal_recipients=("bob@buyer.example",)))
    assert (str(signal.address), signal.feedback_type) == ("bob@buyer.example", "opt-out")


def test_an_opt_out_report_is_about_whom_it_removes(catalog: Catalog) -> None:
    arf = Arf(feedback_type="opt-out", original_rcpt_to=("all@buyer.example",), removal_recipients=("b@buyer.example",))
    (signal,) = read(catalog, arf)
    assert str(signal.address) == "b@buyer.example"


def test_we_never_complain_about_ourselves(catalog: Catalog) -> None:
    arf = Arf(original_mail_from="news@exporter.example", original_rcpt_to=("news@exporter.example",))
    (signal,) = read(catalog, arf)
    assert signal.address is None


def test_the_last_message_id_is_ours(catalog: Catalog) -> None:
    (signal,) = read(catalog, Arf(), original=Headers(fields=(("Message-Id", "<x>"), ("Message-ID", "<7@a.example>"))))
    assert signal.original_message_id == "<7@a.example>"


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "fraud", ""])
def test_every_type_is_reported(catalog: Catalog, kind: str) -> None:
    (signal,) = read(catalog, Arf(feedback_type=kind))
    assert signal.feedback_type == kind


@pytest.mark.parametrize(
    ("purpose", "place", "counts"),
    [
        (Purpose.BOUNCE, "envelope-id", True),
        (Purpose.BOUNCE, "return-path", True),
        (Purpose.FEEDBACK, "message-id", True),
        (Purpose.FEEDBACK, "feedback-id", True),
        (Purpose.UNSUBSCRIBE, "list-unsubscribe", True),
        (Purpose.UNSUBSCRIBE, "recipient", False),
        (Purpose.REPLY, "recipient", False),
    ],
)
def test_our_token_in_the_original_proves_it(catalog: Catalog, purpose: Purpose, place: str, counts: bool) -> None:
    # hazard D4
    proof = Proof(tokens=(Token(purpose=purpose, key_id="k", id="a" * 13, place=place),))
    (signal,) = read(catalog, Arf(feedback_type="abuse"), proof)
    assert signal.evidence.strength is (Strength.E3 if counts else Strength.E0)
    several = read(catalog, Arf(feedback_type="abuse", original_rcpt_to=("a@b.example", "c@d.example")), proof)
    assert len(several) == (1 if counts else 2)


def test_who_is_a_verified_reporter(catalog: Catalog) -> None:
    # hazard D4: any stranger can sign a report with a domain of his own
    arf = Arf(feedback_type="abuse", original_rcpt_to=("bob@buyer.example",))
    (known,) = read(catalog, arf, Proof(authenticated=True, signers=("arf.mail.yahoo.com",)))
    assert (known.verified_reporter, known.evidence.strength) == (True, Strength.E2)
    for proof in (
        Proof(authenticated=True, signers=("stranger.example",)),
        Proof(authenticated=False, signers=("arf.mail.yahoo.com",)),
    ):
        (stranger,) = read(catalog, arf, proof)
        assert (stranger.verified_reporter, stranger.evidence.strength) == (False, Strength.E1)


@pytest.mark.parametrize(("sender", "known"), [("staff@hotmail.com", True), ("anybody@hotmail.com", False)])
def test_a_mailbox_beside_the_reporter_reports_nothing(catalog: Catalog, sender: str, known: bool) -> None:
    # hazard D4: the domain signs the mail of all who have a mailbox there
    arf = Arf(feedback_type="abuse", original_rcpt_to=("bob@buyer.example",))
    proof = Proof(authenticated=True, signers=("hotmail.com",))
    (signal,) = read(catalog, arf, proof, sender=key(sender))
    assert signal.verified_reporter is known


@pytest.mark.parametrize(
    ("address", "placeholder"),
    [
        ("redacted@example.com", True),
        ("Redacted-0a1b@example.com", True),
        ("hashed@example.com", True),
        ("xxxxx@example.com", True),
        ("***@example.com", True),
        ("bob@redacted.invalid", True),
        ("bob@example.com", False),
        ("redactedson@example.com", False),
        ("max@example.com", False),
        ("x-redacted@example.com", True),
        ("user-redacted@example.com", True),
        ("bob@redacted.example", True),
        ("b**@example.com", True),
        ("this-local-part-does-not-exist-on-mx@example.com", True),
        ("8f14e45fceea167a5a36dedd4bea2543@example.com", True),
        ("30184729364518273645@example.com", True),
        ("rZ8cqXWGiKHzhz1MsFRGTysHia4=@example.com", True),
        ("8613800138000@example.com", False),
        ("deadbeef@example.com", False),
        ("mailbox.facade@example.com", False),
    ],
)
def test_placeholders(address: str, placeholder: bool) -> None:
    assert is_placeholder(key(address)) is placeholder
