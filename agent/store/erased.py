"""Erasing a person: his name goes from every table, the bare facts stay under a keyed hash (GDPR articles 17 and 21).

The key of the hash lies beside the database in a file of its own: without it, whoever reads the database cannot try
out addresses. With it, `check` still knows that no mail may go there. Backups made before, and the mail in the
mailbox itself, are not ours to change here.
"""

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import msgspec

from agent.model.address import ERASED_DOMAIN, AddressKey
from agent.model.state import AddressState
from agent.store import chain
from agent.store.db import Db
from agent.store.errors import StoreError, translated
from agent.store.files import sync_directory
from agent.store.times import to_sql

KEY_FILE = "erase.key"
_HASH_CHARS = 40


def pseudonym(db: Db, key: AddressKey) -> AddressKey | None:
    """Under which name an erased person is kept; None while nobody was ever erased."""
    if not key.local or key.domain == ERASED_DOMAIN or not db.sql.erased_any():
        return None
    return _pseudonym(db, key)


def erase(db: Db, key: AddressKey) -> None:
    """Takes the person out of every table, inside the transaction that records who asked for it."""
    if db.sql.erased_letters_waiting(key=str(key)):
        raise StoreError("a letter to this person still waits to be sent; erase him once it is out")
    hashed = str(_pseudonym(db, key))
    db.sql.erased_remember()
    version = db.sql.next_version()
    for statement in _STATEMENTS:
        getattr(db.sql, statement)(key=str(key), hashed=hashed, version=version)
    chain.redact(db, hashed)


def sweep(db: Db) -> None:
    """Writes the file anew: what was erased still lies in pages that SQLite only calls free, and in its log."""
    with translated(str(db.path)):
        db.connection.execute("VACUUM")
        db.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def among(db: Db, keys: Collection[str], now: datetime) -> frozenset[str]:
    """Those of the keys (`local@domain`) that were erased and may not be mailed at all."""
    if not db.sql.erased_any():
        return frozenset()
    hashed = {str(_hashed(db, key)): key for key in keys if not key.startswith("@")}
    wanted = msgspec.json.encode(list(hashed)).decode()
    return frozenset(hashed[row[0]] for row in db.sql.erased_stopped(keys=wanted, now=to_sql(now)))


def merged(state: AddressState, kept: AddressState) -> AddressState:
    """The state of somebody who was erased and is met again: what was kept still holds."""
    mine = {(s.scope, s.state) for s in state.standings}
    return replace(state, standings=(*state.standings, *(s for s in kept.standings if (s.scope, s.state) not in mine)))


# The mails first: the events say which they are.
_STATEMENTS = (
    "erased_raw", "erased_inbox", "erased_outbox", "erased_letter_raw", "erased_letters", "erased_sent",
    "erased_recipient", "erased_contact", "erased_review", "erased_ticket", "erased_timer", "erased_address",
    "erased_standing", "erased_address_old", "erased_event", "erased_event_key",
)  # fmt: skip


def _pseudonym(db: Db, key: AddressKey) -> AddressKey:
    return _hashed(db, str(key))


def _hashed(db: Db, key: str) -> AddressKey:
    digest = hmac.new(_secret(db), key.encode("utf-8"), hashlib.sha256).hexdigest()
    return AddressKey(local=digest[:_HASH_CHARS], domain=ERASED_DOMAIN)


def _secret(db: Db) -> bytes:
    path = db.path.parent / KEY_FILE
    try:
        if not path.exists():
            if db.sql.erased_any():
                raise StoreError(f"{path} is missing: without it nobody can tell who was erased; restore it")
            fresh = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(fresh, "wb") as opened:
                opened.write(secrets.token_hex(32).encode("ascii"))
                opened.flush()
                os.fsync(opened.fileno())
            sync_directory(path.parent)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise StoreError(f"{path}: others can read it; run: chmod 600 {path}")
        return path.read_bytes().strip()
    except OSError as wrong:
        raise StoreError(f"{path}: cannot be read or made: {wrong}") from wrong
