"""Bytes to ParsedMail; whatever comes in, a value comes out, and what could not be read is named in `defects`."""

from agent.mail.arf import read_arf
from agent.mail.defects import HEADER_BLOCK_TOO_LARGE, TOO_MANY_HEADER_LINES
from agent.mail.dsn import read_dsn
from agent.mail.front import HEADERS_ONLY, Content, assemble, with_line_feeds
from agent.mail.headers import Block, read_block
from agent.mail.original import read_original, read_pasted
from agent.mail.parts import content_type, leaves
from agent.mail.quotes import NO_MARKERS, Markers
from agent.mail.text import read_text
from agent.model.mail import ParsedMail, RawMessage
from agent.model.settings import Limits

_HEADERS_ONLY_DEFECTS = frozenset({HEADER_BLOCK_TOO_LARGE, TOO_MANY_HEADER_LINES})


def parse(message: RawMessage, limits: Limits, markers: Markers = NO_MARKERS) -> ParsedMail:
    """Read a mail. It never raises: each reader is bounded and total, and the tests hold them to it."""
    raw = with_line_feeds(message.raw)
    block = read_block(raw, limits)
    content = HEADERS_ONLY
    if _HEADERS_ONLY_DEFECTS.isdisjoint(block.defects):
        content = _read_content(block, raw[block.body_at : limits.message_bytes], limits, markers)
    return assemble(message, raw, block, content, limits)


def _read_content(block: Block, body: bytes, limits: Limits, markers: Markers) -> Content:
    parts, defects = leaves(block, body, limits)
    kind = content_type(block.headers.first("Content-Type"))
    text = read_text(parts, limits, markers)
    original = read_original(parts, limits) or read_pasted(parts, limits)
    return Content(
        text=text.text,
        own_text=text.own_text,
        html=text.html,
        dsn=read_dsn(parts, kind),
        arf=read_arf(parts, kind, original),
        original=original,
        defects=defects,
    )
