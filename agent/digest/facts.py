"""What a digest tells, read from an installation as it is at one moment; nothing here writes or sends."""

import io
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.digest.words import Words
from agent.doctor import books, places
from agent.doctor.finding import Finding, Level, broken
from agent.doctor.patient import Patient
from agent.intake.troubles import Shut
from agent.lists.export import export
from agent.store import look, told
from agent.store.db import Db

DAY = timedelta(days=1)
LOCKED_OUT = timedelta(hours=6)

_LOCAL = (
    places.configuration, places.disk, places.store_files, places.public_files, books.store, books.record,
    books.token_keys, books.waiting,
)  # fmt: skip
_SAID_ELSEWHERE = ("review", "tickets")
_CANNOT_WAIT = {"disk": Level.BROKEN, "breaker": Level.WARNING, "record": Level.BROKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One digest. `table` is the CSV of the newly suppressed, without a row when there is none."""

    since: datetime
    until: datetime
    kinds: tuple[tuple[str, int], ...]
    suppressed: int
    table: bytes
    reviews: int
    tickets: int
    findings: tuple[Finding, ...]

    @property
    def mails(self) -> int:
        """How many were understood."""
        return sum(count for _, count in self.kinds)

    @property
    def worth_telling(self) -> bool:
        """What waits was told when it came; a silent day makes no mail."""
        return bool(self.kinds or self.suppressed or any(one.level is Level.BROKEN for one in self.findings))


def collect(patient: Patient, db: Db, since: datetime, until: datetime) -> Facts:
    """Everything since then."""
    with db.snapshot():
        table = io.BytesIO()
        suppressed = export(told.newly_suppressed(db, since, until), table)
    seen = look.overview(db, since, until)
    found = [one for check in _LOCAL for one in check(patient) if one.level is not Level.OK]
    return Facts(
        since=since,
        until=until,
        kinds=tuple(seen.kinds.items()),
        suppressed=suppressed,
        table=table.getvalue(),
        reviews=seen.reviews.count,
        tickets=seen.tickets.count,
        findings=tuple(one for one in found if one.about not in _SAID_ELSEWHERE),
    )


def urgent(patient: Patient, db: Db, words: Words, now: datetime) -> tuple[Finding, ...]:
    """What cannot wait for the digest: the disk, a breaker, a damaged record, a provider that refuses us."""
    found = (*places.disk(patient), *books.waiting(patient), *books.record(patient))
    refused = tuple(
        broken(f"blocked by {domain}", words.blocked.format(domain=domain, ip=ip or "?"), words.blocked_mend)
        for domain, ip in told.objections(db, now - DAY)
    )
    bad = (one for one in found if one.about in _CANNOT_WAIT and one.level.rank >= _CANNOT_WAIT[one.about].rank)
    return (*bad, *refused)


def closed(shut: tuple[Shut, ...], now: datetime) -> tuple[Finding, ...]:
    """Mailboxes that could not be read for six hours; a shorter fault mends itself."""
    return tuple(
        broken(f"mailbox {one.account}", f"{one.why} (since {one.since:%Y-%m-%d %H:%M} UTC)", "optoutd doctor")
        for one in shut
        if now - one.since >= LOCKED_OUT
    )
