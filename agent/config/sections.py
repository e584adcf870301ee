"""TOML tables to the sections of Settings, key by key, so that one wrong key hides no other."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar

import msgspec

from agent.config import describe
from agent.model.settings import ImapAccount, Settings

T = TypeVar("T")

SECTIONS: Mapping[str, type] = {
    name: hint for name, hint in describe.hints_of(Settings).items() if isinstance(hint, type)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """What could be converted. A section with a problem is missing, so that no message follows from another."""

    tables: Mapping[str, object]
    imap: tuple[ImapAccount, ...]

    def of(self, kind: type[T]) -> T | None:
        """One section by its type, or None when it has a problem of its own."""
        return next((section for section in self.tables.values() if isinstance(section, kind)), None)


def convert(tables: Mapping[str, object], problems: list[str]) -> Sections:
    """Convert every section apart; what is wrong is added to `problems`."""
    names = [field.name for field in fields(Settings)]
    for name, table in tables.items():
        if name in names:
            continue
        if isinstance(table, dict | list):
            problems.append(f"{name}: there is no such section; {_nearest(name, names, 'the sections are')}")
        else:
            problems.append(f"{name}: stands in no section; write it below the line of its own, such as [identity]")
    good: dict[str, object] = {}
    for name, kind in SECTIONS.items():
        section: object = _table(kind, name, tables.get(name, {}), problems)
        if section is not None:
            good[name] = section
    return Sections(tables=good, imap=_accounts(tables.get("imap", []), problems))


def _accounts(entries: object, problems: list[str]) -> tuple[ImapAccount, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        problems.append("imap: is not a list of accounts; write [[imap]], with two brackets, above each")
        return ()
    accounts = (_table(ImapAccount, _place(n, entry), entry, problems) for n, entry in enumerate(entries, start=1))
    return tuple(account for account in accounts if account is not None)


def _place(number: int, entry: Mapping[str, object]) -> str:
    name = entry.get("name")
    return f"imap.{name}" if isinstance(name, str) and name.isprintable() and name else f"imap[{number}]"


def _table(kind: type[T], place: str, table: object, problems: list[str]) -> T | None:
    if not isinstance(table, dict):
        problems.append(f"{place}: is not a section; write [{place}] on a line of its own and its keys below")
        return None
    before = len(problems)
    keys, hints = describe.keys_of(kind), describe.hints_of(kind)
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in keys:
            problems.append(f"{place}.{key}: there is no such key; {_nearest(key, list(keys), 'the keys are')}")
        elif (fault := _fault(value, hints[key])) is not None:
            problems.append(f"{place}.{key}: {describe.shown(key, value)} does not fit; write {fault}")
        else:
            values[key] = msgspec.convert(value, hints[key])
    for key, field in keys.items():
        if key not in table and describe.required(field):
            wanted = describe.toml(describe.EXAMPLES[key])
            problems.append(f"{place}.{key}: is missing; add {key} = {wanted} ({describe.why(hints[key])})")
    return kind(**values) if len(problems) == before else None


def _fault(value: object, hint: object) -> str | None:
    """What should have been written, or None when the value fits."""
    try:
        converted = msgspec.convert(value, hint)
    except msgspec.ValidationError:
        return describe.expected(hint)
    if isinstance(converted, datetime) and converted.tzinfo is None:
        return describe.expected(hint)
    return None


def _nearest(name: str, known: list[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"{otherwise} {', '.join(known)}"
