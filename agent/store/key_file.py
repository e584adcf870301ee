"""The key ring on disk: one line a key, made at the first start, refused when others can read it or when it changed.

A lost or changed key would turn every unsubscribe link ever sent into nothing, so the keys are held against the test
vectors in optoutd.db at every start (PROTOCOL P52), and a mismatch stops the program loudly.
"""

import os
import secrets
import stat
from pathlib import Path

from agent.model.settings import Settings
from agent.store import sent
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.files import sync_directory
from agent.trust.tokens import KeyRing, new_key_line, parse_ring, vectors


def key_path(settings: Settings) -> Path:
    """Where the key ring lies."""
    return Path(settings.tokens.key_file or Path(settings.store.directory) / "token.keys")


def read_keys(settings: Settings) -> str:
    """The text of the key ring, made first where there is none."""
    path = key_path(settings)
    try:
        if not path.exists():
            _create(path)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise StoreError(f"{path}: others can read the token keys; run: chmod 600 {path}")
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeError) as wrong:
        raise StoreError(f"{path}: the token keys cannot be read: {wrong}") from wrong


def load_ring(settings: Settings, db: Db) -> KeyRing:
    """The key ring, held against the vectors of earlier starts."""
    path = key_path(settings)
    try:
        ring = parse_ring(read_keys(settings))
    except ValueError as wrong:
        raise StoreError(f"{path}: {wrong}") from wrong
    with db.transaction():
        sent.check_vectors(db, vectors(ring))
    return ring


def _create(path: Path) -> None:
    fresh = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fresh, "w", encoding="ascii") as opened:
        opened.write(new_key_line("a", secrets.token_bytes(32)) + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    sync_directory(path.parent)
