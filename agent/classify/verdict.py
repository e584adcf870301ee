"""What a report says was wrong: the status code first, the words second; both are data."""

from dataclasses import dataclass

from agent.mail.status import find_reply_code, find_status
from agent.model.report import RecipientReport
from agent.model.signal import BounceReason
from agent.rules.catalog import Catalog
from agent.rules.match import Hit
from agent.rules.schema import Stage, Status

# The address or its host is at fault for good (DESIGN.md section 4).
_HARD = frozenset(
    {BounceReason.USER_UNKNOWN, BounceReason.HOST_UNKNOWN, BounceReason.HAS_MOVED, BounceReason.NOT_ACCEPT}
)

# Of several reasons a text names, the first of these. Those at the top are said in words nobody uses for anything
# else; "blocked" and "rejected" are said of everything.
_PRECEDENCE = (
    BounceReason.MAILBOX_FULL,
    BounceReason.MESG_TOO_BIG,
    BounceReason.EXCEED_LIMIT,
    BounceReason.SUSPEND,
    BounceReason.HAS_MOVED,
    BounceReason.NO_RELAYING,
    BounceReason.AUTH_FAILURE,
    BounceReason.REJECTED,
    BounceReason.USER_UNKNOWN,
    BounceReason.FILTERED,
    BounceReason.REQUIRE_PTR,
    BounceReason.NOT_COMPLIANT_RFC,
    BounceReason.BAD_REPUTATION,
    BounceReason.NOT_ACCEPT,
    BounceReason.HOST_UNKNOWN,
    BounceReason.VIRUS_DETECTED,
    BounceReason.SPAM_DETECTED,
    BounceReason.SPEEDING,
    BounceReason.TOO_MANY_CONN,
    BounceReason.BLOCKED,
    BounceReason.FAILED_STARTTLS,
    BounceReason.CONTENT_ERROR,
    BounceReason.POLICY_VIOLATION,
    BounceReason.SECURITY_ERROR,
    BounceReason.SYNTAX_ERROR,
    BounceReason.SYSTEM_FULL,
    BounceReason.SYSTEM_ERROR,
    BounceReason.MAILER_ERROR,
    BounceReason.NETWORK_ERROR,
    BounceReason.EXPIRED,
    BounceReason.ON_HOLD,
)
_RANK = {reason: rank for rank, reason in enumerate(_PRECEDENCE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Status, reason and the rule that said so; `hard` is a word about the report, not about the address."""

    status: str
    reason: BounceReason
    hard: bool
    rule: str


def judge(report: RecipientReport, catalog: Catalog) -> Verdict:
    """The verdict on one recipient. A decisive status outweighs the words, words outweigh any other status."""
    status = _status(report)
    known = catalog.statuses.get(status)
    hit = None if known and known.decisive else _strongest(catalog.find(Stage.BOUNCE_TEXT, report.diagnostic))
    reason = _reason(hit, known)
    permanent = not status.startswith("4") and not (status == "" and find_reply_code(report.diagnostic)[:1] == "4")
    return Verdict(
        status=status,
        reason=reason,
        hard=reason in _HARD and permanent,
        rule=f"bounce:{hit.rule.id}" if hit else f"status:{status or 'none'}",
    )


def _status(report: RecipientReport) -> str:
    """The status field, unless it says nothing (x.0.0) and the text says more; never another class than it gives,
    for a temporary failure stays one whatever the text quotes (hazard D12).
    """
    stated = find_status(report.status)
    if stated and not stated.endswith(".0.0"):
        return stated
    told = find_status(report.diagnostic)
    return told if told and stated[:1] in ("", told[0]) else stated


def _reason(hit: Hit | None, known: Status | None) -> BounceReason:
    if hit is not None:
        return BounceReason(hit.rule.yields.reason)
    return known.reason if known else BounceReason.UNDEFINED


def _strongest(hits: tuple[Hit, ...]) -> Hit | None:
    return min(hits, key=lambda hit: _RANK[BounceReason(hit.rule.yields.reason)], default=None)
