"""X-ARF reports, read: what they report, and of reported spam the mail and whom it went to.

Versions 0.1 and 0.2 mark the mail's header and have a part of `Key: value` lines, written as YAML but always flat.
Later ones are a JSON document beside a feedback report of type xarf: flat from version 4 on, before with a `Report`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import msgspec

from agent.mail.charset import clean, decode
from agent.mail.encoded import decode_base64
from agent.mail.fields import MAX_VALUE, address_value, field_blocks
from agent.mail.headers import Block, read_block
from agent.mail.json_object import as_list, as_object, as_text, read_object
from agent.mail.original import KINDS as MAIL_KINDS
from agent.mail.parts import Part
from agent.model.mail import Headers
from agent.model.report import Arf
from agent.model.settings import Limits

XARF = "xarf"
MAX_DEPTH = 3
MAX_PARTS = 10
MAX_SAMPLES = 10

_MARKS = ("X-XARF", "X-ARF")
_KINDS = frozenset({
    "application/json", "text/json", "application/octet-stream", "text/plain", "text/yaml", "application/yaml",
    "application/x-yaml", "text/x-yaml",
})  # fmt: skip
# What makes lines a report of version 0.1 or 0.2, and not a text with colons.
_REQUIRED = frozenset({"report-type", "reported-from", "category"})
_ABOUT_MAIL = frozenset({"spam", "bulk-messaging"})
_NO_WORD = re.compile(r"[^a-z0-9]+")


class Xarf(msgspec.Struct, frozen=True, kw_only=True):
    """One report: its type as a word, and for a complaint what an ARF report would say."""

    kind: str
    arf: Arf
    original: Block | None = None

    @property
    def about_mail(self) -> bool:
        """Whether somebody did not want a message, which is what ARF calls abuse."""
        return self.kind in _ABOUT_MAIL


def is_marked(headers: Headers) -> bool:
    """Whether the header announces a report: `X-XARF: PLAIN`, `X-ARF: YES`."""
    return any(headers.first(mark) for mark in _MARKS)


def read_xarf(parts: Sequence[Part], base: Arf, limits: Limits) -> Xarf | None:
    """The first report among the leaves of a mail, added to what `base` says; None where none can be read."""
    likely = (part for part in parts if part.kind in _KINDS and part.depth <= MAX_DEPTH)
    for part in islice(likely, MAX_PARTS):
        body = part.decoded().lstrip(b"\xef\xbb\xbf \t\r\n")
        found = _document(body, base, limits) if body.startswith(b"{") else _lines(body, part.charset, base)
        if found:
            return found
    return None


def _lines(body: bytes, charset: str, base: Arf) -> Xarf | None:
    for block in field_blocks(body, charset):
        fields = {name: value.strip("'\"") for name, value in reversed(block)}  # of two the first counts
        if fields.keys() >= _REQUIRED and (kind := _word(fields["report-type"])):
            agent, address = fields.get("user-agent") or fields["reported-from"], fields.get("source", "")
            return Xarf(kind=kind, arf=_abuse(base, agent, address))
    return None


def _document(body: bytes, base: Arf, limits: Limits) -> Xarf | None:
    whole = read_object(decode(body, "utf-8"))
    nested = as_object(whole.get("Report"))
    report, reporter = nested or whole, as_object(whole.get("ReporterInfo")) or as_object(whole.get("reporter"))
    kind = _word(_first(report, "ReportType", "type"))
    if not kind or not (nested or "xarf_version" in whole):
        return None
    arf = _abuse(base, _first(reporter, "ReporterOrg", "org"), _first(report, "SourceIp", "source_identifier"))
    sender = address_value(_first(report, "SmtpMailFromAddress", "smtp_from")[:MAX_VALUE])
    recipient = address_value(_first(report, "SmtpRcptToAddress", "smtp_to")[:MAX_VALUE])
    return Xarf(
        kind=kind,
        arf=replace(
            arf,
            original_mail_from=sender or arf.original_mail_from,
            original_rcpt_to=(*arf.original_rcpt_to, *filter(None, (recipient,))),
        ),
        original=next(_mails(report, limits), None),
    )


def _mails(report: dict[str, object], limits: Limits) -> Iterator[Block]:
    """The header blocks of the mails that are held as samples, as attachments or as evidence."""
    for key in ("Samples", "Attachment", "evidence"):
        for sample in map(as_object, as_list(report.get(key))[:MAX_SAMPLES]):
            stated = _first(sample, "ContentType", "content_type").partition(";")[0].strip().lower()
            payload = _first(sample, "Payload", "Data", "payload")
            block = read_block(_plain(payload), limits) if stated in MAIL_KINDS and payload else None
            if block and block.headers.fields:
                yield block


def _plain(payload: str) -> bytes:
    """The sample; base64 knows no colon, and no mail is without one."""
    raw = payload.encode()
    return raw if b":" in raw else decode_base64(raw)


def _abuse(base: Arf, reporter: str, address: str) -> Arf:
    return replace(
        base,
        feedback_type="abuse",
        user_agent=clean(reporter[:MAX_VALUE]) or base.user_agent,
        source_ip=clean(address[:MAX_VALUE]) or base.source_ip,
    )


def _first(report: dict[str, object], *keys: str) -> str:
    return next(filter(None, (as_text(report.get(key)) for key in keys)), "")


def _word(value: str) -> str:
    """A type in one spelling: `Spam`, `login_attack` and `Login Attack` alike."""
    return _NO_WORD.sub("-", value[:60].lower()).strip("-")
