"""The sender's own new words: quoted mail, attribution lines, signatures, phone footers and disclaimers come off.

Each line is looked at a bounded number of times, whatever the text: the work is linear.
"""

import re
import unicodedata

from agent.mail.quotes import OPENING, Markers, fold, lowered

MAX_LINES = 2_000
MAX_KEPT = 8_000  # characters: nobody asks for anything further down, and only the beginning is read
MAX_ATTRIBUTION_LINES = 4
MAX_FIELD = 40  # letters before the colon of a field, like "Subject:"
MAX_ATTRIBUTION = 400

_MARKS = "\u200b\u200c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_INVISIBLE = re.compile(f"[{_MARKS}]+")
_QUOTED = re.compile(r"(?:>|＞|\|(?!.*\|)(?=\s))")
_DASHES = re.compile(r"\s*[-‐_—–=*~]{2,}")
_MAY_OPEN_QUOTE = frozenset(">＞|-‐_—–=*~")
_MARKS_AROUND = "-‐_—–=*~ \t:：>"
_RULE = re.compile(r"[-_—–=*~]{4,}")
_LONG_RULE = re.compile(r"_{20,}")
_TIME = re.compile(
    r"\d{1,2}\s?[:.hH時时시]\s?\d{2}|(?:19|20)\d\d|[\d٠-٩۰-۹]{1,2}[./-][\d٠-٩۰-۹]{1,2}[./-][\d٠-٩۰-۹]{2,4}"
)
_YEAR = re.compile(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d")
_CLOCK = re.compile(r"\d{1,2}\s?[:.hH]\s?\d\d")
_FIELD = re.compile(r"[^\W\d][^:：@\d]{1,24}[:：]\s*\S")  # "Sendt: mandag ...", in whatever language
_COLONS = (":", "：")
_DIGIT = re.compile(r"\d")
_REMNANT_AFTER, _REMNANT = 68, 30
_WRAPPED = 60  # mail programs wrap near column 75: a shorter line ended because its writer ended it


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
    introduces = _before_colons(lines)
    at, quoted_length, length = 0, 0, 0
    while at < len(lines) and length < MAX_KEPT:
        line = lines[at]
        if not quoted_length and at not in introduces and _is_plain(line):
            kept.append(line)
            length += len(line)
            at += 1
            continue
        if _QUOTED.match(line):
            if not quoted_length and any(kept) and _is_quoted_head(lines, at, markers):
                break
            quoted_length = len(line)
            at += 1
            continue
        if quoted_length >= _REMNANT_AFTER and line and len(line) <= _REMNANT:
            quoted_length = 0  # the wrapped end of a long quoted line, not an answer
            at += 1
            continue
        quoted_length = 0
        span = _attribution(lines, at, markers)
        if span and _next_is_quoted(lines, at + span):
            at += span
            continue
        if span or _starts_original(line, markers) or _is_header_cluster(lines, at, markers):
            at = len(lines) if any(kept) else _quoted_body(lines, at)
            continue
        kept.append(line)
        length += len(line)
        at += 1
    return _without_trailing_rule(kept, markers)


def _quoted_body(lines: list[str], at: int) -> int:
    """Where the marked lines begin that follow the bare head of a quoted mail, so that an answer may stand below them;
    the end where what follows the head is bare too.
    """
    for number in range(at + 1, min(at + 10, len(lines))):
        if _QUOTED.match(lines[number]):
            return number
        if lines[number] and ":" not in lines[number][:MAX_FIELD]:
            break
    return len(lines)


def _before_colons(lines: list[str]) -> frozenset[int]:
    """The lines that may begin an attribution, which ends with a colon."""
    ends = (at for at, line in enumerate(lines) if line.endswith(_COLONS))
    return frozenset(end - before for end in ends for before in range(MAX_ATTRIBUTION_LINES))


def _is_plain(line: str) -> bool:
    """Whether a line has no mark that a quote or the head of a quoted mail begins with; of most lines that is all."""
    start = line[:MAX_FIELD]
    return line[:1] not in _MAY_OPEN_QUOTE and ":" not in start and "：" not in start


def _attribution(lines: list[str], at: int, markers: Markers) -> int:
    """How many lines from here say who wrote the quote that follows; 0 for none."""
    for span, line in enumerate(lines[at : at + MAX_ATTRIBUTION_LINES], start=1):
        if not line:
            return 0
        if not line.endswith(_COLONS):
            continue
        joined = " ".join(lines[at : at + span])
        if len(joined) > MAX_ATTRIBUTION or (span > 1 and not _begins_wrapped(lines, at, span, markers)):
            return 0
        if _names_author(joined, markers) or (_may_name_author(joined, markers) and _quote_follows(lines, at + span)):
            return span
    return 0


def _begins_wrapped(lines: list[str], at: int, span: int, markers: Markers) -> bool:
    """Whether the first line belongs to those after it, and is not the last line of the sender's own text."""
    first, rest = lines[at], " ".join(lines[at + 1 : at + span])
    if not ("@" in first or _TIME.search(first)):
        return False
    complete = bool(_TIME.search(rest)) and (_names_author(rest, markers) or _quote_follows(lines, at + span))
    return not complete or len(first) >= _WRAPPED


def _quote_follows(lines: list[str], at: int) -> bool:
    """A quoted line comes next, or nothing at all."""
    return _next_is_quoted(lines, at) or not any(lines[at : at + 2])


def _names_author(line: str, markers: Markers) -> bool:
    """`On DATE, NAME wrote:` in any known language; with an address and a date in any language at all."""
    if _ends_with_verb(line, markers):
        return "@" in line or bool(_DIGIT.search(line))
    if _YEAR.search(line) and not markers.attribution_verbs.isdisjoint(fold(line).split()):
        return True
    return "@" in line and bool(_TIME.search(line)) and ("<" in line or "(" in line or "mailto:" in line)


def _may_name_author(line: str, markers: Markers) -> bool:
    """`NAME wrote:`, or a date before a colon: enough only where a quote follows, or nothing."""
    return _ends_with_verb(line, markers) or bool(_TIME.search(line))


def _ends_with_verb(line: str, markers: Markers) -> bool:
    return bool(markers.attribution_ends) and fold(line[-80:]).rstrip(":： ").endswith(markers.attribution_ends)


def _next_is_quoted(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 2] if line), "")
    return bool(_QUOTED.match(following))


def _starts_original(line: str, markers: Markers) -> bool:
    """`-----Original Message-----`, `Begin forwarded message:`, `---- On DATE NAME <ADDRESS> wrote ----`."""
    if not line or len(line) > 200:
        return False
    if _DASHES.match(line) or line.endswith(_COLONS):
        inner = line.strip(_MARKS_AROUND)
        return fold(inner) in markers.originals or ("@" in inner and _ends_with_verb(inner, markers))
    return False


def _is_quoted_head(lines: list[str], at: int, markers: Markers) -> bool:
    """Marks before the head of a quoted mail only: `> Message of DATE`, `> From: ...`, and then its text bare."""
    end = at
    while end < len(lines) and end - at < 10 and (_QUOTED.match(lines[end]) or not lines[end]):
        end += 1
    if end - at >= 10 or end == len(lines):
        return False
    head = [bare for line in lines[at:end] if (bare := line.lstrip(">＞| "))]
    if head and _attribution(head, 0, markers) == len(head):
        return True
    return any(_is_header_cluster(head, first, markers) for first in (0, 1)) and _field_role(head[-1], markers) != ""


def _is_header_cluster(lines: list[str], at: int, markers: Markers) -> bool:
    """`From: ... Sent: ... To: ... Subject: ...` of a quoted mail, within eight lines."""
    if at >= len(lines):
        return False
    return (_field_role(lines[at], markers) != "" and _has_fields(lines, at, markers)) or _looks_like_header(lines, at)


def _has_fields(lines: list[str], at: int, markers: Markers) -> bool:
    window = [line for line in lines[at : at + 9] if line][:8]
    roles = {role for line in window if (role := _field_role(line, markers))}
    return len(roles) >= 3 and "from" in roles and ("subject" in roles or any("@" in line for line in window))


def _looks_like_header(lines: list[str], at: int) -> bool:
    """Four fields in a row, one with an address and one with day and time: a head in a language not known here."""
    if (
        not _FIELD.match(lines[at])
        or len(lines) < at + 4
        or (at and lines[at - 1] and not _DASHES.match(lines[at - 1]))
    ):
        return False
    four = lines[at : at + 4]
    if not any("@" in line for line in four) or not all(map(_FIELD.match, four)):
        return False
    return any(_YEAR.search(line) and _CLOCK.search(line) for line in four)


def _field_role(line: str, markers: Markers) -> str:
    at = line.find(":", 0, MAX_FIELD)
    wide = line.find("：", 0, MAX_FIELD)
    at = wide if at < 0 or 0 <= wide < at else at
    return markers.fields.get(fold(line[:at].strip("*|_ \t")), "") if at > 0 else ""


def _without_trailing_rule(kept: list[str], markers: Markers) -> list[str]:
    while kept and (
        not kept[-1] or _RULE.fullmatch(kept[-1]) or fold(kept[-1].strip(_MARKS_AROUND)) in markers.originals
    ):
        kept.pop()
    return kept


def _before_signature(kept: list[str]) -> list[str]:
    """RFC 3676 section 4.3: what follows `-- ` is the signature; a long rule below text is taken for one."""
    for at, line in enumerate(kept):
        if line[:1] not in _MAY_OPEN_QUOTE:
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
