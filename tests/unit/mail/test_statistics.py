"""Reports of numbers: known by their form, never unpacked, never a complaint."""

import pytest

from agent.model.mail import ParsedMail
from tests.unit.mail.build import read

NAME = "reporter.example!exporter.example!1773705600!1773792000.xml.gz"
SUBJECT = "Report Domain: exporter.example Submitter: reporter.example Report-ID: <1@reporter.example>"
NO_ZIP = "UEsDBP//////////"  # cannot be unpacked, and need not be


def aggregate(
    subject: str = SUBJECT, kind: str = "application/gzip", name: str = NAME, text: str = "A report.", head: str = ""
) -> ParsedMail:
    """An aggregate report, of the file alone where there is no text."""
    parts = [f"Content-Type: text/plain\n\n{text}\n"] if text else []
    parts.append(f'Content-Type: {kind}; name="{name}"\nContent-Transfer-Encoding: base64\n\n{NO_ZIP}\n')
    body = "".join(f"--b\n{part}" for part in parts)
    fields = f"From: dmarc@reporter.example\n{head}Subject: {subject}\nContent-Type: multipart/mixed; boundary=b\n"
    return read(f"{fields}\n{body}--b--\n".encode())


@pytest.mark.parametrize("kind", ["application/gzip", "application/zip", "application/x-zip-compressed", "text/xml"])
def test_the_prescribed_subject_and_a_file(kind: str) -> None:
    assert aggregate(kind=kind).other_report == "dmarc-aggregate"


@pytest.mark.parametrize(
    "subject",
    [
        "Report domain: exporter.example Submitter: reporter.example Report-ID: 7",
        "[Preview] Report Domain: exporter.example Submitter: reporter.example Report-ID: <7>",
        "Dmarc Aggregate Report Domain: {exporter.example}  Submitter: {Reporter}  Date: {2026-03-17}  Report-ID:{7}",
        "report\n domain: exporter.example\n submitter: reporter.example",
    ],
)
def test_subjects_as_reporters_write_them(subject: str) -> None:
    assert aggregate(subject, name="7.gz").other_report == "dmarc-aggregate"


@pytest.mark.parametrize(
    "name",
    [NAME, NAME.replace(".xml.gz", "!77.zip"), NAME.replace(".gz", ""), NAME.replace(".gz", ".zip")],
)
def test_a_file_of_the_prescribed_name_alone(name: str) -> None:
    assert aggregate("DMARC", name=name, text="").other_report == "dmarc-aggregate"


def test_the_file_may_be_the_whole_mail() -> None:
    head = f'From: dmarc@reporter.example\nContent-Disposition: attachment;\n filename="{NAME}"\n'
    raw = f"{head}Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n{NO_ZIP}\n"
    assert read(raw.encode()).other_report == "dmarc-aggregate"


@pytest.mark.parametrize(
    "mail",
    [
        aggregate("Please take me off your list"),
        aggregate(f"Re: {SUBJECT}"),
        aggregate(head="In-Reply-To: <1@exporter.example>\n"),
        aggregate(head="References: <1@exporter.example>\n"),
        aggregate(kind="application/pdf"),
        aggregate("Offer", name="prices.zip", text=""),
        aggregate("Offer", name="a!b!c!d.zip", text=""),
    ],
)
def test_what_a_person_writes_is_a_mail(mail: ParsedMail) -> None:
    assert mail.other_report == ""


def tls(content_type: str, kind: str, head: str = "") -> str:
    raw = f"From: tls@reporter.example\n{head}Content-Type: {content_type}; boundary=b\n\n"
    return read(f"{raw}--b\nContent-Type: {kind}\n\n{{}}\n--b--\n".encode()).other_report


@pytest.mark.parametrize(
    ("content_type", "kind", "head"),
    [
        ('multipart/report; report-type="tlsrpt"', "application/tlsrpt+gzip", ""),
        ("multipart/report; report-type=TLSRPT", "application/octet-stream", ""),
        ("multipart/report", "application/tlsrpt+json", ""),
        ("multipart/mixed", "application/gzip", "TLS-Report-Domain: exporter.example\n"),
    ],
)
def test_a_tls_report(content_type: str, kind: str, head: str) -> None:
    assert tls(content_type, kind, head) == "tls-report"


@pytest.mark.parametrize(
    ("content_type", "kind", "head"),
    [
        ("multipart/mixed", "application/tlsrpt+gzip", ""),
        ("multipart/mixed", "text/plain", "TLS-Report-Domain: exporter.example\n"),
        ("multipart/report; report-type=delivery-status", "message/delivery-status", "TLS-Report-Domain: a.example\n"),
        ("multipart/report; report-type=tlsrpt", "application/tlsrpt+gzip", "References: <1@exporter.example>\n"),
    ],
)
def test_what_only_speaks_of_tls_reports(content_type: str, kind: str, head: str) -> None:
    assert tls(content_type, kind, head) == ""
