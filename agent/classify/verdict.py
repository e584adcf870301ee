"""What a report says was wrong: the status code first, the words second; both are data."""

from collections.abc import Callable

import msgspec

from agent.mail.smtp_step import Step, find_step, implied_step
from agent.mail.status import find_failure, find_reply_code, find_reply_status, find_status
from agent.model.report import RecipientReport
from agent.model.signal import BounceReason
from agent.rules.catalog import Catalog
from agent.rules.match import Hit
from agent.rules.schema import Kind, Stage

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
_RANK = {reason.value: rank for rank, reason in enumerate(_PRECEDENCE)}


# "Unknown user" outside RCPT is what a filter says, and before it is said of the sender or of the host.
_UNKNOWN_AT = {
    Step.RCPT: BounceReason.USER_UNKNOWN,
    Step.MAIL: BounceReason.REJECTED,
    Step.HELO: BounceReason.BLOCKED,
    Step.CONNECT: BounceReason.BLOCKED,
}
_VAGUE = (None, BounceReason.SECURITY_ERROR, BounceReason.POLICY_VIOLATION, BounceReason.USER_UNKNOWN)
_VAGUE_AT = {Step.MAIL: BounceReason.REJECTED, Step.HELO: BounceReason.BLOCKED, Step.CONNECT: BounceReason.BLOCKED}


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Status, reason and the rule that said so; `hard` is a word about the report, not about the address."""

    status: str
    reason: BounceReason
    hard: bool
    rule: str
    hit: Hit | None = None
    challenge: bool = False  # the recipient's system asks the sender to confirm: no failure

    @property
    def excerpt(self) -> str:
        """The words the rule was met by."""
        return self.hit.excerpt if self.hit else ""


def judge(report: RecipientReport, catalog: Catalog, context: Callable[[], str] = str) -> Verdict:
    """The verdict on one recipient. Authority: a provider's own words, a decisive status, any words, any status.

    `context` is what the notice says of this recipient elsewhere; it is asked only where the report is silent.
    """
    said = _Said(report=report, catalog=catalog, context=context)
    reason = _refined(_first_reason(said), said)
    status = said.status
    permanent = not status.startswith("4") and not (status == "" and find_reply_code(said.text)[:1] == "4")
    hit = said.hit
    return Verdict(
        status=status,
        reason=reason,
        hard=reason in _HARD and permanent,
        rule=f"bounce:{hit.rule.id}" if hit else f"status:{status or 'none'}",
        hit=hit,
        challenge=hit is not None and hit.rule.yields.kind is Kind.AUTOREPLY,
    )


class _Said:
    """What was said of one recipient: status, words and step, each looked for in the report, then around it."""

    def __init__(self, report: RecipientReport, catalog: Catalog, context: Callable[[], str]) -> None:
        self.report, self.text = report, " ".join(report.diagnostic.split())
        self.status = _status(report.status, self.text)
        self.hit = _strongest(catalog.find(Stage.BOUNCE_TEXT, self.text))
        self.known = catalog.statuses.get(self.status)
        self._context = context
        if self.hit is None and self._says_little():
            self.text = " ".join(self._context().split()) or self.text
            self.hit = _strongest(catalog.find(Stage.BOUNCE_TEXT, self.text))
            self.status = _status(self.status, self.text)
        elif self.status.endswith(".4.7"):  # the time ran out; RFC 3463 section 3.5 asks for the cause instead
            self.status = _status(self.status, self._context())
        self.known = catalog.statuses.get(self.status)

    def _says_little(self) -> bool:
        return (
            self.known is None
            or self.known.reason is BounceReason.EXPIRED
            or self.status.endswith(".0.0" if self.text else ".0")
        )

    def about(self, reason: BounceReason) -> bool:
        """Whether the status alone says so too."""
        return self.known is not None and self.known.reason is reason

    def silence(self) -> BounceReason:
        """Words that nobody can read are held for a person; no words at all say nothing."""
        words = [word for word in self.report.diagnostic.split() if "@" not in word and any(map(str.isalpha, word))]
        return BounceReason.ON_HOLD if len(words) > 1 and not self.status else BounceReason.UNDEFINED

    def step(self) -> Step:
        """Where in the dialogue it was refused."""
        step = find_step(self.text)
        step = find_step(self._context()) if step is Step.UNKNOWN else step
        return implied_step(self.text) if step is Step.UNKNOWN else step


def _first_reason(said: _Said) -> BounceReason | None:
    hit, known = said.hit, said.known
    words = BounceReason(hit.rule.yields.reason) if hit is not None and hit.rule.yields.reason else None
    if known is not None and known.decisive and not (hit is not None and hit.rule.decisive):
        said.hit = None
        return known.reason
    return words or (known.reason if known else None)


def _refined(reason: BounceReason | None, said: _Said) -> BounceReason:
    """What the step adds: an unknown user is one at RCPT only, and what has no other reason is about the sender at
    MAIL and about the host before it.
    """
    if said.hit is not None and said.hit.rule.decisive:
        return reason or BounceReason.UNDEFINED
    by_words = said.hit is not None
    if reason is BounceReason.USER_UNKNOWN and by_words and not said.about(BounceReason.USER_UNKNOWN):
        return _UNKNOWN_AT.get(said.step(), BounceReason.FILTERED)
    if reason is BounceReason.SYSTEM_ERROR and by_words and said.step() in (Step.CONNECT, Step.HELO):
        return BounceReason.BLOCKED
    if reason is BounceReason.HOST_UNKNOWN and by_words and said.step() is Step.MAIL:
        return BounceReason.REJECTED
    if not by_words and reason in _VAGUE:
        return _VAGUE_AT.get(said.step()) or reason or said.silence()
    if by_words and said.report.diagnostic_type == "x-unix" and reason is BounceReason.SYSTEM_ERROR:
        return BounceReason.MAILER_ERROR  # a program of the receiving host
    return reason or BounceReason.UNDEFINED


def _status(field: str, text: str) -> str:
    """The remote server's own code, given right after its reply code, before the summary in the Status field; never
    another class than the field gives, for a temporary failure stays one whatever the text quotes (hazard D12).
    """
    stated = find_status(field)
    told = find_reply_status(text) if stated else find_failure(text)
    if told and stated[:1] in ("", told[0]) and not told.endswith(".0.0"):
        return told
    return stated or told or (f"{code[0]}.0.0" if (code := find_reply_code(text)) and code[0] in "45" else "")


def _strongest(hits: tuple[Hit, ...]) -> Hit | None:
    """A provider's own words before any others, and a challenge before any reason, for its text may name one."""
    return min(hits, key=_rank) if len(hits) > 1 else hits[0] if hits else None


def _rank(hit: Hit) -> tuple[bool, int]:
    reason = hit.rule.yields.reason
    return not hit.rule.decisive, _RANK[reason] if reason else -1
