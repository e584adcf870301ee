"""Words by which mail programs mark what the sender did not write, compiled from the TOML text of each language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec
import tomli

OPENING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Markers:
    """All languages together, case-folded; a mail's quote is often in another language than its text."""

    subject_prefixes: frozenset[str] = frozenset()  # "re", "aw", "fwd": before a Subject that is repeated
    attribution_ends: tuple[str, ...] = ()  # "wrote:", without the colon
    attribution_verbs: frozenset[str] = frozenset()  # "schrieb": before the name, as in "Am DATE schrieb NAME:"
    originals: frozenset[str] = frozenset()  # "original message", between dashes
    fields: Mapping[str, str] = field(default_factory=dict)  # "subject" -> "subject", "betreff" -> "subject"
    # Both by their first OPENING letters, for few lines begin like any of them.
    footers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # "sent from my", at the start of a line
    disclaimers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # "this e-mail and any attachments"


NO_MARKERS = Markers()


class _QuoteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    subject_prefixes: tuple[str, ...] = ()
    attribution_ends: tuple[str, ...] = ()
    attribution_verbs: tuple[str, ...] = ()
    originals: tuple[str, ...] = ()
    from_: tuple[str, ...] = msgspec.field(default=(), name="from")
    sent: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    footers: tuple[str, ...] = ()
    disclaimers: tuple[str, ...] = ()


def build_markers(texts: Mapping[str, str]) -> Markers:
    """One value from the texts of all `quotes.toml`, by path; ValueError names the file and the field."""
    files = [_read(path, text) for path, text in sorted(texts.items())]
    fields = {
        fold(word): role
        for file in files
        for role, words in (("from", file.from_), ("sent", file.sent), ("to", file.to), ("subject", file.subject))
        for word in words
    }
    return Markers(
        subject_prefixes=frozenset(_folded(word for file in files for word in file.subject_prefixes)),
        attribution_ends=_folded(word for file in files for word in file.attribution_ends),
        attribution_verbs=frozenset(_folded(word for file in files for word in file.attribution_verbs)),
        originals=frozenset(_folded(word for file in files for word in file.originals)),
        fields=fields,
        footers=_by_opening(word for file in files for word in file.footers),
        disclaimers=_by_opening(word for file in files for word in file.disclaimers),
    )


def fold(word: str) -> str:
    """The form markers and mail are compared in."""
    return " ".join(lowered(word.replace("’", "'")).split())


def lowered(text: str) -> str:
    """Without capitals; a Turkish capital I with its dot becomes a plain small one."""
    return text.lower() if text.isascii() else text.casefold().replace("i\u0307", "i")


def _read(path: str, text: str) -> _QuoteFile:
    try:
        file = msgspec.convert(tomli.loads(text), _QuoteFile)
    except (tomli.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: {error}") from error
    if any(not word.strip() for words in msgspec.structs.astuple(file) for word in words):
        raise ValueError(f"{path}: an empty marker would match every line")
    return file


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(word) for word in words))


def _by_opening(words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    held: dict[str, tuple[str, ...]] = {}
    for word in _folded(words):
        held[word[:OPENING]] = (*held.get(word[:OPENING], ()), word)
    return held
