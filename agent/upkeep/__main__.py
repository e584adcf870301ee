"""The process that looks: it only reads, it yields to everybody, and the daemon's loop and writer go on beside it.

Called with both directories; one JSON object says what was found.
"""

import os
import sys
import time
from pathlib import Path

import msgspec

from agent.model.settings import StoreSettings
from agent.obs.clock import utc_now
from agent.store import audit
from agent.store.db import FILE_NAME, Db, connect
from agent.store.errors import StoreError
from agent.store.look import open_public_as_it_is
from agent.upkeep.weekly import Found

_BUSY_SECONDS = 30
_SETTLE_SECONDS = 5.0  # what was only about to be published is published by then


def found(settings: StoreSettings) -> Found:
    """What is wrong in both files; a list held against a damaged record would say nothing."""
    path = Path(settings.directory) / FILE_NAME
    db = Db(connect(path, _BUSY_SECONDS), path)
    try:
        record = audit.faults(db)
        return Found(record=record) if record else Found(listing=_listing(db, settings))
    finally:
        db.close()


def _listing(db: Db, settings: StoreSettings) -> tuple[str, ...]:
    public = open_public_as_it_is(settings)
    if public is None:
        return (f"{settings.public_directory}/suppression.db is missing",)
    try:
        if not audit.list_faults(db, public, utc_now()):
            return ()
        time.sleep(_SETTLE_SECONDS)
        return audit.list_faults(db, public, utc_now())
    finally:
        public.close()


def main() -> int:
    """0 with what was found, 3 with the reason why nothing could be."""
    os.nice(19)
    try:
        told = found(StoreSettings(directory=sys.argv[1], public_directory=sys.argv[2]))
    except StoreError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    sys.stdout.write(msgspec.json.encode(told).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
