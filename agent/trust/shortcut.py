"""The one request the daemon honours without the reader: mail to an address whose unsubscribe token verifies.

It reads the bounded header block alone. The body may hold more (a reason, a wish to be erased), so the reader sees
the mail afterwards; it can only add.
"""

from dataclasses import dataclass

from agent.mail.front import read_front
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail, Purpose, RawMessage, Token
from agent.model.settings import Limits
from agent.model.signal import Evidence, Manner, OptOut, Strength
from agent.trust.tokens import KeyRing, verify


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOptOut:
    """The opt-out, and what else the header block says."""

    signal: OptOut
    front: ParsedMail


def token_opt_out(message: RawMessage, limits: Limits, ring: KeyRing) -> TokenOptOut | None:
    """The opt-out a verified u token in a recipient address asks for; reports are left to the reader."""
    front = read_front(message, limits)
    token = _recipient_token(front, ring)
    address = front.sender or _stand_in(front)
    if token is None or address is None or front.content_type == "multipart/report":
        return None
    evidence = Evidence(
        rule="token:u", excerpt=" ".join(front.subject.split())[:200], strength=Strength.E3, token=token
    )
    answerable = not front.automatic and front.sender is not None
    signal = OptOut(address=address, evidence=evidence, answerable=answerable, manner=Manner.ADDRESS)
    return TokenOptOut(signal=signal, front=front)


def _recipient_token(front: ParsedMail, ring: KeyRing) -> Token | None:
    for text in front.tokens:
        if text.purpose is Purpose.UNSUBSCRIBE and text.place == "recipient":
            token = verify(ring, text)
            if token:
                return token
    return None


def _stand_in(front: ParsedMail) -> AddressKey | None:
    """For a mail without exactly one From: the token names the person, this only fills the place."""
    returned = parse_address(front.return_path) if front.return_path else None
    return returned or next(iter(front.to), None)
