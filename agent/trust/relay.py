"""Own-relay evidence by IMAP: the mail was made inside our relay, and no line of its Received chain leads outside."""

import re
from ipaddress import ip_address

from agent.model.mail import ParsedMail

# RFC 5321 section 4.4: From-domain by By-domain [with protocol]; folding is gone already.
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_FROM = re.compile(r"^\s*from\s+(\S+)(?:\s+\(([^()]*)\))?", re.IGNORECASE)
_LOCAL = re.compile(r"\swith\s+(?:local|lmtpa?|lmtps?a?)\b", re.IGNORECASE)
_IP = re.compile(r"\[(?:IPv6:)?([0-9a-fA-F.:]+)\]")
MAX_HOPS = 30


def made_by(mail: ParsedMail, relays: tuple[str, ...]) -> bool:
    """Whether a null Return-Path and every Received line point at `relays`; no relays configured means no."""
    if not relays or mail.return_path != "":
        return False
    names = frozenset(name.lower().rstrip(".") for name in relays)
    hops = mail.headers.all("Received")
    return len(hops) <= MAX_HOPS and all(_inside(hop, names) for hop in hops)


def _inside(hop: str, names: frozenset[str]) -> bool:
    by = _BY.search(hop)
    return by is not None and by[1].lower().rstrip(".") in names and _came_from(hop, names)


def _came_from(hop: str, names: frozenset[str]) -> bool:
    """Whether the peer was one of us too. Where our relay is also our MX, every stranger's mail ends with a `by` of
    ours, so `by` alone proves nothing; and the HELO name is the stranger's to choose, so the verified name in the
    comment counts (RFC 5321 section 4.4, TCP-info).
    """
    sent = _FROM.match(hop)
    if sent is None or _LOCAL.search(hop):
        return True
    info = sent[2] or ""
    found = _IP.search(info)
    if found and _loopback(found[1]):
        return True
    return info.split(" ", 1)[0].lower().rstrip(".") in names


def _loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False
