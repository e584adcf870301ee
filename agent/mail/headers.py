"""The bounded header block straight from bytes; raw 8-bit and broken folding are read, never refused.

The daemon imports this module: it stays free of detectors and HTML parsers.
"""

import codecs
import re

import msgspec

from agent.mail.charset import clean, decode_raw
from agent.mail.defects import HEADER_BLOCK_TOO_LARGE, NO_HEADERS, SEPARATOR_MISSING, TOO_MANY_HEADER_LINES
from agent.mail.encoded import decode_words
from agent.model.mail import Headers
from agent.model.settings import Limits

MAX_SHORT = 300

_EMPTY_LINE = re.compile(rb"\n\r?\n")
_BEFORE_FIELDS = (codecs.BOM_UTF8, b"\r\n", b"\n", b"From ", b">From ")
_FOLD = re.compile(r"\n[ \t]+")
_FIELD = re.compile(r"^([\x21-\x39\x3b-\x7e]{1,80}+) *+: *+(.*)", re.MULTILINE)
_NAME = re.compile(r"[\x21-\x39\x3b-\x7e]{1,80}[ \t]*\Z")
_TAB = re.compile(r"\t+")
_PLAIN = bytes((*b"\t\n\r", *range(32, 127)))
_CHARSET = re.compile(rb"charset[ \t]*=[ \t]*\"?([\w.:-]{2,40})", re.IGNORECASE)
_Fields = list[tuple[str, str]]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A header block. `wire` holds the values before RFC 2047: addresses are read from it, because an encoded
    comma or bracket must not become syntax. `raw` is the exact bytes without the blank line after them.
    """

    headers: Headers
    wire: Headers
    raw: bytes
    body_at: int
    defects: tuple[str, ...] = ()


def read_headers(raw: bytes, limits: Limits) -> Headers:
    """The decoded header fields of a mail, as many as the limits allow."""
    return read_block(raw, limits).headers


def read_block(raw: bytes, limits: Limits) -> Block:
    """The header block with its bounds and what is wrong with it."""
    fields, block, body_at, defects = _read(raw, limits)
    headers = wire = Headers(fields=tuple(fields))
    if b"=?" in block:
        headers = Headers(fields=tuple([(name, decode_words(value)) for name, value in fields]))
    return Block(headers=headers, wire=wire, raw=block, body_at=body_at, defects=defects)


def read_part_head(raw: bytes, limits: Limits) -> tuple[dict[str, str], int]:
    """The topmost value of each field, names in lower case, and where the body begins: all one asks of a part."""
    fields, _, body_at, _ = _read(raw, limits)
    return {name.lower(): decode_words(value) for name, value in reversed(fields)}, body_at


def short_head(raw: bytes, limits: Limits) -> bytes:
    """The header block with the empty line that ends it, where it begins with a field and no limit can touch it."""
    stop = min(MAX_SHORT, limits.header_bytes, limits.header_lines)
    found = None if raw.startswith(_BEFORE_FIELDS) else _EMPTY_LINE.search(raw, 0, stop)
    return raw[: found.end()] if found else b""


def _read(raw: bytes, limits: Limits) -> tuple[_Fields, bytes, int, tuple[str, ...]]:
    """The fields before RFC 2047, their bytes, the start of the body, defects."""
    start = _past_envelope_line(raw)
    end, body_at, defects = _bounds(raw, start, limits)
    block = raw[start:end]
    fields, stray = _fields(block)
    if stray is not None:  # RFC 5322 section 2.1 wants an empty line; what is no field begins the body
        block, body_at = block[:stray], start + stray
        defects = (*defects, SEPARATOR_MISSING)
    if not fields:
        defects = (*defects, NO_HEADERS)
    return fields, block, body_at, defects


def _past_envelope_line(raw: bytes) -> int:
    """Where the fields begin: a byte order mark, empty lines and an mbox `From ` line are skipped."""
    if not raw.startswith(_BEFORE_FIELDS):
        return 0
    start = 3 if raw.startswith(codecs.BOM_UTF8) else 0
    while raw.startswith((b"\r\n", b"\n"), start) and start < 100:
        start += 2 if raw.startswith(b"\r", start) else 1
    if raw.startswith((b"From ", b">From "), start):
        newline = raw.find(b"\n", start, start + 1000)
        start = newline + 1 if newline >= 0 else start
    return start


def _bounds(raw: bytes, start: int, limits: Limits) -> tuple[int, int, tuple[str, ...]]:
    """End of the fields, start of the body, defects."""
    defects: tuple[str, ...] = ()
    found = _EMPTY_LINE.search(raw, start, start + limits.header_bytes + 4)
    if found:
        end, body_at = found.start() + 1, found.end()
    elif len(raw) - start <= limits.header_bytes:
        end = body_at = len(raw)
    else:
        end = raw.rfind(b"\n", start, start + limits.header_bytes) + 1
        end = body_at = end or start + limits.header_bytes
        defects = (HEADER_BLOCK_TOO_LARGE,)
    if end - start > limits.header_lines and raw.count(b"\n", start, end) > limits.header_lines:
        at = start
        for _ in range(limits.header_lines):
            at = raw.index(b"\n", at) + 1
        return at, body_at, (*defects, TOO_MANY_HEADER_LINES)
    return end, body_at, defects


def _fields(block: bytes) -> tuple[_Fields, int | None]:
    """Unfolded fields (RFC 5322 section 2.2.3), and where a line that is no field ends them too early."""
    text = block.decode("ascii", "surrogateescape")
    text = text.replace("\r\n", "\n") if "\r" in text else text
    text = _FOLD.sub(" ", text)
    if "\r" not in text and not block.translate(None, _PLAIN):  # nearly every mail: nothing in it is to be mended
        spaced = _TAB.sub(" ", text) if "\t" in text else text
        fields: _Fields = _FIELD.findall(spaced)
        if len(fields) == spaced.count("\n") + (not spaced.endswith("\n")):
            trailing = " \n" in spaced or spaced.endswith(" ")
            return [(name, value.rstrip(" ")) for name, value in fields] if trailing else fields, None
    fields, stray = _odd_fields(text, block)
    return _wire_values(fields, block[:stray]), stray


def _odd_fields(text: str, block: bytes) -> tuple[_Fields, int | None]:
    """The same line by line, values as they stand."""
    fields: _Fields = []
    for line in text.split("\n"):
        name, colon, value = line.partition(":")
        if colon and _NAME.match(name):
            fields.append((name.rstrip(), value))
        elif line.strip() and not line.startswith((">From ", "From ")):
            return fields, _stray_line(block, len(fields))
    return fields, None


def _stray_line(block: bytes, fields: int) -> int:
    """Where the line after so many fields and their folded lines begins."""
    at = 0
    for line in block.split(b"\n"):
        if not line.startswith((b" ", b"\t", b">From ", b"From ", b"\r")) and line:
            if not fields:
                break
            fields -= 1
        at += len(line) + 1
    return min(at, len(block))


def _wire_values(fields: _Fields, block: bytes) -> _Fields:
    found = None if block.isascii() else _CHARSET.search(block)
    hint = found[1].decode("ascii", "replace") if found else ""
    return [(name, _wire_value(value, hint)) for name, value in fields]


def _wire_value(value: str, hint: str) -> str:
    if value.isascii():
        return clean(value)
    return clean(decode_raw(value.encode("ascii", "surrogateescape"), hint))
