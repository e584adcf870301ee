"""Failures from a delivery status report (RFC 3464): one for each recipient it calls failed or delayed."""

from agent.classify.bounces.failure import MAX_RECIPIENTS, Failure, address_of
from agent.classify.bounces.notice import Notice
from agent.classify.placeholder import is_redacted
from agent.mail.dsn import parse_dsn
from agent.model.address import AddressKey
from agent.model.mail import ParsedMail
from agent.model.proof import Proof
from agent.model.report import Action, Dsn, RecipientReport

_SUCCESS = (Action.DELIVERED, Action.RELAYED, Action.EXPANDED)
_BY_CLASS = {"2": Action.DELIVERED, "4": Action.DELAYED, "5": Action.FAILED}


def from_dsn(mail: ParsedMail, proof: Proof) -> tuple[Failure, ...]:
    """Those of the report part, if the mail has one."""
    return _failures(mail.dsn, final_only=proof.own_relay) if mail.dsn else ()


def from_pasted(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """Those of a report whose fields stand in the text of a notice."""
    return _pasted(notice.text)


def from_inside(mail: ParsedMail, notice: Notice) -> tuple[Failure, ...]:
    """Those of a report that a gateway wrapped into a notice of its own; one level, and nothing deeper."""
    return _failures(mail.inner_dsn, final_only=False) if mail.inner_dsn else _pasted(notice.rest)


def _pasted(text: str) -> tuple[Failure, ...]:
    return _failures(parse_dsn(text.encode(), "utf-8"), final_only=False) if "ecipient:" in text else ()


def speaks_of_success(dsn: Dsn) -> bool:
    """Whether a report says only that mail was delivered, relayed or expanded."""
    return bool(dsn.recipients) and all(action_of(report) in _SUCCESS for report in dsn.recipients)


def action_of(report: RecipientReport) -> Action | None:
    """The stated action; where it is missing (RFC 3464 section 2.3.3 wants it) the status class says it."""
    if report.action is not None:
        return report.action
    return _BY_CLASS.get(report.status[:1])


def _failures(dsn: Dsn, *, final_only: bool) -> tuple[Failure, ...]:
    found: dict[AddressKey, Failure] = {}
    for report in dsn.recipients[:MAX_RECIPIENTS]:
        address, action = _person(report, final_only=final_only), action_of(report)
        if address is not None and action in (Action.FAILED, Action.DELAYED):
            found.setdefault(address, Failure(address=address, report=report, delayed=action is Action.DELAYED))
    return tuple(found.values())


def _person(report: RecipientReport, *, final_only: bool) -> AddressKey | None:
    """Whom we wrote to: Original-Recipient (RFC 3464 section 2.3.1) where it can be read, since a final one may be
    what a forwarder made of it. Our own relay's word covers only what it tried itself.
    """
    texts = (report.final_recipient,) if final_only else (report.original_recipient, report.final_recipient)
    return next((key for key in map(address_of, texts) if key is not None and not is_redacted(key)), None)
