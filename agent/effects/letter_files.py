"""The texts of the letters, read once at the start: one plain file each, checked before the first letter."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable

from agent.render.letters import check

SUFFIX = ".txt"


def read_letters(root: Traversable | None = None) -> Mapping[str, str]:
    """`lang/<tag>/letters/<stem>.txt` of the package (or of another folder) as `<tag>/<stem>` to text, checked."""
    texts: dict[str, str] = {}
    for language in (root or files("agent").joinpath("data", "lang")).iterdir():
        letters = language.joinpath("letters")
        for file in letters.iterdir() if letters.is_dir() else ():
            if file.name.endswith(SUFFIX):
                texts[f"{language.name}/{file.name.removesuffix(SUFFIX)}"] = file.read_text("utf-8")
    check(texts)
    return texts
