"""Which of many addresses are on the public list: sorted lookups on one open connection, one moment for all of them."""

from collections.abc import Collection
from itertools import islice

import msgspec

from agent.store.db import Db
from agent.store.public import Public

AT_ONCE = 500


def listed(public: Public, keys: Collection[str]) -> frozenset[str]:
    """Those of the keys (`local@domain` or `@domain`) that may not be mailed at all (scope `all`)."""
    waiting = iter(sorted(keys))
    found: set[str] = set()
    with public.file.snapshot():
        while some := list(islice(waiting, AT_ONCE)):
            found.update(row[0] for row in public.file.sql.public_listed(keys=msgspec.json.encode(some).decode()))
    return frozenset(found)


def current_version(db: Db) -> int:
    """The number of the newest change of any address."""
    return int(db.sql.current_version())


def changed_since(db: Db, version: int) -> frozenset[str]:
    """The keys of the addresses that changed since then."""
    return frozenset(row[0] for row in db.sql.address_changed(after=version))
