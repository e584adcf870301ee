"""The readers of bounces, asked in order of authority: the first that names somebody is believed."""

from collections.abc import Callable

from agent.classify.bounces.event import from_event
from agent.classify.bounces.failure import MAX_RECIPIENTS, Failure, address_of
from agent.classify.bounces.names import failures_named, from_notice, from_ourselves, from_returned
from agent.classify.bounces.notice import Notice, read_notice
from agent.classify.bounces.report import from_dsn, from_inside, from_pasted, speaks_of_success
from agent.classify.bounces.signals import signals_of
from agent.classify.evidence import by_robot, from_sender
from agent.model.mail import ParsedMail
from agent.model.proof import Proof
from agent.model.signal import AutoReply, Signal
from agent.rules.catalog import Catalog

_Reader = Callable[[ParsedMail, Notice], tuple[Failure, ...]]


def bounces(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """A signal for each person who was not reached, in the order of the report."""
    failures, notice = from_dsn(mail, proof), None
    if mail.dsn and speaks_of_success(mail.dsn):
        return ()
    if all(failure.delayed for failure in failures):  # what failed for good is no challenge, whatever the text says
        notice = read_notice(mail, catalog)
        if notice and notice.challenge:
            return (AutoReply(address=mail.sender, evidence=from_sender(proof, f"notice:{notice.rule}", mail.subject)),)
        failures = failures or (_first_that_names(mail, notice) if notice else ())
    return signals_of(mail, proof, catalog, failures, notice)


def _from_header(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """Exim and Gmail name the failed addresses in a header field of a mail that need not be a report."""
    names = ",".join(mail.headers.all("X-Failed-Recipients")).split(",")[:MAX_RECIPIENTS]
    if not names[0] or not by_robot(mail):
        return ()
    keys = tuple(dict.fromkeys(key for key in map(address_of, names) if key is not None))
    reports = mail.dsn.recipients if mail.dsn else ()
    if len(keys) == len(reports) == 1:  # the report names a pipe or a file
        return (Failure(address=keys[0], report=reports[0], delayed=notice.delayed),)
    return failures_named(keys, notice) if keys else ()


# After the report part. A label is believed before a list, a list before a sentence, the notice before
# what it returns.
_READERS: tuple[_Reader, ...] = (
    _from_header, from_pasted, from_event, from_notice, from_inside, from_returned, from_ourselves,
)  # fmt: skip


def _first_that_names(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    return next(filter(None, (reader(mail, notice) for reader in _READERS)), ())
