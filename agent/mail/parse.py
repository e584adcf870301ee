"""Bytes to ParsedMail; whatever comes in, a value comes out, and what could not be read is named in `defects`."""

import re

from agent.mail.complaint_event import read_complaint_event
from agent.mail.content_type import content_type
from agent.mail.defects import HEADER_BLOCK_TOO_LARGE, TOO_MANY_HEADER_LINES
from agent.mail.dsn import read_dsn, read_inner_dsn
from agent.mail.feedback import read_feedback
from agent.mail.front import HEADERS_ONLY, Content, assemble, with_line_feeds
from agent.mail.headers import Block, read_block
from agent.mail.original import read_original, read_pasted
from agent.mail.parts import leaves
from agent.mail.quotes import NO_MARKERS, Markers
from agent.mail.text import read_report_text, read_text
from agent.model.mail import ParsedMail, RawMessage
from agent.model.settings import Limits

# Of these senders no word is read as a person's own.
_DAEMON = re.compile(r"(?:mailer-?daemon|postmaster)@", re.IGNORECASE)
_FROM = 300
_HEADERS_ONLY_DEFECTS = frozenset({HEADER_BLOCK_TOO_LARGE, TOO_MANY_HEADER_LINES})


def parse(message: RawMessage, limits: Limits, markers: Markers = NO_MARKERS) -> ParsedMail:
    """Read a mail. It never raises: each reader is bounded and total, and the tests hold them to it."""
    raw = with_line_feeds(message.raw)
    block = read_block(raw, limits)
    content = HEADERS_ONLY
    if _HEADERS_ONLY_DEFECTS.isdisjoint(block.defects):
        content = _read_content(block, raw[block.body_at : limits.message_bytes], limits, markers)
    return assemble(message, raw, block, content, limits, markers.subject_prefixes)


def _read_content(block: Block, body: bytes, limits: Limits, markers: Markers) -> Content:
    parts, defects = leaves(block, body, limits)
    kind = content_type(block.headers.first("Content-Type"))
    original = read_original(parts, limits) or read_pasted(parts, limits)
    feedback = read_feedback(parts, block.headers, original, limits)
    dsn = read_dsn(parts, kind)
    by_machine = dsn is not None or _DAEMON.search(block.headers.first("From")[:_FROM]) is not None
    text = read_report_text(parts, limits) if by_machine else read_text(parts, limits, markers)
    return Content(
        text=text.text,
        own_text=text.own_text,
        html=text.html,
        dsn=dsn,
        inner_dsn=None if dsn else read_inner_dsn(parts, limits),
        arf=feedback.arf or read_complaint_event(text.text),
        other_report=feedback.other,
        original=feedback.original,
        defects=defects,
    )
