"""Whom a notice without a report names: listed addresses first, then those in its sentences, then the returned To."""

import re
from dataclasses import dataclass
from itertools import pairwise

from agent.classify.bounces.failure import MAX_RECIPIENTS, Failure
from agent.classify.bounces.notice import Notice
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail
from agent.model.report import RecipientReport

# What Chinese and Japanese notices write around an address.
_WIDE = r"\uff08\uff09\uff0c\uff1a\uff1b\uff1c\uff1e\u3001\u3002\u3010\u3011"
_ADDRESS = rf"(?!//)[^\s<>()\[\],;:\\\"@{_WIDE}]{{1,128}}@[\w-]+(?:\.[\w-]+)+"
_ANY = re.compile(rf"(?<![^\s<>()\[\],;:\\\"@{_WIDE}]){_ADDRESS}")  # a web address may hold an "@"
_LISTED = re.compile(rf"[\s*•·>\-\"'<\[(]{{0,20}}(?:(?:smtp|mailto|rfc822)[:;]\s?)?<?({_ADDRESS})", re.IGNORECASE)
# Fields and commands whose address is the sender's, or no address at all.
_NOT_A_RECIPIENT = re.compile(
    r"\W{0,6}(?:(?:in|out):\s*)?(?:from|reply-to|sender|return-path|errors-to|message-id|mail\s?from|subject|cc|list-[a-z]+"
    r"|x-[\w-]+|received|in-reply-to|references|reporting-mta|date|sent|mime-version|content-type)\s?:",
    re.IGNORECASE,
)
_TO = re.compile(r"\W{0,6}to\s?:", re.IGNORECASE)
_RETURNED_TO = re.compile(
    r"^[ \t]{0,8}(?:to|x-envelope-to|rcpt to)[ \t]?:[^\n]*(?:\n[ \t]+(?![\w-]+[ \t]?:)\S[^\n]*)?",
    re.IGNORECASE | re.MULTILINE,
)
# "please contact <postmaster@...>": asked of us, not said of a recipient.
_CONTACT = re.compile(
    r"contact|assist|help|question|support|report|postmaster|administrator|send (?:e-?)?mail to|write to|mailto:[^>]*$"
    r"|e-?mail from|mail from|sender|message-?id:?\W*$|(?<!generated )(?<!expanded )\bfrom:?\s*<?$",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"(?:postmaster|mailer-daemon|abuse|support|hostmaster|help|info-?desk)\Z", re.IGNORECASE)
_AFTER_CODE = re.compile(r"[245]\d\d-")  # `550-ana@buyer.example is unknown`
_BARE = re.compile(r"[ \t]+([A-Za-z0-9][\w.-]{2,31})[ \t]*")
_BEFORE = 90
_TELLING = 8  # fewer characters beside an address explain nothing
_SAID = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """An address and where what is said of it begins."""

    key: AddressKey
    line: int
    at: int
    listed: bool


def failures_named(keys: tuple[AddressKey, ...], notice: Notice) -> tuple[Failure, ...]:
    """A failure for each of these addresses, with what the notice says below the first mention of it."""
    lines = notice.text.split("\n")
    mentions = [one for one in _listed(lines) or _mentioned(lines) if one.key in keys]
    known = _failures(mentions, lines, notice)
    silent = tuple(key for key in keys if key not in {one.key for one in mentions})
    whole = RecipientReport(diagnostic=notice.text)
    return (*known, *(Failure(address=key, report=whole, delayed=notice.delayed) for key in silent))


def from_notice(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """The failures a notice tells of: listed before mentioned, strangers before ourselves."""
    lines = notice.text.split("\n")
    ours = {*mail.to, mail.sender}
    listed = _listed(lines)
    strangers = [one for one in listed if one.key not in ours] or [
        one for one in _mentioned(lines) if one.key not in ours
    ]
    return _failures(strangers or listed, lines, notice)


def from_ourselves(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """A notice that names nobody else: we wrote to ourselves."""
    lines = notice.text.split("\n")
    return _failures(_mentioned(lines), lines, notice)


def from_returned(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """A notice that names nobody means the one recipient of the returned mail, or a user of its own domain."""
    keys = _returned_to(mail, notice) or _bare(mail, notice.text.split("\n"))
    said = RecipientReport(diagnostic=notice.text)
    return tuple(Failure(address=key, report=said, delayed=notice.delayed) for key in keys)


def _stops(key: AddressKey, named: list[_Named]) -> list[int]:
    """The lines of the other addresses: a wrapped line may begin with the same one again."""
    return [other.line for other in named if other.key != key]


def said_of(key: AddressKey, text: str) -> str:
    """What a notice says below the first mention of an address; all of it where it does not name it."""
    lines = text.split("\n")
    named = _listed(lines)
    one = next((one for one in named if one.key == key), None)
    if one is None:
        return text
    said = _said_of(one, lines, _stops(key, named))
    return said if len(said) >= _TELLING else text


def _listed(lines: list[str]) -> list[_Named]:
    """Addresses with which a line begins."""
    found = []
    for number, line in enumerate(lines):
        match = _LISTED.match(line) if "@" in line else None
        if match is None or _of_somebody_else(lines[max(0, number - 2) : number]):
            continue
        key = parse_address(match[1].strip("'"))
        if key is not None and not _SERVICE.match(key.local):
            found.append(_Named(key=key, line=number, at=match.end(), listed=True))
    return found


def _of_somebody_else(before: list[str]) -> bool:
    """Whether the lines before an address lead to a helper or to the sender, not to a list of recipients."""
    nearest = before[-1].rstrip() if before else ""
    if nearest:
        return bool(_CONTACT.search(nearest[-_BEFORE:])) and not nearest.endswith(":")
    return any(line.rstrip().lower().endswith("sent by") for line in before)


def _mentioned(lines: list[str]) -> list[_Named]:
    """Addresses anywhere, but those of senders and helpers."""
    found: list[_Named] = []
    to: list[_Named] = []
    for number, line in enumerate(lines):
        if "@" not in line or _NOT_A_RECIPIENT.match(line):
            continue
        for match in _ANY.finditer(line):
            before = (lines[number - 1] if number else "")[-_BEFORE:] + " " + line[: match.start()]
            key = parse_address(_AFTER_CODE.sub("", match[0].strip("'")))
            if key is None or _SERVICE.match(key.local) or _CONTACT.search(before[-_BEFORE:]):
                continue
            (to if _TO.match(line) else found).append(_Named(key=key, line=number, at=match.end(), listed=False))
    return found or to


def _failures(named: list[_Named], lines: list[str], notice: Notice) -> tuple[Failure, ...]:
    first: dict[AddressKey, _Named] = {}
    for one in named:
        first.setdefault(one.key, one)
    ordered = list(first.values())[:MAX_RECIPIENTS]
    return tuple(
        Failure(
            address=one.key,
            report=RecipientReport(diagnostic=_said_of(one, lines, _stops(one.key, named))),
            delayed=notice.delayed,
        )
        for one in ordered
    )


def _said_of(one: _Named, lines: list[str], stops: list[int]) -> str:
    """From a listed address to the next one. Inside a sentence or a transcript the reason may stand just before it."""
    stop = min((number for number in stops if number > one.line), default=len(lines))
    if one.listed:
        rest = lines[one.line][one.at :].lstrip(">'\")]: ")
        return "\n".join((rest, *lines[one.line + 1 : stop])).strip()[:_SAID]
    start = max((number + 1 for number in stops if number < one.line), default=0)
    told = len(lines[one.line]) - one.at >= _TELLING
    return "\n".join(lines[max(start, one.line - 2) : one.line + 1 if told else stop])[:_SAID]


def _returned_to(mail: ParsedMail, notice: Notice) -> tuple[AddressKey, ...]:
    """The To of the returned mail, where it is one person and not ourselves."""
    ours = {*mail.to, mail.sender}
    stated = mail.original.all("To") if mail.original else ()
    values = stated or tuple(_RETURNED_TO.findall(notice.rest)[:1])
    keys = (parse_address(text) for value in values for text in _ANY.findall(value))
    people = tuple(dict.fromkeys(key for key in keys if key is not None and key not in ours))
    return people if len(people) == 1 else ()


def _bare(mail: ParsedMail, lines: list[str]) -> tuple[AddressKey, ...]:
    """AOL lists its own users without their domain."""
    if mail.sender is None:
        return ()
    for before, line in pairwise(lines):
        match = _BARE.fullmatch(line)
        if match and before.rstrip().endswith(":"):
            key = parse_address(f"{match[1]}@{mail.sender.domain}")
            return (key,) if key else ()
    return ()
