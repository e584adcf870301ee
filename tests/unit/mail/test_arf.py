"""Feedback reports: RFC 5965 and what came before it."""

import pytest

from agent.mail.arf import parse_arf
from agent.mail.complaint_event import read_complaint_event
from tests.unit.mail.build import RETURNED, B, F, U, plain, read, report

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


def test_a_folded_feedback_id() -> None:
    original = RETURNED.replace("Subject:", f"CFBL-Feedback-ID: {F[:9]}\n {F[9:]}\nSubject:")
    mail = read(report("message/feedback-report", FIELDS, original))
    assert [(t.place, t.purpose.value) for t in mail.tokens] == [("feedback-id", "f")]


def test_a_token_in_the_list_unsubscribe() -> None:
    original = RETURNED.replace("Subject:", f"List-Unsubscribe: <mailto:{U}@exporter.example>\nSubject:")
    mail = read(report("message/feedback-report", FIELDS, original))
    assert [(t.place, t.domain) for t in mail.tokens] == [("list-unsubscribe", "exporter.example")]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [('"Abuse"', "abuse"), ("Opt_Out", "opt-out"), ("not_spam", "not-spam"), ("dkim", "auth-failure"),
     ("authfailure; x", "auth-failure"), ("x-own", "x-own"), ("", "")],
)  # fmt: skip
def test_types_as_they_are_spelt(written: str, read_as: str) -> None:
    assert parse_arf(f"Feedback-Type: {written}".encode()).feedback_type == read_as


def mixed(second: str, third: str = "message/rfc822", *fields: str) -> bytes:
    raw = report("text/plain", second, RETURNED, third).replace(b"multipart/report", b"multipart/mixed")
    return "".join(f"{field}\n" for field in fields).encode() + raw


def test_the_fields_as_plain_text_in_any_multipart() -> None:
    assert read(mixed(FIELDS)).arf is not None
    assert read(report("text/plain", f"Prose.\n{FIELDS}", RETURNED)).arf is not None


def test_prose_among_the_fields_or_no_reported_mail_is_no_report() -> None:
    assert read(mixed(f"{FIELDS}\nWhat is this?\n")).arf is None
    assert read(mixed(FIELDS, "text/html")).arf is None
    assert read(plain(FIELDS)).arf is None
    assert (
        read(
            plain(f"Have a look, the original message follows:\n\nX-HmXmrOriginalRecipient: a@b.example\n{RETURNED}")
        ).arf
        is None
    )


def test_what_a_person_passes_on_is_no_report() -> None:
    raw = report("message/feedback-report", FIELDS, RETURNED)
    forwarded = b"References: <1@reports.example>\n" + raw.replace(b"multipart/report", b"multipart/mixed")
    assert read(forwarded).arf is None
    assert read(b"References: <1@reports.example>\n" + raw).arf is not None
    assert read(mixed(FIELDS, "message/rfc822", "In-Reply-To: <1@reports.example>")).arf is None


def test_a_boundary_that_is_not_named() -> None:
    raw = report("message/feedback-report", FIELDS, RETURNED)
    for named in (b"multipart/report", b'multipart/report; boundary="other"'):
        mail = read(raw.replace(b'multipart/report; boundary="edge"', named))
        assert mail.arf is not None
        assert "boundary-missing" in mail.defects


@pytest.mark.parametrize(
    ("text", "people"),
    [
        (
            '{"complaint": {"complainedRecipients": [{"emailAddress": "a@b.example"}, 7, {}]}}',
            ("a@b.example",),
        ),
        ('{"Message": "{\\"complaint\\": {\\"complainedRecipients\\": []}}"}', ()),
    ],
)
def test_a_complaint_as_json(text: str, people: tuple[str, ...]) -> None:
    arf = read_complaint_event(f"\n{text} behind")
    assert arf is not None
    assert (arf.feedback_type, arf.original_rcpt_to) == ("abuse", people)


@pytest.mark.parametrize(
    "text",
    ["", "{complain", '{"complaint": 7}', '{"Message": "complain"}', '{"complaint": {}}', '{"a": ' * 9000 + "complain"],
)
def test_json_that_is_no_complaint(text: str) -> None:
    assert read_complaint_event(text) is None


def test_half_a_surrogate_pair_in_an_event_leaves_no_text_that_cannot_be_written() -> None:
    arf = read_complaint_event('{"complaint": {"complainedRecipients": [], "userAgent": "A\\ud800"}}')
    assert arf is not None
    assert arf.user_agent == "A?"
