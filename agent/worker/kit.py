"""Opens the kit a reader works with: the rule files of the package, checked, and the quote markers of each language."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.resources import files
from importlib.resources.abc import Traversable

from agent.mail.quotes import build_markers
from agent.model.settings import Settings
from agent.rules.catalog import RULE_FILES, build
from agent.trust.tokens import KeyRing
from agent.worker.read import ReadingKit

QUOTE_FILES = ("lang/*/quotes.toml",)


def load_kit(settings: Settings | None = None, ring: KeyRing | None = None) -> ReadingKit:
    """The kit for these settings; RuleError when a rule file of the package is wrong."""
    catalog, markers = build(data_texts(RULE_FILES)), build_markers(data_texts(QUOTE_FILES))
    return ReadingKit(settings=settings, ring=ring, catalog=catalog, markers=markers)


def data_texts(patterns: tuple[str, ...]) -> dict[str, str]:
    """The data files of the package that match, by their path below agent/data, for example `bounce/postfix.toml`."""
    return {
        path: file.read_text("utf-8")
        for path, file in _walk(files("agent") / "data", "")
        if any(fnmatchcase(path, pattern) for pattern in patterns)
    }


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry
