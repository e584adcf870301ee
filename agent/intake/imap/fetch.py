"""What a folder holds, by UID SEARCH and UID FETCH: bounded pages, bounded batches, never a sequence number."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from agent.intake.imap.connection import Connection
from agent.intake.imap.folders import Response

PAGE = 800  # mails whose sizes are asked for at once: whole batches; a line stays near 8192 octets (RFC 7162 section 4)
BATCH_MAILS = 400
BATCH_BYTES = 4_000_000
HEAD_BYTES = 262_144  # of a mail that is too large to be read whole

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")  # never the locale's
_MONTH = {name.lower().encode("ascii"): b"%02d" % number for number, name in enumerate(_MONTHS, 1)}
_FETCH = re.compile(rb"\d+ FETCH \(", re.I)
_UID = re.compile(rb"[( ]UID (\d{1,10})\b", re.I)
_SIZE = re.compile(rb"[( ]RFC822\.SIZE (\d{1,12})\b", re.I)
_GMAIL = re.compile(rb"[( ]X-GM-MSGID (\d{1,20})\b", re.I)
_WHEN = rb'INTERNALDATE "([ \d]\d)-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})"'
_DATE = re.compile(_WHEN, re.I)
# The items in the order in which they were asked for, as most servers answer: one look for each of very many mails.
_AS_ASKED = re.compile(
    rb"\d+ FETCH \(UID (\d{1,10}) RFC822\.SIZE (\d{1,12}) " + _WHEN + rb"(?: X-GM-MSGID (\d{1,20}))?\)", re.I
)
_QUOTED_BODY = re.compile(rb'BODY\[\](?:<\d+>)? "((?:[^"\\]|\\.)*)"', re.I)


class Listed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A mail as the server lists it; a struct, since a backlog makes very many."""

    uid: int
    size: int
    arrived_at: datetime | None  # INTERNALDATE
    gmail_id: str = ""


def uid_set(uids: Sequence[int]) -> str:
    """Ascending UIDs as a sequence set: `1:3,7`."""
    runs: list[list[int]] = []
    for uid in uids:
        if runs and uid == runs[-1][1] + 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in runs)


async def search(connection: Connection, since: datetime, above: int) -> tuple[int, ...]:
    """The UIDs that may be new, oldest first. SINCE knows only days, without a zone, so one day more is asked for."""
    day = since.astimezone(UTC) - timedelta(days=1)
    criteria = ["SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"]
    if above:
        criteria = ["UID", f"{above + 1}:*", *criteria]
    answer = await connection.demand("SEARCH", *criteria, uid=True)
    found = {
        int(word)
        for response in answer.responses
        if response[0].upper().startswith(b"SEARCH")
        for word in response[0].split()[1:]
        if word.isdigit() and len(word) <= 10
    }
    return tuple(sorted(uid for uid in found if uid > above))  # `n:*` always names the last mail too


async def sizes(connection: Connection, uids: Sequence[int]) -> tuple[Listed, ...]:
    """Size and arrival of each mail that is still there, oldest first."""
    items = "RFC822.SIZE INTERNALDATE" + (" X-GM-MSGID" if connection.has("X-GM-EXT-1") else "")
    answer = await connection.fetch(uid_set(uids), items)
    wanted, found = set(uids), {}
    for response in answer.responses:
        listed = _listed(response)
        if listed is not None and listed.uid in wanted:
            found[listed.uid] = listed
    return tuple(found[uid] for uid in sorted(found))


def batches(mails: Sequence[Listed], whole_bytes: int) -> Iterator[tuple[Listed, ...]]:
    """Groups to fetch in one command; a mail larger than `whole_bytes` stands alone."""
    group: list[Listed] = []
    held = 0
    for mail in mails:
        alone = mail.size > whole_bytes
        if group and (alone or len(group) >= BATCH_MAILS or held + mail.size > BATCH_BYTES):
            yield tuple(group)
            group, held = [], 0
        if alone:
            yield (mail,)
            continue
        group.append(mail)
        held += mail.size
    if group:
        yield tuple(group)


async def bodies(connection: Connection, group: Sequence[Listed], whole_bytes: int) -> dict[int, bytes]:
    """The bytes of each mail of a group that is still there. PEEK: whether a person has read it is not ours to say."""
    head = any(mail.size > whole_bytes for mail in group)
    item = f"BODY.PEEK[]<0.{HEAD_BYTES}>" if head else "BODY.PEEK[]"
    answer = await connection.fetch(uid_set([mail.uid for mail in group]), item)
    wanted = {mail.uid for mail in group}
    found = {}
    for response in answer.responses:
        uid, raw = _uid(response), _body(response)
        if uid in wanted and raw is not None:
            found[uid] = raw
    return found


async def heads(connection: Connection, uids: Sequence[int], *fields: str) -> dict[int, bytes]:
    """These header fields of each mail that is still there, as they stand in it."""
    answer = await connection.fetch(uid_set(uids), f"BODY.PEEK[HEADER.FIELDS ({' '.join(fields)})]")
    found = {}
    for response in answer.responses:
        uid = _uid(response)
        if uid is not None and len(response) > 1:
            found[uid] = response[1]
    return found


def _listed(response: Response) -> Listed | None:
    found = _AS_ASKED.fullmatch(response[0])
    if found:
        uid, size, *date, gmail = found.groups()
    elif _FETCH.match(response[0]):
        text = b" ".join(response[::2])
        uid, size, gmail = (one and one[1] for one in (form.search(text) for form in (_UID, _SIZE, _GMAIL)))
        date = list(match.groups()) if (match := _DATE.search(text)) else []
    else:
        return None
    if not uid or not size:
        return None
    return Listed(
        uid=int(uid),
        size=int(size),
        arrived_at=_arrival(*date) if date else None,
        gmail_id=gmail.decode("ascii") if gmail else "",
    )


def _uid(response: Response) -> int | None:
    """Out of the response's own text, never out of a literal: that is somebody's mail."""
    if not _FETCH.match(response[0]):
        return None
    found = _UID.search(response[0]) or _UID.search(b" ".join(response[2::2]))
    return int(found[1]) if found else None


def _body(response: Response) -> bytes | None:
    """The mail itself; None where it vanished meanwhile (NIL) or the answer is about flags only."""
    if len(response) > 1:
        return response[1]
    match = _QUOTED_BODY.search(response[0])
    return re.sub(rb"\\(.)", rb"\1", match[1]) if match else None


def _arrival(day: bytes, month: bytes, year: bytes, clock: bytes, zone: bytes) -> datetime | None:
    """INTERNALDATE (RFC 3501 section 2.3.3) as UTC; None when the server writes nonsense."""
    try:
        iso = b"%b-%b-%bT%b%b" % (year, _MONTH[month.lower()], day.replace(b" ", b"0"), clock, zone)
        return datetime.fromisoformat(iso.decode("ascii")).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None
