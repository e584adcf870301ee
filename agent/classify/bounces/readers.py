"""The readers of bounces, asked in order of authority: the first that names somebody is believed."""

from collections.abc import Callable

from agent.classify.bounces.event import from_event
from agent.classify.bounces.failure import MAX_RECIPIENTS, Failure, address_of
from agent.classify.bounces.names import failures_named, failures_of
from agent.classify.bounces.notice import Notice, body_of, read_notice
from agent.classify.bounces.report import from_dsn, from_pasted, speaks_of_success
from agent.classify.bounces.signals import signals_of
from agent.classify.evidence import by_robot
from agent.model.mail import ParsedMail
from agent.model.proof import Proof
from agent.model.signal import Signal
from agent.rules.catalog import Catalog

_Reader = Callable[[ParsedMail, Notice], tuple[Failure, ...]]


def bounces(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """A signal for each person who was not reached, in the order of the report."""
    failures = from_dsn(mail, proof)
    if not failures and not (mail.dsn and speaks_of_success(mail.dsn)):
        notice = read_notice(mail, catalog)
        failures = _first_that_names(mail, notice) if notice else ()
    return signals_of(mail, proof, catalog, failures)


def _from_header(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """Exim and Gmail name the failed addresses in a header field of a mail that need not be a report."""
    names = ",".join(mail.headers.all("X-Failed-Recipients")).split(",")[:MAX_RECIPIENTS]
    keys = tuple(dict.fromkeys(key for key in map(address_of, names) if key is not None))
    return failures_named(keys, notice) if keys else ()


# After the report part. A label is believed before a list, and a list before a sentence.
_READERS: tuple[_Reader, ...] = (_from_header, from_pasted, from_event, failures_of)


def _first_that_names(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    return next(filter(None, (reader(mail, notice) for reader in _READERS)), ())
