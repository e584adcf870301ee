"""What a check says: one line, how bad it is, and what to do about it."""

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Level(Enum):
    """The word that stands before a line."""

    OK = "ok"
    WARNING = "warning"  # it works, but not for long or not as well as it could
    BROKEN = "broken"

    @property
    def rank(self) -> int:
        """The higher the worse."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor; `mend` says what to do, in the words of somebody who runs no mail servers."""

    about: str
    level: Level
    said: str
    mend: str = ""


Findings = tuple[Finding, ...]
Later = Coroutine[Any, Any, Findings]  # of a check that waits for the network


def ok(about: str, said: str, mend: str = "") -> Finding:
    """It works."""
    return Finding(about=about, level=Level.OK, said=said, mend=mend)


def warning(about: str, said: str, mend: str) -> Finding:
    """A person should look at it."""
    return Finding(about=about, level=Level.WARNING, said=said, mend=mend)


def broken(about: str, said: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(about=about, level=Level.BROKEN, said=said, mend=mend)


def worst(findings: Iterable[Finding]) -> Level:
    """The level of the worst line."""
    return max((finding.level for finding in findings), key=lambda level: level.rank, default=Level.OK)
