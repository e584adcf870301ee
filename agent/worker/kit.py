"""Opens the kit a reader works with: the rule files of the package, checked, and the quote markers of each language."""

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from agent.mail.quotes import build_markers
from agent.model.dkim import KeyAnswer
from agent.model.settings import Settings
from agent.rules.catalog import RULE_FILES, RuleError, build
from agent.rules.ngrams import Ngrams, read_ngrams
from agent.rules.reply_words import REPLY_FILES, build_reply_words
from agent.trust.tokens import KeyRing
from agent.worker.read import ReadingKit

QUOTE_FILES = ("lang/*/quotes.toml",)
PACKAGE_NAMES = frozenset({"words.toml", "quotes.toml", "public_mail.toml", "reply_words.toml"})


def load_kit(
    settings: Settings | None = None, ring: KeyRing | None = None, own_keys: tuple[KeyAnswer, ...] = ()
) -> ReadingKit:
    """The kit for these settings; RuleError when a rule file of the package, or one of the operator's, is wrong."""
    extra = extra_texts(Path(settings.rules.extra)) if settings and settings.rules.extra else {}
    catalog, markers = build(data_texts(RULE_FILES) | extra), build_markers(data_texts(QUOTE_FILES))
    catalog = replace(catalog, reply_words=build_reply_words(data_texts(REPLY_FILES)), ngrams=shipped_ngrams())
    return ReadingKit(settings=settings, ring=ring, catalog=catalog, markers=markers, own_keys=own_keys)


def shipped_ngrams() -> Ngrams:
    """The language model of the package."""
    return read_ngrams((files("agent") / "data" / "model" / "intent.bin").read_bytes())


def data_texts(patterns: tuple[str, ...]) -> dict[str, str]:
    """The data files of the package that match, by their path below agent/data, for example `bounce/postfix.toml`."""
    return {
        path: file.read_text("utf-8")
        for path, file in _walk(files("agent") / "data", "")
        if any(fnmatchcase(path, pattern) for pattern in patterns)
    }


def extra_texts(place: Path) -> dict[str, str]:
    """An operator's rule file, or all of a directory, by their whole path; RuleError when one cannot be read."""
    try:
        paths = sorted(place.rglob("*.toml")) if place.is_dir() else [place]
        return {_own_name(path): path.read_text("utf-8") for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{place}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}") from error


def _own_name(path: Path) -> str:
    if path.name in PACKAGE_NAMES:
        raise RuleError(f"{path}: the package alone has a file of this name; call it otherwise")
    return path.as_posix()


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry
