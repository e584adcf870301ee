"""Table 1a of the policy: from a bounce reason to its row; the order in which the first match wins stands here."""

from agent.model.signal import Bounce, BounceReason

NEVER = "-"
NOT_HERE = frozenset({BounceReason.DELIVERED, BounceReason.FEEDBACK, BounceReason.VACATION})
DISABLED = frozenset({"5.2.1", "5.7.13", "5.7.17", "5.7.18"})  # RFC 3463, RFC 7293 (RRVS)

_ROWS: dict[str, tuple[BounceReason, ...]] = {
    "1": (BounceReason.USER_UNKNOWN, BounceReason.HAS_MOVED),
    "2": (BounceReason.SUSPEND,),
    "3": (BounceReason.HOST_UNKNOWN, BounceReason.NOT_ACCEPT),
    "4": (
        BounceReason.AUTH_FAILURE,
        BounceReason.BAD_REPUTATION,
        BounceReason.BLOCKED,
        BounceReason.CONTENT_ERROR,
        BounceReason.FAILED_STARTTLS,
        BounceReason.NO_RELAYING,
        BounceReason.NOT_COMPLIANT_RFC,
        BounceReason.POLICY_VIOLATION,
        BounceReason.REJECTED,
        BounceReason.REQUIRE_PTR,
        BounceReason.SECURITY_ERROR,
        BounceReason.SPAM_DETECTED,
        BounceReason.SPEEDING,
        BounceReason.VIRUS_DETECTED,
    ),
    "5": (BounceReason.FILTERED,),
    "6": (BounceReason.MAILBOX_FULL,),
    "7": (
        BounceReason.EXPIRED,
        BounceReason.NETWORK_ERROR,
        BounceReason.SYSTEM_ERROR,
        BounceReason.SYSTEM_FULL,
        BounceReason.TOO_MANY_CONN,
        BounceReason.MAILER_ERROR,
    ),
    "8": (BounceReason.UNDEFINED, BounceReason.ON_HOLD),
    "9": (BounceReason.MESG_TOO_BIG, BounceReason.EXCEED_LIMIT, BounceReason.SYNTAX_ERROR),
    NEVER: tuple(sorted(NOT_HERE, key=lambda reason: reason.value)),
}
ROW_OF_REASON = {reason: row for row, reasons in _ROWS.items() for reason in reasons}


def row_of(bounce: Bounce) -> str:
    """The row of the policy for a bounce; the status goes before the reason, and 4.x.x is never final."""
    row = ROW_OF_REASON[bounce.reason]
    if row == "4" and bounce.status not in DISABLED:
        return "5" if _by_recipient(bounce) else "4"
    if row == NEVER:
        return NEVER
    if bounce.delayed:
        return "7"
    if bounce.status in DISABLED:
        return "2"
    if row in ("6", "3"):
        return row
    return "7" if bounce.status.startswith("4.") else row


def _by_recipient(bounce: Bounce) -> bool:
    """Rejected by the person's own rule, which the reading rule says in its name."""
    marked = "by_recipient" in bounce.evidence.rule.replace("-", "_").replace(" ", "_")
    return bounce.reason is BounceReason.REJECTED and marked


def rows_of_reasons() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Table 1a as words: each row and the reasons that lead to it."""
    return tuple((row, tuple(sorted(reason.value for reason in reasons))) for row, reasons in _ROWS.items())
