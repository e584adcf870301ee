"""From the bytes of one mail to its Reading: parse, weigh, classify. Pure: no clock, no network, no files."""

from dataclasses import dataclass

from agent.classify import classify, role_of
from agent.mail.parse import parse
from agent.mail.quotes import NO_MARKERS, Markers
from agent.mail.thread import references, written_at
from agent.model.dkim import KeyAnswer
from agent.model.mail import RawMessage
from agent.model.reading import Reading
from agent.model.settings import Limits, Settings
from agent.model.signal import kind_of
from agent.rules.catalog import Catalog
from agent.trust.assess import assess
from agent.trust.tokens import KeyRing

_LIMITS = Limits()  # without settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingKit:
    """What reading needs besides the mail; without settings and key ring no token and no role of ours is known."""

    settings: Settings | None
    ring: KeyRing | None
    catalog: Catalog
    markers: Markers = NO_MARKERS
    own_keys: tuple[KeyAnswer, ...] = ()  # those our own mail is signed with


def read(message: RawMessage, kit: ReadingKit, keys: tuple[KeyAnswer, ...] = ()) -> Reading:
    """All that one mail says, the weightiest signal first; `keys` are those of its signatures, looked up before."""
    settings = kit.settings
    mail = parse(message, settings.limits if settings else _LIMITS, kit.markers)
    proof = assess(mail, message, settings, kit.ring, keys, kit.own_keys)
    role = role_of(mail, message, settings.addresses if settings else None)
    signals = classify(mail, proof, role, kit.catalog)
    return Reading(
        kind=kind_of(signals[0]) if signals else "other",
        signals=signals,
        language=mail.language_hint,
        automatic=bool(mail.automatic),
        defects=mail.defects,
        content_key=mail.content_key,
        message_id=mail.message_id,
        sender=mail.sender,
        role=role,
        written_at=written_at(mail.headers),
        references=references(mail.headers),
    )
