"""The sender's own new words: quoted mail, attribution lines, signatures, phone footers and disclaimers come off.

Each line is looked at a bounded number of times, whatever the text: the work is linear.
"""

import re
import unicodedata

from agent.mail.quote_heads import (
    MARKS_AROUND,
    MAY_OPEN_QUOTE,
    QUOTED,
    attribution,
    before_colons,
    is_header_cluster,
    is_plain,
    is_quoted_head,
    next_is_quoted,
    quoted_body,
    starts_original,
)
from agent.mail.quotes import OPENING, Markers, fold, lowered

MAX_LINES = 2_000
MAX_KEPT = 8_000  # characters: nobody asks for anything further down, and only the beginning is read

_MARKS = "\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_INVISIBLE = re.compile(f"[{_MARKS}]+")
_RULE = re.compile(r"[-_—–=*~]{4,}")
_LONG_RULE = re.compile(r"_{20,}")
_REMNANT_AFTER, _REMNANT = 68, 30


def own_words(text: str, markers: Markers) -> str:
    """What the sender of a mail wrote himself, without quotes, signature, phone footer and disclaimer."""
    lines = _collapsed(text)
    kept = _without_quotes(lines, markers)
    kept = _before_signature(kept)
    kept = _without_footers(kept, markers)
    return "\n".join(kept).strip()


def _collapsed(text: str) -> list[str]:
    """Lines without invisible marks; runs of empty lines become one, so that looking ahead is one or two steps."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    lines: list[str] = []
    for line in text.split("\n"):
        line = line.strip()
        if line or (lines and lines[-1]):
            lines.append(line)
        if len(lines) >= MAX_LINES:
            break
    return lines


def _without_quotes(lines: list[str], markers: Markers) -> list[str]:
    kept: list[str] = []
    introduces = before_colons(lines)
    at, quoted_length, length = 0, 0, 0
    while at < len(lines) and length < MAX_KEPT:
        line = lines[at]
        if not quoted_length and at not in introduces and is_plain(line):
            kept.append(line)
            length += len(line)
            at += 1
            continue
        if QUOTED.match(line):
            if not quoted_length and any(kept) and is_quoted_head(lines, at, markers):
                break
            quoted_length = len(line)
            at += 1
            continue
        if quoted_length >= _REMNANT_AFTER and line and len(line) <= _REMNANT:
            quoted_length = 0  # the wrapped end of a long quoted line, not an answer
            at += 1
            continue
        quoted_length = 0
        span = attribution(lines, at, markers)
        if span and next_is_quoted(lines, at + span):
            at += span
            continue
        if span or starts_original(line, markers) or is_header_cluster(lines, at, markers):
            at = len(lines) if any(kept) else quoted_body(lines, at)
            continue
        kept.append(line)
        length += len(line)
        at += 1
    return _without_trailing_rule(kept, markers)


def _without_trailing_rule(kept: list[str], markers: Markers) -> list[str]:
    while kept and (
        not kept[-1] or _RULE.fullmatch(kept[-1]) or fold(kept[-1].strip(MARKS_AROUND)) in markers.originals
    ):
        kept.pop()
    return kept


def _before_signature(kept: list[str]) -> list[str]:
    """RFC 3676 section 4.3: what follows `-- ` is the signature; a long rule below text is taken for one."""
    for at, line in enumerate(kept):
        if line[:1] not in MAY_OPEN_QUOTE:
            continue
        if line in ("--", "—") or (_LONG_RULE.fullmatch(line) and any(kept[:at])):
            return kept[:at]
    return kept


def _without_footers(kept: list[str], markers: Markers) -> list[str]:
    out: list[str] = []
    for at, line in enumerate(kept):
        if not _may_be_printed(line, markers):
            out.append(line)
            continue
        start = fold(line[:100])
        if len(line) < 120 and start.startswith(markers.footers.get(start[:OPENING], ())):
            continue
        bare = start.strip("*_")
        paragraph_opens = at == 0 or not kept[at - 1]
        if bare.startswith(markers.disclaimers.get(bare[:OPENING], ())) and (paragraph_opens or len(line) > 60):
            break
        out.append(line)
    return out


def _may_be_printed(line: str, markers: Markers) -> bool:
    """Whether a line opens as a footer or a disclaimer may; behind marks and spaces anything is possible."""
    opening = lowered(line[:OPENING])[:OPENING]
    return opening in markers.footers or opening in markers.disclaimers or (opening != "" and not opening.isalpha())
