"""The metrics: every name, what it counts, and where its number comes from. Pure; the reference page names the same.

Law: no address, no subject and no text of a server in any label. An account is named as the configuration names it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.intake.troubles import Box
from agent.metrics.exposition import Family, Kind, Sample
from agent.metrics.facts import Facts
from agent.store.look import DoorSeen, Queue

GONE = ("done", "gave_up", "unknown")
STAYING = ("waiting", "claimed", "handed_over")


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """What the daemon knows of itself."""

    build: Mapping[str, str]
    started_at: datetime
    healthy: bool
    writer_alive: bool
    reader_restarts: int
    relay_halted_until: datetime | None
    boxes: Mapping[str, Box]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One family and how it is read."""

    name: str
    kind: Kind
    help: str
    read: Callable[[Living, Facts], Iterable[Sample]]


def families(living: Living, facts: Facts) -> tuple[Family, ...]:
    """All of them at one moment."""
    return tuple(
        Family(name=one.name, kind=one.kind, help=one.help, samples=tuple(one.read(living, facts))) for one in METRICS
    )


def _one(value: float | None) -> tuple[Sample, ...]:
    return () if value is None else (Sample(value=value, labels={}),)


def _by(label: str, values: Mapping[str, float]) -> tuple[Sample, ...]:
    return tuple(Sample(value=value, labels={label: name}) for name, value in values.items())


def _age(then: datetime | None, now: datetime) -> float:
    return max((now - then).total_seconds(), 0.0) if then else 0.0


def _oldest(queue: Queue, facts: Facts) -> float:
    return _age(queue.first, facts.at)


def _letters(facts: Facts, names: tuple[str, ...]) -> dict[str, float]:
    return {name: facts.seen.letters.by_status.get(name, 0) for name in names}


def _doors(facts: Facts, read: Callable[[DoorSeen], float]) -> tuple[Sample, ...]:
    return tuple(
        Sample(value=read(one), labels={"door": one.door.value, "account": one.account}) for one in facts.seen.doors
    )


def _halted(living: Living, facts: Facts) -> float:
    return float(living.relay_halted_until is not None and facts.at < living.relay_halted_until)


def _read_at(living: Living) -> dict[str, float]:
    return {name: box.read_at.timestamp() for name, box in living.boxes.items() if box.read_at}


def _shut(living: Living, facts: Facts) -> dict[str, float]:
    return {name: _age(box.shut.since, facts.at) if box.shut else 0.0 for name, box in living.boxes.items()}


_GAUGE, _COUNTER = Kind.GAUGE, Kind.COUNTER

METRICS = (
    Metric(name="optoutd_build_info", kind=_GAUGE, help="Always 1; the labels say what is running.",
           read=lambda living, _: (Sample(value=1, labels=living.build),)),
    Metric(name="optoutd_start_time_seconds", kind=_GAUGE, help="When the daemon became ready, in Unix time.",
           read=lambda living, _: _one(living.started_at.timestamp())),
    Metric(name="optoutd_healthy", kind=_GAUGE, help="What /healthz says: 1 while every part makes progress.",
           read=lambda living, _: _one(living.healthy)),
    Metric(name="optoutd_writer_alive", kind=_GAUGE, help="1 while the database writer works.",
           read=lambda living, _: _one(living.writer_alive)),
    Metric(name="optoutd_reader_restarts_total", kind=_COUNTER, help="Readers that had to be replaced since the start.",
           read=lambda living, _: _one(living.reader_restarts)),
    Metric(name="optoutd_mailbox_up", kind=_GAUGE, help="1 when the last look into the mailbox went well.",
           read=lambda living, _: _by("account", {name: float(box.read_at is not None and box.shut is None)
                                                  for name, box in living.boxes.items()})),
    Metric(name="optoutd_mailbox_last_success_timestamp_seconds", kind=_GAUGE,
           help="When all of the mailbox was last read, in Unix time; missing before the first time.",
           read=lambda living, _: _by("account", _read_at(living))),
    Metric(name="optoutd_mailbox_shut_seconds", kind=_GAUGE,
           help="For how long the mailbox cannot be read, restarts included; 0 when it can.",
           read=lambda living, facts: _by("account", _shut(living, facts))),
    Metric(name="optoutd_mails_received_total", kind=_COUNTER, help="Mails stored, by door and account.",
           read=lambda _, facts: _doors(facts, lambda one: one.mails)),
    Metric(name="optoutd_mail_last_timestamp_seconds", kind=_GAUGE, help="When the newest mail came, in Unix time.",
           read=lambda _, facts: _doors(facts, lambda one: one.last_at.timestamp())),
    Metric(name="optoutd_mails_read_total", kind=_COUNTER, help="Mails understood, by kind.",
           read=lambda _, facts: _by("kind", {name or "other": count for name, count in facts.seen.kinds.items()})),
    Metric(name="optoutd_inbox_waiting", kind=_GAUGE, help="Mails stored and not yet understood.",
           read=lambda _, facts: _one(facts.seen.unread.count)),
    Metric(name="optoutd_inbox_oldest_seconds", kind=_GAUGE, help="Age of the oldest of them.",
           read=lambda _, facts: _one(_oldest(facts.seen.unread, facts))),
    Metric(name="optoutd_inbox_observed", kind=_GAUGE, help="Mails that wait for a start without --observe.",
           read=lambda _, facts: _one(facts.seen.observed)),
    Metric(name="optoutd_quarantine", kind=_GAUGE, help="Mails that were set aside.",
           read=lambda _, facts: _one(facts.seen.quarantined)),
    Metric(name="optoutd_reviews_open", kind=_GAUGE, help="Mails that wait for a person's decision.",
           read=lambda _, facts: _one(facts.seen.reviews.count)),
    Metric(name="optoutd_tickets_open", kind=_GAUGE, help="Tasks that wait for a person.",
           read=lambda _, facts: _one(facts.seen.tickets.count)),
    Metric(name="optoutd_outbox", kind=_GAUGE, help="Letters on their way, by state.",
           read=lambda _, facts: _by("state", _letters(facts, STAYING))),
    Metric(name="optoutd_outbox_oldest_seconds", kind=_GAUGE, help="Age of the oldest letter that waits.",
           read=lambda _, facts: _one(_age(facts.seen.letters.oldest, facts.at))),
    Metric(name="optoutd_letters_total", kind=_COUNTER, help="Letters that came to an end, by outcome.",
           read=lambda _, facts: _by("outcome", _letters(facts, GONE))),
    Metric(name="optoutd_relay_halted", kind=_GAUGE,
           help="1 while no letter is sent because the relay refused us (login, sender).",
           read=lambda living, facts: _one(_halted(living, facts))),
    Metric(name="optoutd_breakers_open", kind=_GAUGE, help="Floods that are being held back.",
           read=lambda _, facts: _one(len(facts.seen.breakers))),
    Metric(name="optoutd_suppressed", kind=_GAUGE, help="Addresses and domains in suppression.db, by state.",
           read=lambda _, facts: _by("state", facts.suppressed)),
    Metric(name="optoutd_record_checked_timestamp_seconds", kind=_GAUGE,
           help="When the whole record was last checked, in Unix time; missing before the first time.",
           read=lambda _, facts: _one(facts.seen.checked.at.timestamp() if facts.seen.checked else None)),
    Metric(name="optoutd_record_faults", kind=_GAUGE, help="What that check found; anything but 0 needs a person.",
           read=lambda _, facts: _one(facts.seen.checked.faults if facts.seen.checked else None)),
    Metric(name="optoutd_disk_free_bytes", kind=_GAUGE, help="Room left where the store and the list lie.",
           read=lambda _, facts: _by("place", facts.disk)),
)  # fmt: skip
