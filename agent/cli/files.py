"""Files that a command writes or reads at length: they appear only when whole, and a bar shows how far it is."""

import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from agent.cli.books import Mistake


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only when it is whole: what was stopped leaves no half list to be mailed."""
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as opened_file:
            yield opened_file
        unfinished.replace(path)
    except OSError as wrong:
        raise Mistake(f"{path}: cannot be written by {_user()}: {wrong.strerror}") from None
    finally:
        with suppress(OSError):  # where it could not be made it cannot be removed either
            unfinished.unlink()


def _user() -> str:
    """Who we are by now: started as root, a command works as the owner of the store."""
    try:
        return f"the user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"the user {os.geteuid()}"


def not_itself(source: Path, *targets: Path | None) -> None:
    """A list is never written over the list it is read from."""
    for target in filter(None, targets):
        if target.exists() and source.exists() and target.samefile(source):
            raise Mistake(f"{target} is the list itself; name another file")


@contextmanager
def bar(words: str, total: int) -> Iterator[Callable[[int], object]]:
    """A bar on a terminal, told by how much it moves on; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # only drawn where somebody looks
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as drawn:
        task = drawn.add_task(words, total=total)
        yield lambda more: drawn.advance(task, more)
        drawn.update(task, completed=total)
