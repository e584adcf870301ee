"""Which signatures of a mail could prove anything, and the DNS names of their keys; no signature is verified here.

The daemon asks the DNS for these names before the reader sees the mail. A look-up that cannot change the outcome is
never made: mail without a signature, mail whose provider has judged it, reports of delivery.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.mail.addresses import single_sender
from agent.mail.front import with_line_feeds
from agent.mail.headers import read_block
from agent.model.address import AddressKey
from agent.model.mail import Headers, RawMessage
from agent.model.settings import Settings
from agent.trust.doubts import doubts
from agent.trust.results import account_of, decided

MAX_SIGNATURES = 5
MAX_FIELDS = 50  # a hostile mail may carry hundreds
MAX_FIELD_CHARS = 8_192

_SIGNED = re.compile(rb"^dkim-signature[ \t]*:", re.IGNORECASE | re.MULTILINE)
# RFC 6376 section 3.1: sub-domains with a dot between; `_` occurs in selectors of the field.
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NO_REPORT_OF_DELIVERY = ("delivery-status", "disposition-notification")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One DKIM-Signature field: which one from the top, who says he signed, and where his key is."""

    place: int
    domain: str
    selector: str

    @property
    def key_name(self) -> str:
        """RFC 6376 section 3.6.2.1."""
        return f"{self.selector}._domainkey.{self.domain}"


def names_wanted(message: RawMessage, settings: Settings) -> tuple[str, ...]:
    """The key names to look up before this mail is read; as a rule none or one."""
    if not settings.dkim.verify or not _SIGNED.search(message.raw, 0, settings.limits.header_bytes):
        return ()
    block = read_block(with_line_feeds(message.raw), settings.limits)
    sender = single_sender(block.wire.all("From"))
    if sender is None or doubts(block.headers, message.raw) or _report_of_delivery(block.headers, message):
        return ()
    account = account_of(message, settings)
    if account and decided(block.headers.all("Authentication-Results"), account.authserv_id):
        return ()
    return tuple(dict.fromkeys(seal.key_name for seal in worth_checking(block.wire, sender)))


def worth_checking(headers: Headers, sender: AddressKey) -> tuple[Seal, ...]:
    """The first few signatures that could speak for the From address; in a feedback report, after them, any."""
    seals = read_seals(headers.all("DKIM-Signature"))
    near = [seal for seal in seals if _near(seal.domain, sender.domain)]
    if "feedback-report" in headers.first("Content-Type").lower():  # a reporter we know may sign beside the From
        near += [seal for seal in seals if seal not in near]
    return tuple(near[:MAX_SIGNATURES])


def read_seals(values: Sequence[str]) -> tuple[Seal, ...]:
    """Every signature that names a domain and a selector."""
    found = (_seal(place, value) for place, value in enumerate(values[:MAX_FIELDS]))
    return tuple(seal for seal in found if seal is not None)


def _seal(place: int, value: str) -> Seal | None:
    if len(value) > MAX_FIELD_CHARS:
        return None
    tags = {name.strip(): said.strip().lower() for name, _, said in (tag.partition("=") for tag in value.split(";"))}
    domain, selector = tags.get("d", ""), tags.get("s", "")
    if len(domain) + len(selector) > 240 or not (_NAME.fullmatch(domain) and _NAME.fullmatch(selector)):
        return None
    return Seal(place=place, domain=domain, selector=selector)


def _near(domain: str, other: str) -> bool:
    """Aligned domains (RFC 7489 section 3.1) share their last two labels; the exact question needs the list of public
    suffixes, which the daemon does not load.
    """
    return domain.split(".")[-2:] == other.split(".")[-2:]


def _report_of_delivery(headers: Headers, message: RawMessage) -> bool:
    """Policy asks whether a bounce is proven by a token, a relay or a signature of ours, never by its sender's."""
    kind = headers.first("Content-Type").lower()
    return not message.source.junk and any(word in kind for word in _NO_REPORT_OF_DELIVERY)
