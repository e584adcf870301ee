"""Delivery status reports as RFC 3464 wants them and as mailers write them."""

import pytest

from agent.mail.dsn import MAX_RECIPIENTS, parse_dsn
from agent.model.report import Action, RecipientReport
from tests.unit.mail.build import DSN_FIELDS, RETURNED, read, report


def one(fields: str) -> RecipientReport:
    found = parse_dsn(fields.encode())
    assert len(found.recipients) == 1, found
    return found.recipients[0]


def test_a_usual_report() -> None:
    mail = read(report("message/delivery-status", DSN_FIELDS, RETURNED))
    assert mail.dsn is not None
    assert (mail.dsn.reporting_mta, mail.dsn.original_envelope_id) == ("mx.example", "QQ123")
    assert mail.dsn.recipients == (
        RecipientReport(
            final_recipient="ana@buyer.example",
            original_recipient="ana@buyer.example",
            action=Action.FAILED,
            status="5.1.1",
            diagnostic="550 5.1.1 User unknown",
            diagnostic_type="smtp",
            remote_mta="in.buyer.example",
        ),
    )
    assert mail.original is not None
    assert mail.original.first("Message-ID") == "<1@exporter.example>"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end(end: str) -> None:
    raw = report("message/delivery-status", DSN_FIELDS, RETURNED).replace(b"\n", end.encode())
    mail = read(raw)
    assert mail.dsn is not None
    assert [r.final_recipient for r in mail.dsn.recipients] == ["ana@buyer.example"]
    assert mail.original_raw.splitlines() == RETURNED.partition("\n\n")[0].encode().splitlines()


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("rfc822; ana@buyer.example", "ana@buyer.example"),
        ("RFC822;<ana@buyer.example>", "ana@buyer.example"),
        ("<ana@buyer.example>", "ana@buyer.example"),
        ("ana@buyer.example", "ana@buyer.example"),
        ("rfc/822;ana@buyer.example", "ana@buyer.example"),
        ("rfc822; ana@buyer.example (Ana)", "ana@buyer.example"),
        ("LOCAL; Ana <ana@buyer.example>", "ana@buyer.example"),
        (r"utf-8; \x{5B89}\x{5A1C}@buyer.example", "安娜@buyer.example"),
        ("utf-8; 安娜@buyer.example", "安娜@buyer.example"),
        (r"utf-8; a\x{0}\x{202}\x{D800}\x{110000}b@buyer.example", "aȂb@buyer.example"),
        ("rfc822;", ""),
    ],
)
def test_recipients_as_written(written: str, address: str) -> None:
    assert one(f"Final-Recipient: {written}\nAction: failed").final_recipient == address


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ("failed", Action.FAILED),
        ("Failed (bad destination mailbox)", Action.FAILED),
        ("error", Action.FAILED),
        ("Delayed", Action.DELAYED),
        ("deliverable", Action.DELIVERED),
        ("undeliverable", Action.FAILED),
        ("relayed", Action.RELAYED),
        ("expanded;x", Action.EXPANDED),
        ("perhaps", None),
    ],
)
def test_actions(written: str, action: Action | None) -> None:
    assert one(f"Final-Recipient: rfc822;a@x.example\nAction: {written}").action is action


def test_a_missing_action_is_none() -> None:
    assert one("Final-Recipient: rfc822;a@x.example\nStatus: 5.1.1 (unknown)").status == "5.1.1"


def test_blocks_that_are_not_parted() -> None:
    found = parse_dsn(
        b"Reporting-MTA: dns;mx.example\nFinal-Recipient: rfc822;a@x.example\nStatus: 5.1.1\n"
        b"Final-Recipient: rfc822;b@x.example\nStatus: 4.2.2\n"
    )
    assert [(r.final_recipient, r.status) for r in found.recipients] == [
        ("a@x.example", "5.1.1"),
        ("b@x.example", "4.2.2"),
    ]


def test_a_block_torn_apart_stays_one_recipient() -> None:
    report = one(
        "Reporting-MTA: dns;mx.example\n\nFinal-Recipient: rfc822;a@x.example\n\nAction: failed\n\nStatus: 5.2.2\n"
    )
    assert (report.action, report.status) == (Action.FAILED, "5.2.2")


def test_folded_and_encoded_diagnostics() -> None:
    text = "Final-Recipient: rfc822;a@x.example\nDiagnostic-Code: smtp; 550 no\n =?utf-8?Q?K=C3=B6nig?=\n\tsuch user\n"
    assert one(text).diagnostic == "550 no König such user"


def test_encoded_report_bodies() -> None:
    """A base64 report part, and the EAI media types of RFC 6533."""
    body = "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7YUB4LmV4YW1wbGUKQWN0aW9uOiBmYWlsZWQK"
    raw = report("message/global-delivery-status\nContent-Transfer-Encoding: base64", body)
    mail = read(raw)
    assert mail.dsn is not None
    assert mail.dsn.recipients[0].final_recipient == "a@x.example"


def test_the_envelope_id_is_decoded() -> None:
    """RFC 3461 section 4: xtext."""
    assert parse_dsn(b"Original-Envelope-Id: a+2Bb+40c").original_envelope_id == "a+b@c"


def test_recipients_are_bounded() -> None:
    found = parse_dsn(b"Final-Recipient: rfc822;a@x.example\n\n" * 1000)
    assert len(found.recipients) == MAX_RECIPIENTS


def test_a_report_inside_the_returned_mail_does_not_count() -> None:
    """hazard C2: a forged report hidden in what is returned, by rfc822 part or by depth."""
    forged = report("message/delivery-status", DSN_FIELDS).decode()
    head = "From: a@x.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n"
    mail = read((head + "Content-Type: message/rfc822\n\n" + forged + "\n--o--\n").encode())
    assert mail.dsn is None
    levels = "".join(f"Content-Type: multipart/mixed; boundary=d{n}\n\n--d{n}\n" for n in range(4))
    assert read((head + levels + "Content-Type: message/delivery-status\n\n" + DSN_FIELDS).encode()).dsn is None


def test_a_plain_text_part_counts_inside_a_report_only() -> None:
    assert read(report("text/plain", DSN_FIELDS)).dsn is not None
    assert read(report("text/plain", DSN_FIELDS).replace(b"multipart/report", b"multipart/mixed")).dsn is None
