"""The MIME tree as slices of the mail (RFC 2046 section 5.1): no recursion, bounded depth and count, bytes untouched.

Own code instead of the standard library's parser, because the returned original must keep its exact bytes for the
DKIM check, and because a bomb of 100,000 parts is never built. A part of type message/* is a leaf: what lies inside
a returned mail is not read as structure of this one.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from agent.mail.defects import BOUNDARY_MISSING, TOO_DEEP, TOO_MANY_PARTS
from agent.mail.headers import Block, decode_base64, read_block
from agent.model.mail import Headers
from agent.model.settings import Limits

MAX_DEPTH = 8

_MAX_FALSE_BOUNDARIES = 10_000
_MAX_DECODED = 1_000_000
_PREAMBLE = 65_536
# A delimiter line that the Content-Type does not name, or names wrongly: fields of a part follow it.
_DELIMITER = re.compile(rb"^--(\S[^\r\n]{0,69})\r?\n(?=Content-)", re.MULTILINE | re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_PARAMETER = re.compile(r";[ \t]*([\w.*-]{1,40})[ \t]*=[ \t]*(\"(?:[^\"\\]|\\.)*\"|[^;\s]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part: its type and its body still encoded. Leaves of one multipart/alternative share a number, 0: of none."""

    kind: str
    charset: str
    encoding: str
    attached: bool
    body: bytes
    depth: int
    alternative: int
    boundary: str = ""  # of a multipart

    def decoded(self) -> bytes:
        """The body with its transfer encoding taken off (RFC 2045 section 6); what cannot be decoded stays."""
        body = self.body[:_MAX_DECODED]
        if self.encoding == "base64":
            return decode_base64(body)
        if self.encoding == "quoted-printable":
            return binascii.a2b_qp(body)
        return body


def leaves(block: Block, body: bytes, limits: Limits) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """All leaves in the order of the mail, and what was wrong."""
    waiting = [_part(block.headers, body, 0, 0, "text/plain")]
    found: list[Part] = []
    defects: dict[str, None] = {}
    left = limits.mime_parts
    while waiting:
        part = waiting.pop()
        if not part.kind.startswith("multipart/"):
            found.append(part)
            continue
        pieces, defect = _pieces(part, left)
        left -= len(pieces)
        if defect:
            defects.setdefault(defect)
        if not pieces:
            found.append(replace(part, kind="text/plain"))
        alternative = part.alternative or (left + 1 if part.kind == "multipart/alternative" else 0)
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        children = [_child(piece, part.depth + 1, alternative, default, limits) for piece in pieces]
        waiting.extend(reversed(children))
    return tuple(found), tuple(defects)


def _pieces(part: Part, left: int) -> tuple[list[bytes], str]:
    """The parts of a multipart as bytes, no more than may still come, and the defect that stopped the reading."""
    body = part.body
    if part.depth >= MAX_DEPTH:
        return [], TOO_DEEP
    stated = part.boundary.encode("utf-8", "replace")
    pieces = list(islice(_split(body, stated), left + 1)) if stated else []
    defect = ""
    if not pieces:
        defect = BOUNDARY_MISSING
        line = _DELIMITER.search(body, 0, _PREAMBLE)
        pieces = list(islice(_split(body, line[1]), left + 1)) if line else []
    return (pieces[:left], TOO_MANY_PARTS) if len(pieces) > left else (pieces, defect)


def content_type(value: str, default: str = "text/plain") -> str:
    """`type/subtype` in lower case; the default when absent or malformed (RFC 2045 section 5.2)."""
    word = value.partition(";")[0].partition("(")[0].strip().lower()
    return word if "/" in word and " " not in word else default


def parameters(value: str) -> dict[str, str]:
    """Parameters of a Content-Type, bounded; RFC 2231 charset marks are taken off."""
    found: dict[str, str] = {}
    for name, text in _PARAMETER.findall(value[:2000]):
        if text.startswith('"'):
            text = _ESCAPED.sub(r"\1", text[1:-1]) if "\\" in text else text[1:-1]
        if name.endswith("*"):
            name, text = name[:-1], text.rpartition("'")[2]
        found.setdefault(name.lower(), text)
    return found


def _child(piece: bytes, depth: int, alternative: int, default: str, limits: Limits) -> Part:
    if piece.startswith((b"\n", b"\r\n")):  # no fields at all (RFC 2046 section 5.1)
        return _part(Headers(), piece.lstrip(b"\r\n"), depth, alternative, default)
    block = read_block(piece, limits)
    return _part(block.headers, piece[block.body_at :], depth, alternative, default)


def _part(headers: Headers, body: bytes, depth: int, alternative: int, default: str) -> Part:
    stated = headers.first("Content-Type")
    found = parameters(stated) if "=" in stated else {}
    return Part(
        kind=content_type(stated, default),
        charset=found.get("charset", ""),
        encoding=headers.first("Content-Transfer-Encoding").partition(";")[0].strip().lower(),
        attached=headers.first("Content-Disposition").lower().startswith("attachment"),
        body=body,
        depth=depth,
        alternative=alternative,
        boundary=found.get("boundary", "").rstrip(),
    )


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """What lies between the delimiter lines; a missing last one is forgiven."""
    mark = b"--" + boundary
    start: int | None = None
    at = 0 if body.startswith(mark) else _next(body, mark, 0)
    for _ in range(_MAX_FALSE_BOUNDARIES):
        if at < 0:
            break
        after = at + len(mark)
        closing = body.startswith(b"--", after)
        line_end = body.find(b"\n", after)
        line_end = len(body) if line_end < 0 else line_end
        if closing or not body[after:line_end].strip():
            if start is not None:
                yield _without_line_end(body[start:at])
            if closing:
                return
            start = line_end + 1
        at = _next(body, mark, after)
    if start is not None and start < len(body):
        yield body[start:]


def _next(body: bytes, mark: bytes, start: int) -> int:
    at = body.find(b"\n" + mark, max(0, start - 1))
    return at + 1 if at >= 0 else -1


def _without_line_end(piece: bytes) -> bytes:
    """The line end before a delimiter belongs to the delimiter."""
    return piece[:-2] if piece.endswith(b"\r\n") else piece.removesuffix(b"\n")
