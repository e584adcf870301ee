"""Token-shaped text in the places where our tokens can stand; nothing is proven here, `trust` checks the MAC.

A token is `<purpose><key id><13 id><16 mac>`, base32 in any case. BATV (`prvs=`), SRS0, SRS1, `+detail` and quotes
around it leave it whole, since each sets it off by something that is neither letter nor digit.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from agent.mail.encoded import decode_words
from agent.model.address import fold_domain
from agent.model.mail import Headers, Purpose, TokenText

RECIPIENT_FIELDS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
MAX_TOKENS = 32
MAX_FIELD = 8_000

# What stands before is looked at behind the first letter, which is written out: so the pattern is searched faster.
_TOKEN = re.compile(r"([burfcBURFC])(?i:(?<![a-z0-9].)([a-z0-9])([a-z2-7]{13})([a-z2-7]{16})(?![a-z0-9]))")
_DOMAIN_AFTER = re.compile(r"[^@\s<>,;]{0,90}@([\w.-]{1,255})")
# SRS0=hash=time=domain=local and SRS1=hash=forwarder==hash=time=domain=local: the first hop's domain is ours.
_SRS_BEFORE = re.compile(r"SRS(?:0|1[=+-][^=@\s]+=[^=@\s]+=)[=+-][^=@\s]+=[^=@\s]+=([\w.-]+)=[^@\s]*\Z", re.IGNORECASE)
_XTEXT = re.compile(r"\+([0-9A-Fa-f]{2})")  # RFC 3461 section 4
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})")

# The place fixes the purpose: a token that leaked from one place proves nothing in another.
_FITTING = {
    "recipient": frozenset(Purpose),
    "return-path": frozenset({Purpose.BOUNCE}),
    "envelope-id": frozenset({Purpose.BOUNCE, Purpose.FEEDBACK}),
    # A mailto URI repeats its token in the Subject; the links of our letters carry theirs there alone.
    "subject": frozenset({Purpose.CONFIRM, Purpose.UNSUBSCRIBE, Purpose.REPLY}),
    "list-unsubscribe": frozenset({Purpose.UNSUBSCRIBE}),
    "message-id": frozenset({Purpose.FEEDBACK, Purpose.REPLY}),
    "references": frozenset({Purpose.FEEDBACK, Purpose.REPLY}),
    "feedback-id": frozenset({Purpose.FEEDBACK}),
}
_HEADER_PLACES = (
    ("list-unsubscribe", "list-unsubscribe"),
    ("message-id", "message-id"),
    ("in-reply-to", "references"),
    ("references", "references"),
    ("cfbl-feedback-id", "feedback-id"),
    ("feedback-id", "feedback-id"),
)
_Place = tuple[str, str]  # the place and the text that stood there


def find_tokens(
    wire: Headers,
    envelope_to: tuple[str, ...] = (),
    return_path: str | None = None,
    envelope_ids: tuple[str, ...] = (),
    return_paths: tuple[str, ...] = (),
    original: Headers | None = None,
) -> tuple[TokenText, ...]:
    """Tokens whose purpose fits their place, each once; those without a domain are given those of the recipients.

    `envelope_ids` and `return_paths` come from a report (Original-Envelope-Id, Original-Mail-From).
    """
    values = wire.by_name
    recipients = recipients_in(values, envelope_to)
    places = [("recipient", text) for text in recipients]
    places += [("return-path", text) for text in (return_path, *return_paths) if text]
    places += [("envelope-id", xtext(text)) for text in envelope_ids if text]
    places += [("subject", decode_words(text)) for text in values.get("subject", ())]
    places += _header_places(values)
    if original is not None:
        # Recipients and Subject of the original are left out: a returned START letter would confirm itself.
        returned = original.by_name
        places += [("return-path", text) for text in returned.get("return-path", ())]
        places += _header_places(returned)
    return _collect(places, recipients)


def recipients_in(values: Mapping[str, list[str]], envelope_to: tuple[str, ...]) -> tuple[str, ...]:
    """What stands where the recipients of a mail are named, its envelope first."""
    return envelope_to + tuple([text for name in RECIPIENT_FIELDS if name in values for text in values[name]])


def xtext(text: str) -> str:
    """RFC 3461 section 4: `+2B` is a plus."""
    return _XTEXT.sub(_character, text) if "+" in text else text


def _header_places(values: Mapping[str, list[str]]) -> list[_Place]:
    return [
        (place, _plain(place, text[:MAX_FIELD]))
        for name, place in _HEADER_PLACES
        if name in values
        for text in values[name]
    ]


def _plain(place: str, text: str) -> str:
    """Without the escapes of a URI; RFC 9477 section 3.3 lets blanks be anywhere in a feedback id."""
    if place == "feedback-id":
        return "".join(text.split())
    return _PERCENT.sub(_character, text) if "%" in text else text


def _collect(places: list[_Place], recipients: tuple[str, ...]) -> tuple[TokenText, ...]:
    if not _TOKEN.search("\n".join([text[:MAX_FIELD] for _, text in places])):  # nearly every mail holds none
        return ()
    found: dict[TokenText, None] = {}
    nearby: tuple[str, ...] | None = None
    for place, text in places:
        for match, domain in _matches(text[:MAX_FIELD]):
            purpose = Purpose(match[1].lower())
            if purpose not in _FITTING[place]:
                continue
            if not domain and nearby is None:
                nearby = _domains(recipients)
            for name in (domain,) if domain else (nearby or ("",)):
                found.setdefault(_token(match, purpose, name, place))
            if len(found) >= MAX_TOKENS:
                return tuple(found)
    return tuple(found)


def _matches(text: str) -> Iterator[tuple[re.Match[str], str]]:
    for match in _TOKEN.finditer(text):
        srs = _SRS_BEFORE.search(text, max(0, match.start() - 300), match.start())
        after = _DOMAIN_AFTER.match(text, match.end())
        domain = srs[1] if srs else after[1] if after else ""
        yield match, fold_domain(domain) or "" if domain else ""


def _token(match: re.Match[str], purpose: Purpose, domain: str, place: str) -> TokenText:
    key_id, token_id, mac = (part.lower() for part in match.group(2, 3, 4))
    return TokenText(purpose=purpose, key_id=key_id, id=token_id, mac=mac, domain=domain, place=place)


def _domains(recipients: Iterable[str]) -> tuple[str, ...]:
    """Up to three domains of the recipients, for tokens that stand without one."""
    found: dict[str, None] = {}
    for text in recipients:
        for match in re.finditer(r"@([\w.-]{1,255})", text[:MAX_FIELD]):
            domain = fold_domain(match[1])
            if domain:
                found.setdefault(domain)
            if len(found) >= 3:
                return tuple(found)
    return tuple(found)


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if 32 <= code < 127 else " "
