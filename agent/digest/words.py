"""The words of the digest, one file a language."""

from importlib.resources import files

import msgspec

FALLBACK = "en"


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a digest says in its own words."""

    subject: str
    alert_subject: str
    hello: str
    came: str
    suppressed: str
    waits: str
    reviews: str
    tickets: str
    broken: str
    alert: str
    blocked: str
    blocked_mend: str
    kinds: dict[str, str]


def words(language: str) -> Words:
    """Those of the operator's language; Chinese of any kind is served in simplified characters, else English."""
    first = language.partition("-")[0].lower()
    tag = {"zh": "zh-Hans", "ru": "ru"}.get(first, FALLBACK)
    text = files("agent").joinpath("data", "digest", f"{tag}.toml").read_bytes()
    return msgspec.toml.decode(text, type=Words)
