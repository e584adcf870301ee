"""Own-relay evidence: the mail was made inside our relay, and no line of its Received chain leads outside.

Where our relay is also our MX, every stranger's mail ends with a `by` of ours and comes from our own address. So the
oldest line must say that the mail began there, and every later one that it only moved between our own hosts.
"""

import re
from ipaddress import ip_address, ip_network

from agent.model.mail import ParsedMail

# RFC 5321 section 4.4: From-domain by By-domain [with protocol]; folding is gone already.
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_FROM = re.compile(r"^\s*from\s+(\S+)(?:\s+\(([^()]*)\))?", re.IGNORECASE)
_LOCAL = re.compile(r"\swith\s+(?:local|lmtpa?|lmtps?a?)\b", re.IGNORECASE)
_IP = re.compile(r"\[(?:IPv6:)?([0-9a-fA-F.:]+)\]")
# A mail that a program or a person of the machine gave to Postfix says whose it was.
_SUBMITTED = re.compile(r"\bfrom userid\b", re.IGNORECASE)
# Under these names Exim writes its own reports; under any other, a user of the machine wrote.
_EXIM = frozenset({"mailnull", "mail", "exim", "exim4", "debian-exim"})
MAX_HOPS = 30


def made_by(mail: ParsedMail, relays: tuple[str, ...]) -> bool:
    """Whether a null Return-Path and every Received line point at `relays`; no relays configured means no."""
    hops = mail.headers.all("Received")
    return bool(relays) and mail.return_path == "" and (not hops or _all_inside(hops, relays))


def handed_over_by(peer: str, mail: ParsedMail, relays: tuple[str, ...]) -> bool:
    """The same by SMTP. The peer must be one of the addresses among `relays`, and at least one Received line must
    say where the mail began: a relay that takes them all off makes strangers' mail look like its own.
    """
    hops = mail.headers.all("Received")
    return _among(peer, relays) and mail.return_path == "" and bool(hops) and _all_inside(hops, relays)


def is_network(text: str) -> bool:
    """Whether an entry of `trusted_relays` is an address or a network, not a host name."""
    try:
        ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return False
    return True


def _among(peer: str, relays: tuple[str, ...]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    return any(address in ip_network(text.strip("[]"), strict=False) for text in relays if is_network(text))


def _all_inside(hops: tuple[str, ...], relays: tuple[str, ...]) -> bool:
    names = frozenset(name.lower().rstrip(".") for name in relays if not is_network(name))
    return len(hops) <= MAX_HOPS and all(_inside(hop, names) for hop in hops) and _began_here(hops[-1])


def _began_here(hop: str) -> bool:
    """Whether the relay wrote this mail itself: taken from nobody, or from its own mailer."""
    sent = _FROM.match(hop)
    if sent is None:
        return not _SUBMITTED.search(hop)
    return _LOCAL.search(hop) is not None and sent[1].lower() in _EXIM


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
