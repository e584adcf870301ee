"""Where quoted mail begins: attribution lines, heads of fields, the lines of programs that forward, in any language."""

import re

from agent.mail.quotes import Markers, fold

MAX_ATTRIBUTION_LINES = 4
MAX_FIELD = 40  # letters before the colon of a field, like "Subject:"
MAX_ATTRIBUTION = 400
QUOTED = re.compile(r"(?:>|＞|\|(?!.*\|)(?=\s))")
MAY_OPEN_QUOTE = frozenset(">＞|-‐_—–=*~")
MARKS_AROUND = "-‐_—–=*~ \t:：>"

_DASHES = re.compile(r"\s*[-‐_—–=*~]{2,}")
_TIME = re.compile(
    r"\d{1,2}\s?[:.hH時时시]\s?\d{2}|(?:19|20)\d\d|[\d٠-٩۰-۹]{1,2}[./-][\d٠-٩۰-۹]{1,2}[./-][\d٠-٩۰-۹]{2,4}"
)
_YEAR = re.compile(r"(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}[./-]\d\d")
_CLOCK = re.compile(r"\d{1,2}\s?[:.hH]\s?\d\d")
_FIELD = re.compile(r"[^\W\d][^:：@\d]{1,24}[:：]\s*\S")  # "Sendt: mandag ...", in whatever language
_COLONS = (":", "：")
_DIGIT = re.compile(r"\d")
_WRAPPED = 60  # mail programs wrap near column 75: a shorter line ended because its writer ended it


def quoted_body(lines: list[str], at: int) -> int:
    """Where the marked lines begin that follow the bare head of a quoted mail, so that an answer may stand below them;
    the end where what follows the head is bare too.
    """
    for number in range(at + 1, min(at + 10, len(lines))):
        if QUOTED.match(lines[number]):
            return number
        if lines[number] and ":" not in lines[number][:MAX_FIELD]:
            break
    return len(lines)


def before_colons(lines: list[str]) -> frozenset[int]:
    """The lines that may begin an attribution, which ends with a colon."""
    ends = (at for at, line in enumerate(lines) if line.endswith(_COLONS))
    return frozenset(end - before for end in ends for before in range(MAX_ATTRIBUTION_LINES))


def is_plain(line: str) -> bool:
    """Whether a line has no mark that a quote or the head of a quoted mail begins with; of most lines that is all."""
    start = line[:MAX_FIELD]
    return line[:1] not in MAY_OPEN_QUOTE and ":" not in start and "：" not in start


def attribution(lines: list[str], at: int, markers: Markers) -> int:
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
    return next_is_quoted(lines, at) or not any(lines[at : at + 2])


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


def next_is_quoted(lines: list[str], at: int) -> bool:
    """A quoted line comes next, perhaps behind an empty one."""
    following = next((line for line in lines[at : at + 2] if line), "")
    return bool(QUOTED.match(following))


def starts_original(line: str, markers: Markers) -> bool:
    """`-----Original Message-----`, `Begin forwarded message:`, `---- On DATE NAME <ADDRESS> wrote ----`."""
    if not line or len(line) > 200:
        return False
    if _DASHES.match(line) or line.endswith(_COLONS):
        inner = line.strip(MARKS_AROUND)
        return fold(inner) in markers.originals or ("@" in inner and _ends_with_verb(inner, markers))
    return False


def is_quoted_head(lines: list[str], at: int, markers: Markers) -> bool:
    """Marks before the head of a quoted mail only: `> Message of DATE`, `> From: ...`, and then its text bare."""
    end = at
    while end < len(lines) and end - at < 10 and (QUOTED.match(lines[end]) or not lines[end]):
        end += 1
    if end - at >= 10 or end == len(lines):
        return False
    head = [bare for line in lines[at:end] if (bare := line.lstrip(">＞| "))]
    if head and attribution(head, 0, markers) == len(head):
        return True
    return any(is_header_cluster(head, first, markers) for first in (0, 1)) and _field_role(head[-1], markers) != ""


def is_header_cluster(lines: list[str], at: int, markers: Markers) -> bool:
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
