"""The texts of letters: which one is taken, and what every one must hold; the files are read by whoever calls.

`texts` maps `<language tag>/<file stem>` to the text of `agent/data/lang/<tag>/letters/<stem>.txt`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.model.plan import LetterKind, Tone
from agent.render.placeholders import NAMES, NUMBERS, used

START_WORD = "start_word"  # the file with that language's word for START
PAUSE_WORD = "pause_word"
LESS_WORD = "less_word"
WORDS = (START_WORD, PAUSE_WORD, LESS_WORD)
FALLBACK = "en"

_ALWAYS = frozenset({"company", "postal_address", "contact"})
_NEEDED = {
    LetterKind.OPT_OUT: {"address", *WORDS, *NUMBERS},
    LetterKind.OPT_OUT_UNVERIFIED: {"address", *WORDS, *NUMBERS},
    LetterKind.TOPIC: {"address", "list", "start_word"},
    LetterKind.PAUSE: {"address", "until", "start_word"},
    LetterKind.FREQUENCY: {"address"},
    LetterKind.START_CONFIRM: {"address", "confirm_link", "confirm_address", "confirm_subject"},
    LetterKind.RESUBSCRIBED: {"address"},
    LetterKind.ERASE_RECEIPT: {"address"},
    LetterKind.ACCESS_RECEIPT: {"address"},
}


class LetterError(ValueError):
    """A text that cannot be sent; names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterText:
    """One template, the language it is in, and that language's words to answer with."""

    language: str
    template: str
    start_word: str
    pause_word: str
    less_word: str


def choose(
    texts: Mapping[str, str], kind: LetterKind, language: str, own_language: str, tone: Tone = Tone.PLAIN
) -> LetterText:
    """The text for a person: his language, one of the same base, our own language, then English. A tone without a
    text of its own in that language speaks as plainly as everybody's.
    """
    tags = {name.partition("/")[0] for name in texts if name.endswith(f"/{kind.value}")}
    for tag in _wishes(tags, language, own_language):
        template = texts.get(f"{tag}/{kind.value}.{tone.value}") or texts[f"{tag}/{kind.value}"]
        words = {word: texts.get(f"{tag}/{word}", "").strip() for word in WORDS}
        if all(words.values()):
            return LetterText(language=tag, template=template, **words)
    raise LetterError(f"{FALLBACK}/{kind.value}: there is no such letter")


def _wishes(tags: set[str], language: str, own_language: str) -> Iterator[str]:
    """Tags we have, the best first. Tags are compared without case (RFC 5646 section 2.1.1)."""
    for wish in (language, own_language, FALLBACK):
        folded = wish.casefold().replace("_", "-")
        base = folded.partition("-")[0]
        near = sorted(tag for tag in tags if tag.casefold().partition("-")[0] == base)
        yield from sorted(near, key=lambda tag: (tag.casefold() != folded, tag.casefold() != base))


def check(texts: Mapping[str, str]) -> None:
    """Raise LetterError, naming the file, when a text or placeholder is missing, or a placeholder is unknown."""
    for tag in sorted({name.partition("/")[0] for name in texts} | {FALLBACK}):
        for word in WORDS:
            if not texts.get(f"{tag}/{word}", "").strip():
                raise LetterError(f"{tag}/{word}: the word for {word.partition('_')[0].upper()} is missing")
        for kind in LetterKind:
            name = f"{tag}/{kind.value}"
            if name not in texts:
                raise LetterError(f"{name}: the letter is missing")
            for variant in (name, *(f"{name}.{tone.value}" for tone in Tone)):
                if variant in texts:
                    _check_one(variant, kind, texts[variant])


def _check_one(name: str, kind: LetterKind, template: str) -> None:
    head, blank, body = template.partition("\n\n")
    if not head.startswith("Subject: ") or "\n" in head or not blank or not body.strip():
        raise LetterError(f"{name}: it must begin with one line `Subject: ...` and an empty line")
    names = used(template)
    if names - NAMES:
        raise LetterError(f"{name}: unknown placeholder {', '.join(sorted(names - NAMES))}")
    missing = (_ALWAYS | _NEEDED[kind]) - used(body)
    if missing:
        raise LetterError(f"{name}: placeholder {', '.join(sorted(missing))} is missing")
