"""Which of many addresses are on the public list: sorted lookups on one open connection, one moment for all of them."""

from collections.abc import Collection
from itertools import islice

import msgspec

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
