"""Whom a notice without a report names: listed addresses first, then those in its sentences, then the returned To."""

import re
from dataclasses import dataclass

from agent.classify.bounces.failure import MAX_RECIPIENTS, Failure
from agent.classify.bounces.notice import Notice
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail
from agent.model.report import RecipientReport

_ADDRESS = r"[^\s<>()\[\],;:\\\"@]{1,128}@[\w-]+(?:\.[\w-]+)+"
_ANY = re.compile(_ADDRESS)
_LISTED = re.compile(rf"[\s*•·>\-\"'<\[(]{{0,20}}(?:(?:smtp|mailto|rfc822)[:;]\s?)?<?({_ADDRESS})", re.IGNORECASE)
# Fields and commands whose address is the sender's, or no address at all.
_NOT_A_RECIPIENT = re.compile(
    r"\W{0,6}(?:(?:in|out):\s*)?(?:from|reply-to|sender|return-path|errors-to|message-id|mail\s?from|subject|cc|list-[a-z]+"
    r"|x-[\w-]+|received|in-reply-to|references|reporting-mta|date|sent|mime-version|content-type)\s?:",
    re.IGNORECASE,
)
_TO = re.compile(r"\W{0,6}to\s?:", re.IGNORECASE)
_RETURNED_TO = re.compile(r"^[ \t]{0,8}(?:to|x-envelope-to|for)[ \t]?:[^\n]*(?:\n[ \t]+\S[^\n]*)?", re.IGNORECASE | re.MULTILINE)
# "please contact <postmaster@...>": asked of us, not said of a recipient.
_CONTACT = re.compile(
    r"contact|assist|help|question|support|report|postmaster|administrator|send (?:e-?)?mail to|write to|mailto:[^>]*$"
    r"|e-?mail from|mail from|sender|from:?\s*<?$|from [^ ]+$",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"(?:postmaster|mailer-daemon|abuse|support|hostmaster|help|info-?desk)\Z", re.IGNORECASE)
_BARE = re.compile(r"[ \t]+([A-Za-z0-9][\w.-]{2,31})[ \t]*")
_BEFORE = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """An address and where what is said of it begins."""

    key: AddressKey
    line: int
    at: int


def failures_named(keys: tuple[AddressKey, ...], notice: Notice) -> tuple[Failure, ...]:
    """A failure for each of these addresses, with what the notice says below the first mention of it."""
    lines = notice.text.split("\n")
    mentions = [one for one in _listed(lines) or _mentioned(lines) if one.key in keys]
    known = _failures(mentions, lines, notice)
    silent = tuple(key for key in keys if key not in {one.key for one in mentions})
    whole = RecipientReport(diagnostic=notice.text)
    return (*known, *(Failure(address=key, report=whole, delayed=notice.delayed) for key in silent))


def failures_of(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """The failures a notice tells of."""
    lines = notice.text.split("\n")
    ours = {*mail.to, mail.sender}
    for find in (_listed, _mentioned):
        named = find(lines)
        strangers = [one for one in named if one.key not in ours]
        if strangers or (named and find is _listed):
            return _failures(strangers or named, lines, notice)
    keys = _returned_to(mail, notice, ours) or _bare(mail, lines)
    return tuple(
        Failure(address=key, report=RecipientReport(diagnostic=notice.text), delayed=notice.delayed) for key in keys
    )


def _listed(lines: list[str]) -> list[_Named]:
    """Addresses with which a line begins."""
    found = []
    for number, line in enumerate(lines):
        match = _LISTED.match(line)
        if match is None or (number and _CONTACT.search(lines[number - 1][-_BEFORE:]) and lines[number - 1][-1:] != ":"):
            continue
        key = parse_address(match[1].strip("'"))
        if key is not None and not _SERVICE.match(key.local):
            found.append(_Named(key=key, line=number, at=match.end()))
    return found


def _mentioned(lines: list[str]) -> list[_Named]:
    """Addresses anywhere, but those of senders and helpers."""
    found, to = [], []
    for number, line in enumerate(lines):
        if _NOT_A_RECIPIENT.match(line):
            continue
        for match in _ANY.finditer(line):
            before = (lines[number - 1] if number else "")[-_BEFORE:] + " " + line[: match.start()]
            key = parse_address(match[0].strip("'"))
            if key is None or _SERVICE.match(key.local) or _CONTACT.search(before[-_BEFORE:]):
                continue
            (to if _TO.match(line) else found).append(_Named(key=key, line=number, at=match.end()))
    return found or to


def _failures(named: list[_Named], lines: list[str], notice: Notice) -> tuple[Failure, ...]:
    first: dict[AddressKey, _Named] = {}
    for one in named:
        first.setdefault(one.key, one)
    ordered = list(first.values())[:MAX_RECIPIENTS]
    starts = [one.line for one in named]
    return tuple(
        Failure(
            address=one.key,
            report=RecipientReport(diagnostic=_said_of(one, lines, starts)),
            delayed=notice.delayed,
        )
        for one in ordered
    )


def _said_of(one: _Named, lines: list[str], starts: list[int]) -> str:
    """From the address to the next one, or to the end of the paragraph that follows."""
    stop = min((start for start in starts if start > one.line), default=len(lines))
    said = [lines[one.line]]
    for line in lines[one.line + 1 : stop]:
        if not line.strip() and len(said) > 1:
            break
        said.append(line)
    return "\n".join(said)


def _returned_to(mail: ParsedMail, notice: Notice, ours: set[AddressKey | None]) -> tuple[AddressKey, ...]:
    """The To of the returned mail, where it is one person and not ourselves."""
    values = mail.original.all("To") if mail.original else tuple(_RETURNED_TO.findall(notice.rest)[:1])
    keys = (parse_address(text) for value in values for text in _ANY.findall(value))
    people = tuple(dict.fromkeys(key for key in keys if key is not None and key not in ours))
    return people if len(people) == 1 else ()


def _bare(mail: ParsedMail, lines: list[str]) -> tuple[AddressKey, ...]:
    """AOL lists its own users without their domain."""
    if mail.sender is None:
        return ()
    for before, line in zip(lines, lines[1:], strict=False):
        match = _BARE.fullmatch(line)
        if match and before.rstrip().endswith(":"):
            key = parse_address(f"{match[1]}@{mail.sender.domain}")
            return (key,) if key else ()
    return ()
