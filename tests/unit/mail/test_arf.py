"""Feedback reports: RFC 5965 and what came before it."""

import pytest

from agent.mail.arf import parse_arf
from tests.unit.mail.build import RETURNED, B, F, read, report

FIELDS = (
    "Feedback-Type: abuse\nUser-Agent: Reporter/1.0\nVersion: 0.1\nOriginal-Mail-From: <news@exporter.example>\n"
    "Original-Rcpt-To: <ana@buyer.example>\nOriginal-Rcpt-To: bob@buyer.example\n"
    "Original-Rcpt-To: <ana@buyer.example>\n"
    "Removal-Recipient: rfc822;ana@buyer.example\nSource-IP: 192.0.2.1\n"
    "Reported-Domain: dns; exporter.example\nIncidents: 3\n"
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_usual_report(end: str) -> None:
    raw = report("message/feedback-report", FIELDS, RETURNED, "text/rfc822-headers").replace(b"\n", end.encode())
    mail = read(raw)
    assert mail.arf is not None
    assert (mail.arf.feedback_type, mail.arf.user_agent, mail.arf.version) == ("abuse", "Reporter/1.0", "0.1")
    assert mail.arf.original_rcpt_to == ("ana@buyer.example", "bob@buyer.example")
    assert mail.arf.removal_recipients == ("ana@buyer.example",)
    assert (mail.arf.original_mail_from, mail.arf.source_ip) == ("news@exporter.example", "192.0.2.1")
    assert (mail.arf.reported_domain, mail.arf.incidents) == ("exporter.example", 3)
    assert mail.original is not None


@pytest.mark.parametrize(
    "kind",
    ["text/rfc822-header", "message/rfc822-headers", "message/rfc822-header", "message/global-headers", "text/rfc822"],
)
def test_misspelt_third_parts(kind: str) -> None:
    mail = read(report("message/feedback-report", FIELDS, RETURNED, kind))
    assert mail.original is not None
    assert mail.original.first("To") == "ana@buyer.example"


def test_a_base64_report_part() -> None:
    body = "RmVlZGJhY2stVHlwZTogYWJ1c2UKU291cmNlOiAxOTIuMC4yLjEK"
    mail = read(report("message/feedback-report\nContent-Transfer-Encoding: base64", body))
    assert mail.arf is not None
    assert (mail.arf.feedback_type, mail.arf.source_ip) == ("abuse", "192.0.2.1")


@pytest.mark.parametrize(
    ("written", "count"), [("", 1), ("x", 1), ("0", 1), ("12 (a week)", 12), ("9" * 40, 1), ("²", 1)]
)
def test_incidents(written: str, count: int) -> None:
    assert parse_arf(f"Feedback-Type: abuse\nIncidents: {written}".encode()).incidents == count


def test_the_older_report_of_hotmail() -> None:
    raw = (
        "From: staff@hotmail.example\nSubject: complaint about message from 192.0.2.1\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
        f"X-HmXmrOriginalRecipient: <ana@buyer.example>\n{RETURNED}\n--b--\n"
    )
    mail = read(raw.encode())
    assert mail.arf is not None
    assert mail.arf.original_rcpt_to == ("ana@buyer.example",)


def test_tokens_of_a_redacted_report() -> None:
    fields = FIELDS.replace("news@exporter", f"{B}@exporter").replace("ana@buyer.example", "redacted")
    original = RETURNED.replace("<1@exporter", f"<{F}@exporter")
    mail = read(report("message/feedback-report", fields, original))
    assert {(t.place, t.purpose.value, t.domain) for t in mail.tokens} == {
        ("return-path", "b", "exporter.example"),
        ("message-id", "f", "exporter.example"),
    }
