"""Bounces: one signal for each recipient a report (RFC 3464) calls failed or delayed, and for X-Failed-Recipients."""

import re
from dataclasses import dataclass

from agent.classify.evidence import by_robot, clipped, token_of
from agent.classify.placeholder import is_placeholder
from agent.classify.verdict import judge
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail, Purpose, Token
from agent.model.proof import Proof
from agent.model.report import Action, RecipientReport
from agent.model.signal import Bounce, Evidence, Signal, Strength
from agent.rules.catalog import Catalog

MAX_RECIPIENTS = 100
_RULE = re.compile(r"^\s{0,8}-{3,}.{0,80}$", re.MULTILINE)

# Where a token of ours comes back in a bounce. A u token proves that the returned mail was ours, nothing more.
_PLACES = (
    ((Purpose.BOUNCE,), ("recipient", "return-path", "envelope-id")),
    ((Purpose.FEEDBACK,), ("message-id", "references", "envelope-id")),
    ((Purpose.UNSUBSCRIBE,), ("list-unsubscribe",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """One recipient that was not reached, and what the report says of it."""

    address: AddressKey
    report: RecipientReport
    delayed: bool


def bounces(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """A signal for each person who was not reached, in the order of the report."""
    failures = _from_dsn(mail, proof) or _from_header(mail)
    token = next(filter(None, (token_of(proof, *where) for where in _PLACES)), None)
    # A token names one person; beside several failed recipients it cannot say which of them is his.
    ours = token if len(failures) == 1 else None
    return tuple(_bounce(mail, proof, catalog, failure, ours) for failure in failures)


def _from_dsn(mail: ParsedMail, proof: Proof) -> tuple[_Failure, ...]:
    if mail.dsn is None:
        return ()
    found: dict[AddressKey, _Failure] = {}
    for report in mail.dsn.recipients[:MAX_RECIPIENTS]:
        address = _person(report, final_only=proof.own_relay)
        action = _action(report)
        if address is not None and action in (Action.FAILED, Action.DELAYED):
            found.setdefault(address, _Failure(address=address, report=report, delayed=action is Action.DELAYED))
    return tuple(found.values())


def _from_header(mail: ParsedMail) -> tuple[_Failure, ...]:
    """Exim and Gmail name the failed addresses in a header field of a mail that need not be a report."""
    if mail.dsn is not None or not by_robot(mail):
        return ()
    names = ",".join(mail.headers.all("X-Failed-Recipients")).split(",")[:MAX_RECIPIENTS]
    keys = dict.fromkeys(key for key in map(parse_address, names) if key is not None and not is_placeholder(key))
    # What follows the rule is the returned mail, whose words are our own.
    report = RecipientReport(diagnostic=_RULE.split(mail.text[:4_000], maxsplit=1)[0])
    return tuple(_Failure(address=key, report=report, delayed=False) for key in keys)


def _person(report: RecipientReport, final_only: bool) -> AddressKey | None:
    """Whom we wrote to: Original-Recipient (RFC 3464 section 2.3.1) where it can be read, since a final one may be
    what a forwarder made of it. Our own relay's word covers only what it tried itself.
    """
    texts = (report.final_recipient,) if final_only else (report.original_recipient, report.final_recipient)
    keys = (parse_address(text) for text in texts)
    return next((key for key in keys if key is not None and not is_placeholder(key)), None)


def _action(report: RecipientReport) -> Action | None:
    """The stated action; where it is missing (RFC 3464 section 2.3.3 wants it) the status class says it."""
    if report.action is not None:
        return report.action
    return {"4": Action.DELAYED, "5": Action.FAILED}.get(report.status[:1])


def _bounce(mail: ParsedMail, proof: Proof, catalog: Catalog, failure: _Failure, token: Token | None) -> Bounce:
    verdict = judge(failure.report, catalog)
    return Bounce(
        address=failure.address,
        evidence=Evidence(
            rule=verdict.rule,
            excerpt=clipped(failure.report.diagnostic),
            strength=_strength(proof, failure.address, token),
            token=token,
            authenticated=proof.authenticated,
        ),
        status=verdict.status,
        hard=verdict.hard and not failure.delayed,
        reason=verdict.reason,
        diagnostic=clipped(failure.report.diagnostic),
        delayed=failure.delayed,
        original_message_id=mail.original.first("Message-ID") if mail.original else "",
    )


def _strength(proof: Proof, address: AddressKey, token: Token | None) -> Strength:
    """Policy section 2: our token, our own relay, or our own signature on the returned mail to this very address."""
    if token is not None or proof.own_relay or proof.own_signature == address:
        return Strength.E3
    return Strength.E2 if proof.authenticated else Strength.E1
