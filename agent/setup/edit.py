"""Changes single keys of a TOML file and leaves every other line as somebody wrote it.

Law: the changed text means what it meant before, but for the changes; where that cannot be had, nothing is changed.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import tomli

from agent.config.describe import SECRET_KEYS, toml

_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?\s*(#.*)?")
_COMMENT = re.compile(r"  # .*$")
LISTS = frozenset({"imap"})  # sections written [[imap]]: the first is meant


class EditError(ValueError):
    """The text is written in a way that single lines cannot be changed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One key to set, or with None to take out."""

    section: str
    key: str
    value: str | int | tuple[str, ...] | None

    @property
    def line(self) -> str:
        """As it stands in the file."""
        return f"{self.key} = {toml(self.value)}"


def edited(text: str, changes: Sequence[Change]) -> str:
    """The text with these keys set; EditError when that would change anything else."""
    wanted = tomli.loads(text)
    lines = text.splitlines()
    for change in changes:
        table = _table(wanted, change.section)
        if table.get(change.key) == _plain(change.value):
            continue
        if change.value is None:
            del table[change.key]
            _remove(lines, change)
        else:
            table[change.key] = _plain(change.value)
            _set(lines, change)
    result = "\n".join(lines).lstrip("\n") + "\n"
    try:
        same = tomli.loads(result) == wanted
    except tomli.TOMLDecodeError:
        same = False
    if not same:
        raise EditError("single lines cannot be changed in it")
    return result


def difference(old: str, new: str) -> Iterator[str]:
    """What goes (-) and what comes (+), with the line of its section; never a password."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1)
    for line in list(lines)[2:]:
        key = line[1:].partition("=")[0].strip(" #")
        yield f"{line[0]}{key} = ..." if key in SECRET_KEYS else line


def _set(lines: list[str], change: Change) -> None:
    start, end = _section(lines, change.section)
    commented = re.compile(rf"\s*(#\s*)?{re.escape(change.key)}\s*=")
    plain = re.compile(rf"\s*{re.escape(change.key)}\s*=")
    for pattern in (plain, commented):
        for number in range(start, end):
            if pattern.match(lines[number]):
                note = _COMMENT.search(lines[number])
                lines[number] = change.line + (note[0] if note else "")
                return
    while end > start and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, change.line)


def _remove(lines: list[str], change: Change) -> None:
    start, end = _section(lines, change.section)
    plain = re.compile(rf"\s*{re.escape(change.key)}\s*=")
    lines[start:end] = [line for line in lines[start:end] if not plain.match(line)]


def _section(lines: list[str], name: str) -> tuple[int, int]:
    """The first line below its header, and the end; a section that is not there is put last."""
    headers = [(number, match[1]) for number, line in enumerate(lines) if (match := _HEADER.fullmatch(line))]
    for place, (number, found) in enumerate(headers):
        if found == name:
            return number + 1, headers[place + 1][0] if place + 1 < len(headers) else len(lines)
    lines += [*([""] if lines and lines[-1].strip() else []), f"[[{name}]]" if name in LISTS else f"[{name}]"]
    return len(lines), len(lines)


def _table(tables: dict[str, object], name: str) -> dict[str, object]:
    if name in LISTS:
        entries = tables.setdefault(name, [{}])
        if isinstance(entries, list) and entries and isinstance(entries[0], dict):
            return entries[0]
    else:
        table = tables.setdefault(name, {})
        if isinstance(table, dict):
            return table
    raise EditError(f"{name} is not written as a section")


def _plain(value: str | int | tuple[str, ...] | None) -> object:
    return list(value) if isinstance(value, tuple) else value


def value_of(tables: Mapping[str, object], section: str, key: str) -> object:
    """A value as the file has it, or None."""
    table = tables.get(section)
    if isinstance(table, list):
        table = table[0] if table else None
    return table.get(key) if isinstance(table, dict) else None
