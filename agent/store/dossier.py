"""All that proves what was done with one address: its events with their place in the chain, mails, letters, states."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from agent.model.address import AddressKey
from agent.store import chain, erased, reads
from agent.store.chain import Head
from agent.store.db import Db
from agent.store.reads import PastEvent, Suppressed
from agent.store.times import from_sql, optional_from_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail as it came; `raw` is None once its bytes were forgotten."""

    id: int
    reference: str
    door: str
    account: str
    envelope_from: str | None
    envelope_to: str
    peer: str
    size: int
    received_at: datetime
    finished_at: datetime | None
    status: str
    raw: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """An event, its link in the chain, and the mail that led to it."""

    event: PastEvent
    link: Head
    mail: Mail | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter of ours and what became of it. `effect` is JSON: what it was to say; `raw` is what went out, None when
    it did not, or once its bytes were forgotten.
    """

    id: int
    kind: str
    status: str
    attempts: int
    planned_at: datetime
    handed_over_at: datetime | None
    finished_at: datetime | None
    detail: str
    effect: str
    raw: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One moment of one address; empty tuples when nothing is known. `head` is where the whole chain ends."""

    key: AddressKey
    events: tuple[Proven, ...]
    letters: tuple[Letter, ...]
    against: tuple[Suppressed, ...]
    head: Head


def collect(db: Db, key: AddressKey, now: datetime) -> Dossier:
    """Of an erased person only what was kept under the hash."""
    hashed = erased.pseudonym(db, key)
    keys = (key,) if hashed is None else (hashed, key)
    with db.snapshot():
        return Dossier(
            key=key,
            events=tuple(_proven(db, event) for one in keys for event in reads.history(db, one)),
            letters=tuple(letter for one in keys for letter in letters(db, one)),
            against=reads.check(db, key, now),
            head=chain.head(db),
        )


def _proven(db: Db, event: PastEvent) -> Proven:
    mail = None if event.inbox_id is None else _mail(db, event.inbox_id)
    return Proven(event=event, link=chain.link_of(db, event.id), mail=mail)


def _mail(db: Db, number: int) -> Mail:
    (inbox_id, reference, door, account, envelope_from, envelope_to, peer, size, received_at, finished_at, status,
     raw) = db.sql.dossier_mail(id=number)  # fmt: skip
    return Mail(
        id=inbox_id, reference=reference, door=door, account=account, envelope_from=envelope_from,
        envelope_to=envelope_to, peer=peer, size=size, received_at=from_sql(received_at),
        finished_at=optional_from_sql(finished_at), status=status, raw=raw,
    )  # fmt: skip


def letters(db: Db, key: AddressKey) -> tuple[Letter, ...]:
    """Every letter that was ever planned for this address."""
    return tuple(
        Letter(
            id=number, kind=kind, status=status, attempts=attempts, planned_at=from_sql(planned_at),
            handed_over_at=optional_from_sql(handed_over_at), finished_at=optional_from_sql(finished_at),
            detail=detail, effect=effect, raw=None if packed is None else zlib.decompress(packed),
        )
        for number, kind, status, attempts, planned_at, handed_over_at, finished_at, detail, effect, packed
        in db.sql.dossier_letters(key=str(key))
    )  # fmt: skip
