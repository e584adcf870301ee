"""X-ARF reports: lines or JSON, the reported mail inside, and every byte of it hostile."""

import base64
import json

import pytest

from agent.mail.json_object import read_object
from agent.model.mail import ParsedMail
from tests.unit.mail.build import RETURNED, F, read, report

LINES = (
    "---\nReported-From: abuse@reporter.example\nCategory: abuse\nReport-Type: spam\nUser-Agent: 'Desk 1'\n"
    "Report-ID: 7@reporter.example\nSource: 192.0.2.1\nSource-Type: ip-address\nAttachment: message/rfc822\n"
    "Schema-URL: http://xarf.example/schema/abuse_spam_0.1.json\n"
)


def marked(lines: str = LINES, third: str = RETURNED, *fields: str, mark: str = "X-ARF: YES") -> ParsedMail:
    """A report of version 0.1 or 0.2."""
    head = "\n".join(("From: abuse@reporter.example", "To: abuse@exporter.example", mark, *fields))
    parts = ["text/plain\n\nPlease see below.", f'text/plain; name="report.txt"\n\n{lines}']
    parts += [f"message/rfc822\n\n{third}"] if third else []
    body = "".join(f"--b\nContent-Type: {part}\n" for part in parts)
    return read(f"{head}\nContent-Type: multipart/mixed; boundary=b\n\n{body}--b--\n".encode())


def document(whole: object, fields: str = "Feedback-Type: xarf\nUser-Agent: Agent/1\nVersion: 1\n") -> ParsedMail:
    """A report as JSON beside a feedback report."""
    text = whole if isinstance(whole, str) else json.dumps(whole)
    return read(report("message/feedback-report", fields, text, "application/json; name=xarf.json"))


def nested(kind: str = "Spam", **report: object) -> dict[str, object]:
    sample = {"ContentType": "message/rfc822", "Base64Encoded": False, "Payload": RETURNED}
    inner = {"ReportClass": "Messaging", "ReportType": kind, "SourceIp": "192.0.2.1", "Samples": [sample], **report}
    return {"Version": "3", "ReporterInfo": {"ReporterOrg": "Reporter"}, "Report": inner}


def flat(kind: str = "spam", **changes: object) -> dict[str, object]:
    evidence = {"content_type": "message/rfc822", "payload": base64.b64encode(RETURNED.encode()).decode()}
    report = {"xarf_version": "4.0.0", "reporter": {"org": "Reporter"}, "category": "messaging", "type": kind}
    return {**report, "source_identifier": "192.0.2.1", "evidence": [evidence], **changes}


@pytest.mark.parametrize("mark", ["X-ARF: YES", "X-XARF: PLAIN", "x-xarf: secure"])
def test_lines_and_the_mail_beside_them_are_a_complaint(mark: str) -> None:
    mail = marked(mark=mark)
    assert mail.arf is not None
    assert (mail.arf.feedback_type, mail.arf.user_agent, mail.arf.source_ip) == ("abuse", "Desk 1", "192.0.2.1")
    assert mail.original is not None
    assert mail.original.first("To") == "ana@buyer.example"
    assert mail.other_report == ""


@pytest.mark.parametrize("whole", [nested(), nested("spam"), flat(), flat("bulk_messaging")])
def test_a_document_brings_its_mail_with_it(whole: object) -> None:
    mail = document(whole)
    assert mail.arf is not None
    assert (mail.arf.feedback_type, mail.arf.user_agent, mail.arf.source_ip) == ("abuse", "Reporter", "192.0.2.1")
    assert mail.original is not None
    assert mail.original.first("Message-ID") == "<1@exporter.example>"
    assert b"Message-ID: <1@exporter.example>" in mail.original_raw


def test_an_attachment_of_the_third_version_is_read_too() -> None:
    data = base64.b64encode(RETURNED.encode()).decode()
    mail = document(nested(Samples=None, Attachment=[{"ContentType": "message/rfc822", "Data": data}]))
    assert mail.arf is not None
    assert mail.original is not None


def test_whom_it_went_to_is_said_in_the_document() -> None:
    old = document(nested(SmtpRcptToAddress="<ana@buyer.example>", SmtpMailFromAddress="news@exporter.example"))
    assert old.arf is not None
    assert (old.arf.original_rcpt_to, old.arf.original_mail_from) == (("ana@buyer.example",), "news@exporter.example")
    new = document(flat(smtp_to="ana@buyer.example"), "Feedback-Type: xarf\nOriginal-Rcpt-To: bob@buyer.example\n")
    assert new.arf is not None
    assert new.arf.original_rcpt_to == ("bob@buyer.example", "ana@buyer.example")


def test_a_token_in_the_mail_of_a_document_is_found() -> None:
    sample = {"content_type": "message/rfc822", "payload": RETURNED.replace("<1@exporter", f"<{F}@exporter")}
    mail = document(flat(evidence=[sample]))
    assert [(token.place, token.purpose.value) for token in mail.tokens] == [("message-id", "f")]


@pytest.mark.parametrize(
    ("written", "kind"),
    [("Phishing", "phishing"), ("login_attack", "login-attack"), ("Copyright", "copyright"), ("Malware", "malware")],
)
def test_other_types_are_no_complaint(written: str, kind: str) -> None:
    for mail in (
        document(nested(written)),
        document(flat(written)),
        marked(LINES.replace("Report-Type: spam", f"Report-Type: {written}")),
    ):
        assert (mail.arf, mail.other_report) == (None, f"xarf:{kind}")


@pytest.mark.parametrize("mail", [marked(third=""), document(nested(Samples=[])), document(flat(evidence=None))])
def test_spam_without_the_mail_is_no_complaint(mail: ParsedMail) -> None:
    assert (mail.arf, mail.original, mail.other_report) == (None, None, "xarf:spam")


def test_what_a_person_passes_on_is_no_report() -> None:
    mail = marked(LINES, RETURNED, "References: <9@reporter.example>")
    assert (mail.arf, mail.other_report) == (None, "")


def test_a_mark_without_a_report_says_nothing() -> None:
    mail = marked("Please stop.\nCategory: abuse\n")
    assert (mail.arf, mail.other_report) == (None, "")


def test_a_failure_notice_with_the_mark_stays_one() -> None:
    mail = read(b"X-ARF: YES\n" + report("message/delivery-status", LINES.removeprefix("---\n"), RETURNED))
    assert (mail.arf, mail.other_report) == (None, "")


def test_lines_without_a_mark_are_a_text_like_any_other() -> None:
    mail = marked(mark="X-Mailer: none")
    assert (mail.arf, mail.other_report) == (None, "")


def test_a_report_that_is_arf_as_well_is_arf() -> None:
    raw = report("message/feedback-report", "Feedback-Type: abuse\nUser-Agent: Agent/1\n", RETURNED)
    mail = read(b"X-XARF: PLAIN\n" + raw)
    assert mail.arf is not None
    assert mail.arf.user_agent == "Agent/1"


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "[]", '{"Report": []}', '{"Report": {"ReportType": 7}}', '{"type": "spam"}',
        '{"xarf_version": "4"}',
        "{" * 100_000, '{"a":' * 100_000, '{"a":' + "[" * 100_000, '{"a": ' + "9" * 5_000 + "}",
        '{"xarf_version": 4, "type": "' + "!" * 1_000 + '"}',
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_read_is_never_a_complaint(text: str) -> None:
    mail = document(text)
    assert (mail.arf, mail.other_report) == (None, "xarf")


@pytest.mark.parametrize(
    "samples",
    [
        "x", {}, [None, 1, [], "x"], [{"ContentType": 5}], [{"ContentType": "message/rfc822", "Payload": "\udc80"}],
        [[]] * 99,
    ],
)  # fmt: skip
def test_samples_that_are_none(samples: object) -> None:
    mail = document(nested(Samples=samples))
    assert (mail.arf, mail.other_report) == (None, "xarf:spam")


def test_half_a_surrogate_pair_leaves_no_text_that_cannot_be_written() -> None:
    mail = document(nested("Phish\ud800ing"))
    assert mail.other_report == "xarf:phish-ing"
    told = document({**nested(), "ReporterInfo": {"ReporterOrg": "A\ud800\nB"}})
    assert told.arf is not None
    assert told.arf.user_agent == "A? B"


def test_a_document_above_the_limit_is_cut_and_so_none() -> None:
    assert document(flat(padding="x" * 1_100_000)).other_report == "xarf"


def test_an_object_ends_where_it_ends() -> None:
    assert read_object('{"a": 1} and more') == {"a": 1}
    assert read_object("[1]") == {}
