"""The texts to learn from: folders by language, sections `## kind [reason]`, a text a line, `\\n` for a line break."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What somebody wrote, and what he wanted: a kind as `classify --json` calls it, and his reason if he gives one."""

    words: str
    label: str
    language: str

    @property
    def kind(self) -> str:
        """The kind without the reason."""
        return self.label.partition(" ")[0]


def texts(folder: Path = FOLDER) -> tuple[Text, ...]:
    """All texts, in the order of their files; ValueError for a line before the first section."""
    return tuple(text for path in _files(folder) for text in _of_file(path))


def digest(folder: Path = FOLDER) -> str:
    """SHA-256 over all the files, so that a model can say what it learned from."""
    held = hashlib.sha256()
    for path in _files(folder):
        held.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return held.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.txt"))


def _of_file(path: Path) -> Iterator[Text]:
    label = ""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("## "):
            label = line.removeprefix("## ").strip()
        elif line.strip():
            if not label:
                raise ValueError(f"{path}: a text before the first section: {line[:60]}")
            yield Text(words=line.strip().replace("\\n", "\n"), label=label, language=path.parent.name)
