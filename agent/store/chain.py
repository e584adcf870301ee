"""The hash chain over the events: a byte that changes, an event that goes or comes in between, is found.

Each link is SHA-256 over the link before it, the fields that stay for good, and a commitment to those that an erasure
takes away. The commitment is salted, and the salt goes with the person: the chain then still holds, and says nothing.
What no chain in a file can show is that all of it was made anew: for that, keep its last link somewhere else.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw
import msgspec

if TYPE_CHECKING:
    from agent.store.db import Db  # it binds the events of old stores when it opens them

# The column order of chain_all: what stays, what an erasure takes.
STAYS = ("id", "at", "inbox_id", "kind", "strength", "has_token", "weak", "hard", "letter", "rule", "row", "by",
         "content_key", "batch")  # fmt: skip
GOES = ("key", "domain", "excerpt", "reason", "before", "after", "alert", "about", "signal")
_FIRST = bytes(32)
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last link: how many events there are, the number of the last one, and the hash that binds them all."""

    events: int
    last: int
    hash: str


def append(db: "Db", event: Mapping[str, object], keys: Collection[str]) -> None:
    """Binds an event to the one before it, in the transaction that adds it; `event` holds its columns."""
    _bind(db, [event[name] for name in STAYS], [*(event[name] for name in GOES), _keys(keys)])


def begin(db: "Db") -> None:
    """Binds the events of a store from before there was a chain."""
    for row in db.sql.chain_all():
        _bind(db, row[: len(STAYS)], row[len(STAYS) : -4])


def redact(db: "Db", hashed: str) -> None:
    """After a person was erased: his events forget the salt, and what was put in place is committed to instead."""
    for event_id, *remains in tuple(db.sql.chain_of_person(key=hashed)):
        db.sql.chain_redact(event_id=event_id, remains=_digest(b"", remains))


def head(db: "Db") -> Head:
    """Where the chain ends now."""
    events, last, link = db.sql.chain_head()
    return Head(events=events, last=last, hash=(link or _FIRST).hex())


def link_of(db: "Db", event_id: int) -> Head:
    """The link of one event: its place in the chain."""
    place, link = db.sql.chain_link(event_id=event_id)
    return Head(events=place, last=event_id, hash=link.hex())


def faults(db: "Db") -> Iterator[str]:
    """What does not fit, one line each, the oldest first; nothing when every byte is as it was written."""
    before, last = _FIRST, 0
    try:
        for row in db.sql.chain_all():
            last = row[0]
            yield from _faults_of(row, before)
            before = row[-1] or b""
        if (highest := db.sql.chain_highest()) != last:
            yield f"event {last} is the last one, but there was an event {highest}"
        if lost := db.sql.chain_without_event():
            yield f"{lost} events are gone that the chain knows of"
        if lost := db.sql.chain_keys_without_event():
            yield f"{lost} addresses belong to events that are gone"
    except (UnicodeDecodeError, apsw.Error) as error:
        yield f"the events after {last} cannot be read: {error}"


def _faults_of(row: Sequence[object], before: bytes) -> Iterator[str]:
    stays, goes, (salt, private, remains, link) = row[: len(STAYS)], row[len(STAYS) : -4], row[-4:]
    if not isinstance(link, bytes) or not isinstance(private, bytes):
        yield f"event {row[0]} is not in the chain"
        return
    if _digest(before, [*stays, private.hex()]) != link:
        yield f"event {row[0]} was changed, or an event before it was changed, added or taken away"
    expected, prefix = (remains, b"") if salt is None else (private, salt)
    if not isinstance(prefix, bytes) or _digest(prefix, goes) != expected or (salt is not None and remains is not None):
        yield f"event {row[0]}: its address or its words were changed"


def _bind(db: "Db", stays: Sequence[object], goes: Sequence[object]) -> None:
    salt = secrets.token_bytes(_SALT_BYTES)
    private = _digest(salt, goes)
    link = _digest(db.sql.chain_last() or _FIRST, [*stays, private.hex()])
    db.sql.chain_add(event_id=stays[0], salt=salt, private=private, hash=link)


def _digest(prefix: bytes, values: Sequence[object]) -> bytes:
    """Over compact JSON, so that anybody can count it again."""
    return hashlib.sha256(prefix + msgspec.json.encode(values)).digest()


def _keys(keys: Collection[str]) -> str:
    return msgspec.json.encode(sorted(keys)).decode()
