"""Raw mails for the tests of this room, written for them."""

from datetime import UTC, datetime
from importlib.resources import files

from agent.mail.parse import parse
from agent.mail.quotes import Markers, build_markers
from agent.model.mail import Door, ParsedMail, RawMessage, Source
from agent.model.settings import Limits

LIMITS = Limits()
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TOKEN_TAIL = "k" + "abcdefghij234" + "klmnopqrstuvwx56"
U, B, F, C = (letter + TOKEN_TAIL for letter in "ubfc")


def markers() -> Markers:
    """Those of the package."""
    folders = [folder for folder in (files("agent") / "data" / "lang").iterdir() if folder.is_dir()]
    found = {folder.name: folder / "quotes.toml" for folder in folders}
    return build_markers({name: file.read_text("utf-8") for name, file in found.items() if file.is_file()})


MARKERS = markers()


def raw_message(raw: bytes, envelope_from: str | None = None, envelope_to: tuple[str, ...] = ()) -> RawMessage:
    """The mail as a file would bring it."""
    source = Source(door=Door.FILES, reference="test")
    return RawMessage(
        source=source, envelope_from=envelope_from, envelope_to=envelope_to, peer="", raw=raw, received_at=NOW
    )


def read(raw: bytes, envelope_from: str | None = None, envelope_to: tuple[str, ...] = ()) -> ParsedMail:
    """The mail parsed with the package's markers."""
    return parse(raw_message(raw, envelope_from, envelope_to), LIMITS, MARKERS)


def plain(text: str, *fields: str, charset: str = "utf-8") -> bytes:
    """A text/plain mail of a buyer."""
    head = "\n".join(("From: Ana <ana@buyer.example>", "To: sales@exporter.example", "Subject: Re: Offer", *fields))
    return f"{head}\nContent-Type: text/plain; charset={charset}\n\n".encode() + text.encode(charset)


def html(text: str) -> bytes:
    """A text/html mail of a buyer."""
    return b"From: ana@buyer.example\nContent-Type: text/html; charset=utf-8\n\n" + text.encode()


def report(kind: str, fields: str, third: str = "", third_kind: str = "message/rfc822") -> bytes:
    """A multipart/report with the given second part."""
    parts = ["Content-Type: text/plain\n\nCould not be delivered.\n", f"Content-Type: {kind}\n\n{fields}"]
    if third:
        parts.append(f"Content-Type: {third_kind}\n\n{third}")
    body = "".join(f"--edge\n{part}\n" for part in parts)
    head = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: sales@exporter.example\nSubject: Undelivered\n"
        'MIME-Version: 1.0\nContent-Type: multipart/report; boundary="edge"\n'
    )
    return f"{head}\n{body}--edge--\n".encode()


DSN_FIELDS = (
    "Reporting-MTA: dns; mx.example\nOriginal-Envelope-Id: QQ123\n\n"
    "Original-Recipient: rfc822;ana@buyer.example\nFinal-Recipient: rfc822;ana@buyer.example\nAction: failed\n"
    "Status: 5.1.1\nRemote-MTA: dns; in.buyer.example\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n"
)
RETURNED = (
    "Return-Path: <news@exporter.example>\nReceived: from a.example by b.example; Mon, 2 Mar 2026 09:00:00 +0000\n"
    "From: news@exporter.example\nTo: ana@buyer.example\nSubject: Offer\nMessage-ID: <1@exporter.example>\n\nHello\n"
)
