"""Mails to try the readers with: our own samples bent, and the pieces of which broken ones are made."""

import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

from agent.cli.classify import signal_row
from agent.model.mail import Door, RawMessage, Source
from agent.model.reading import Reading
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit, read

CORPUS = Path(__file__).parents[1] / "corpus"
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
PIECES = (
    b"From: Ana <ana@buyer.example>", b"From: MAILER-DAEMON@mx.example", b"To: u@e.example, <", b"Return-Path: <>",
    b"Subject: =?utf-8?B?U1RPUA==?=", b"Subject: =?gb18030?Q?=B4?= =?gb18030?Q?=F2?=", b"Subject: Undelivered Mail",
    b"Content-Type: message/delivery-status", b"Content-Type: message/feedback-report", b"Content-Type: message/rfc822",
    b"Content-Type: text/html; charset=gbk", b"Content-Type: text/plain; charset=utf-7", b"Content-Type: text/plain",
    b"Content-Type: text/rfc822-headers", b'Content-Type: multipart/report; boundary="', b"Content-Type: ;;=;\"\\",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"--edge", b"--edge--",
    b"Final-Recipient: rfc822; ana@buyer.example", b"Action: failed", b"Status: 5.1.1", b"Status: 9.99.999999",
    b"Diagnostic-Code: smtp; 550 5.1.1 <ana@buyer.example> User unknown", b"Original-Recipient: utf-8; \\x{10FFFF}@a",
    b"Feedback-Type: abuse", b"Original-Rcpt-To: <redacted@a.example>", b"Incidents: 99999999999999999999",
    b"X-HmXmrOriginalRecipient: a@b.example", b"In-Reply-To: <", b"X-Failed-Recipients: a@b.example,b@c.example",
    b"Auto-Submitted: auto-replied", b"List-Unsubscribe: <mailto:", b"Message-ID: <a@b.example>", b">From a b",
    b"Hi. This is the qmail-send program at mx.example.", b"<ana@buyer.example>:", b"550 5.1.1 unknown",
    b"This is a copy of the message, including all the headers.", b"----- Original message -----", b"> > > >",
    b"On Mon, 9 Mar 2026 at 8:15 Ana <a@b.example> wrote:", b"Please unsubscribe me until 31 March.", b"STOP",
    b"\xe9\x80\x80\xe8\xae\xa2", b"\xb4\xf2\xd3\xa1", b"{\"complaint\":{\"complainedRecipients\":[{",
    b"{\"Message\":\"{", b"<div><blockquote>", b"</p><br>", b"<!--", b"&#x110000;&amp", b"=?", b"?=", b"((((",
    b"\"\\\"", b"<<<<", b"@@@@", b"X-XARF: PLAIN", b"Feedback-Type: xarf", b"Report-Type: spam",
    b"TLS-Report-Domain: a", b"Category: abuse", b"Reported-From: a@b.example",
    b"{\"xarf_version\":\"4\",\"type\":\"spam\",\"evidence\":[{",
    b"{\"Report\":{\"ReportType\":\"Spam\",\"SmtpRcptToAddress\":\"\\ud800\"}}", b"Content-Type: application/json",
    b"\x00\x1b\x7f", b"\xff\xfe", b"\xe2\x80\xae\xcc\x81", b"=\n", b"=3D=", b"\t \t", b"a@",
    b"2026-13-99 until until",
)  # fmt: skip
_PARTS_OF_MAILS = 6


@cache
def kit() -> ReadingKit:
    return load_kit()


@cache
def samples() -> tuple[bytes, ...]:
    """The mails of tests/corpus, the huge ones left out."""
    found = (path.read_bytes() for path in sorted(CORPUS.rglob("*.eml")))
    return tuple(raw for raw in found if len(raw) < 100_000)


def read_one(raw: bytes) -> Reading:
    """The reading of these bytes, which must also be fit to be shown."""
    reading = read(
        RawMessage(
            source=Source(door=Door.FILES, reference="fuzz"), envelope_from=None, envelope_to=(), peer="", raw=raw,
            received_at=NOW,
        ),
        kit(),
    )  # fmt: skip
    msgspec.json.encode([signal_row(signal) for signal in reading.signals])
    return reading


def bent(luck: random.Random) -> bytes:
    """A sample after a few accidents: lines lost, doubled, swapped with another mail's, bytes changed."""
    rows = luck.choice(samples()).split(b"\n")
    for _ in range(luck.randint(1, _PARTS_OF_MAILS)):
        at = luck.randrange(len(rows) + 1)
        match luck.randrange(7):
            case 0:
                del rows[at : at + luck.randint(1, 5)]
            case 1:
                rows[at:at] = rows[at : at + luck.randint(1, 20)] * luck.randint(1, 30)
            case 2:
                other = luck.choice(samples()).split(b"\n")
                start = luck.randrange(len(other))
                rows[at:at] = other[start : start + luck.randint(1, 40)]
            case 3:
                rows.insert(at, luck.choice(PIECES) * luck.choice((1, 1, 1, 50)))
            case 4:
                rows[at:] = [b"\n".join(rows[at:]).replace(b"\n", luck.choice((b"\r\n", b"\r", b" ", b"")))]
            case 5:
                rows[at : at + 1] = [_scratched(row, luck) for row in rows[at : at + 1]]
            case _:
                luck.shuffle(rows)
    return b"\n".join(rows)


def _scratched(row: bytes, luck: random.Random) -> bytes:
    place = luck.randrange(len(row) + 1)
    return row[:place] + luck.randbytes(luck.randint(0, 4)) + row[place + luck.randint(0, 8) :]
