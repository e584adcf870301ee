"""Export: who may not be mailed, as a table that Excel opens right (UTF-8 with its mark, RFC 4180), row by row."""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from typing import BinaryIO

from agent.lists.cells import shown
from agent.model.address import ERASED_DOMAIN
from agent.model.state import State
from agent.store.reads import Suppressed
from agent.store.times import to_public

HEADING = ("address", "scope", "state", "reason", "since", "until", "rule", "strength", "by", "batch")
_MARK = b"\xef\xbb\xbf"


def export(
    people: Iterable[Suppressed], target: BinaryIO, *, since: datetime | None = None, state: State | None = None
) -> int:
    """Write those who may not be mailed since this time and by this state; how many rows there are."""
    target.write(_MARK)
    target.write(_line(HEADING))
    rows = 0
    for one in people:
        if _wanted(one, since, state):
            target.write(_line(_cells(one)))
            rows += 1
    return rows


def _wanted(one: Suppressed, since: datetime | None, state: State | None) -> bool:
    """Of an erased person only a hash is left, which is nobody's address."""
    standing = one.standing
    asked = (state is None or standing.state is state) and (since is None or standing.since >= since)
    return asked and one.key.domain != ERASED_DOMAIN


def _cells(one: Suppressed) -> tuple[str, ...]:
    standing = one.standing
    until = to_public(standing.until) if standing.until else ""
    return (
        str(one.key), standing.scope, standing.state.value, standing.reason, to_public(standing.since), until,
        standing.rule, standing.strength.name, standing.by, standing.batch,
    )  # fmt: skip


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(shown, cells))
    return text.getvalue().encode("utf-8", "replace")
