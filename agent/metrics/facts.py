"""What the store, the list and the disk say at one moment: a short look of its own, that keeps nobody waiting."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agent.model.settings import StoreSettings
from agent.store.errors import StoreError, translated
from agent.store.look import Overview, open_as_it_is, open_public_as_it_is, overview, suppressed

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`seen` counts since the store was made; `disk` is free bytes by what lies there."""

    at: datetime
    seen: Overview
    suppressed: Mapping[str, int]
    disk: Mapping[str, int]


def look(store: StoreSettings, now: datetime) -> Facts:
    """Blocks: for a thread."""
    db = open_as_it_is(store)
    if db is None:
        raise StoreError(f"{store.directory}: optoutd.db is gone")
    try:
        seen = overview(db, BEGINNING, now)
    finally:
        db.close()
    places = {"store": store.directory, "list": store.public_directory}
    disk = {name: shutil.disk_usage(Path(place)).free for name, place in places.items()}
    return Facts(at=now, seen=seen, suppressed=_suppressed(store), disk=disk)


def _suppressed(store: StoreSettings) -> Mapping[str, int]:
    public = open_public_as_it_is(store)
    if public is None:
        return {}
    try:
        with translated(str(public.file.path)):
            return suppressed(public)
    finally:
        public.close()
