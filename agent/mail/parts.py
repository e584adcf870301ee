"""The MIME tree as slices of the mail (RFC 2046 section 5.1): no recursion, bounded depth and count, bytes untouched.

Own code instead of the standard library's parser, because the returned original must keep its exact bytes for the
DKIM check, and because a bomb of 100,000 parts is never built. A part of type message/* is a leaf: what lies inside
a returned mail is not read as structure of this one.
"""

import binascii
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import msgspec

from agent.mail.content_type import ContentType, parameters, read_content_type
from agent.mail.defects import BOUNDARY_MISSING, TOO_DEEP, TOO_MANY_PARTS
from agent.mail.encoded import decode_base64
from agent.mail.headers import Block, read_part_head, short_head
from agent.model.settings import Limits

MAX_DEPTH = 8

_LIMITS = Limits()  # no limit touches a short head
_MAX_FALSE_BOUNDARIES = 10_000
_MAX_DECODED = 1_000_000
_PREAMBLE = 65_536
_ASKED = ("content-type", "content-transfer-encoding", "content-disposition")
# A delimiter line that the Content-Type does not name, or names wrongly: fields of a part follow it.
_DELIMITER = re.compile(rb"^--(\S[^\r\n]{0,69})\r?\n(?=Content-)", re.MULTILINE | re.IGNORECASE)


class _Head(NamedTuple):
    """What the fields of a part state."""

    type: ContentType
    encoding: str
    attached: bool
    name: str
    body_at: int


class Part(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A part: its type and its body still encoded. Leaves of one multipart/alternative share a number, 0: of none."""

    kind: str
    charset: str
    encoding: str
    attached: bool
    body: bytes
    depth: int
    alternative: int
    boundary: str = ""  # of a multipart
    name: str = ""  # of the file

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
    waiting = [_part(_stated({name: block.headers.first(name) for name in _ASKED}), body, 0, 0, "text/plain")]
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
            found.append(msgspec.structs.replace(part, kind="text/plain"))
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
    pieces = _split(body, stated, left + 1) if stated else []
    defect = ""
    if not pieces:
        defect = BOUNDARY_MISSING
        line = _DELIMITER.search(body, 0, _PREAMBLE)
        pieces = _split(body, line[1], left + 1) if line else []
    return (pieces[:left], TOO_MANY_PARTS) if len(pieces) > left else (pieces, defect)


def _child(piece: bytes, depth: int, alternative: int, default: str, limits: Limits) -> Part:
    if piece.startswith((b"\n", b"\r\n")):  # no fields at all (RFC 2046 section 5.1)
        return _part(_NO_HEAD, piece.lstrip(b"\r\n"), depth, alternative, default)
    short = short_head(piece, limits)
    head = _head_before(short) if short else _head(piece, limits)
    return _part(head, piece[head.body_at :], depth, alternative, default)


def _head(piece: bytes, limits: Limits = _LIMITS) -> _Head:
    fields, body_at = read_part_head(piece, limits)
    return _stated(fields, body_at)


_head_before = lru_cache(maxsize=256)(_head)  # the parts of nearly all reports begin with the same few lines


def _stated(fields: Mapping[str, str], body_at: int = 0) -> _Head:
    kind, disposition = read_content_type(fields.get("content-type", "")), fields.get("content-disposition", "")
    return _Head(
        type=kind,
        encoding=fields.get("content-transfer-encoding", "").partition(";")[0].strip().lower(),
        attached=disposition.lower().startswith("attachment"),
        name=(parameters(disposition).get("filename", "") if "=" in disposition else "") or kind.name,
        body_at=body_at,
    )


_NO_HEAD = _stated({})


def _part(head: _Head, body: bytes, depth: int, alternative: int, default: str) -> Part:
    return Part(
        kind=head.type.kind or default,
        charset=head.type.charset,
        encoding=head.encoding,
        attached=head.attached,
        body=body,
        depth=depth,
        alternative=alternative,
        boundary=head.type.boundary,
        name=head.name,
    )


def _split(body: bytes, boundary: bytes, most: int) -> list[bytes]:
    """What lies between the delimiter lines, so many parts at most; a missing last delimiter is forgiven."""
    mark = b"\n--" + boundary
    pieces: list[bytes] = []
    start = -1
    at = 0 if body.startswith(mark[1:]) else body.find(mark) + 1 or -1
    for _ in range(_MAX_FALSE_BOUNDARIES):
        if at < 0 or len(pieces) >= most:
            break
        after = at + len(mark) - 1
        closing = body.startswith(b"--", after)
        line_end = body.find(b"\n", after)
        line_end = len(body) if line_end < 0 else line_end
        if closing or not body[after:line_end].strip():
            if start >= 0:
                pieces.append(_without_line_end(body[start:at]))
            if closing:
                return pieces
            start = line_end + 1
        at = body.find(mark, after - 1) + 1 or -1
    if 0 <= start < len(body) and len(pieces) < most:
        pieces.append(body[start:])
    return pieces


def _without_line_end(piece: bytes) -> bytes:
    """The line end before a delimiter belongs to the delimiter."""
    return piece[:-2] if piece.endswith(b"\r\n") else piece.removesuffix(b"\n")
