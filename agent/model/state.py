"""What is known of one address: standings in two independent families, points, and the facts a decision needs."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from agent.model.address import AddressKey
from agent.model.mail import Purpose
from agent.model.signal import Evidence, Origin, Strength, Verdict


class Family(Enum):
    CONSENT = "consent"
    DELIVERY = "delivery"


class State(Enum):
    """Every state, the strongest of each family first (POLICY.md section 2)."""

    COMPLAINT = "complaint"
    OPT_OUT = "opt_out"
    HELD = "held"
    PAUSED = "paused"
    HARD = "hard"
    INACTIVE = "inactive"
    REFUSED = "refused"
    FULL = "full"
    DEAD_DOMAIN = "dead_domain"
    SUSPECT = "suspect"

    @property
    def family(self) -> Family:
        """Consent is what the person wants, delivery what the mailbox can take."""
        return Family.CONSENT if self in _CONSENT else Family.DELIVERY

    @property
    def rank(self) -> int:
        """0 is the strongest of its family."""
        return (_CONSENT if self in _CONSENT else _DELIVERY).index(self)


_CONSENT = (State.COMPLAINT, State.OPT_OUT, State.HELD, State.PAUSED)
_DELIVERY = (State.HARD, State.INACTIVE, State.REFUSED, State.FULL, State.DEAD_DOMAIN, State.SUSPECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One state of an address in one scope. Weaker standings of a family stay beneath the stronger and show again
    when it ends; `until` None means for ever.
    """

    state: State
    scope: str
    reason: str
    rule: str  # policy row and reading rule that set it, for example `15 role:unsubscribe`
    strength: Strength
    since: datetime
    until: datetime | None
    by: str  # `policy`, or the name of the operator
    provisional: bool = False  # set while a breaker was open
    batch: str = ""  # the breaker or run that set it; empty once another run has said the same

    def holds(self, now: datetime) -> bool:
        """Whether it has not run out."""
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Soft-bounce points: the sum, the first and last day one was given, and how many were for a full mailbox.

    `unclear` counts failures nobody can explain in a row (policy row 8), `refused` those by the person's own rule
    (row 5); each has the time of its last.
    """

    total: float = 0.0
    full: float = 0.0
    first_at: datetime | None = None
    last_at: datetime | None = None
    today: float = 0.0  # how much of the sum was given at `last_at`
    unclear: int = 0
    unclear_at: datetime | None = None
    refused: int = 0
    refused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressState:
    """All that is stored of one address or domain."""

    key: AddressKey
    standings: tuple[Standing, ...] = ()
    points: Points = Points()
    language: str = ""
    engaged_at: datetime | None = None
    away_until: datetime | None = None  # an automatic reply said so
    interval_days: int | None = None  # "less often": the least days between two mailings

    def effective(self, now: datetime) -> tuple[Standing, ...]:
        """The strongest standing that holds, for each scope and family."""
        best: dict[tuple[str, Family], Standing] = {}
        for standing in self.standings:
            if standing.holds(now):
                place = (standing.scope, standing.state.family)
                held = best.get(place)
                if held is None or standing.state.rank < held.state.rank:
                    best[place] = standing
        return tuple(sorted(best.values(), key=lambda s: (s.scope, s.state.family.value)))

    def has(self, state: State, now: datetime, scope: str = "all") -> bool:
        """Whether a standing of this state holds in this scope."""
        return any(s.state is state and s.scope == scope and s.holds(now) for s in self.standings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """A row of the send log: one minted token id and whom it was minted for."""

    id: str
    address: AddressKey
    list: str
    campaign: str
    minted_at: datetime
    letter: bool  # minted for one of our own letters, not for marketing mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A mail that nobody could read for sure, with what it may mean and what silence means."""

    id: int
    key: AddressKey
    row: str
    why: str
    evidence: Evidence
    answerable: bool
    scope: str
    first: Verdict
    second: Verdict
    timeout: Verdict | None
    opened_at: datetime
    due_at: datetime | None
    origin: Origin
    verdict: Verdict | None = None
    by: str = ""
    decided_at: datetime | None = None


class TicketKind(Enum):
    """What only a person can do."""

    ERASE = "erase"
    ACCESS = "access"
    TASK = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A task for the operator; `due_at` is the end of the time the law gives."""

    id: int
    kind: TicketKind
    key: AddressKey
    what: str
    opened_at: datetime
    due_at: datetime | None
    inbox_id: int | None = None
    done_at: datetime | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything `decide` may know besides the signal, loaded in the same transaction."""

    state: AddressState  # of the address the signal is about, after the token was resolved
    origin: Origin
    sent: SentMail | None = None  # the row the token or Message-ID points at
    of_record: bool = False  # in the send log, in contacts, or proven by a token
    ever_known: bool = False  # anything at all is in the send log or in contacts (row 18)
    token_used: bool = False  # this token already acted for this purpose
    token_purpose: Purpose | None = None
    duplicate: bool = False  # the same content was applied before
    marketing_minted: bool = False  # a token was ever minted for marketing mail
    last_letter_at: datetime | None = None
    last_confirmation_at: datetime | None = None
    last_start_letter_at: datetime | None = None
    weak_opt_outs_last_minute: int = 0  # breaker B1, un-tokened opt-outs and complaints
    weak_hard_last_hour: int = 0  # breaker B2 in plain mode
    domain_recipients: int = 0  # known addresses at the domain, breaker B2
    domain_hard_last_day: int = 0
    earlier_suspicions: tuple["Suspicion", ...] = ()  # row 1b
    letter_already_planned: bool = False  # a weightier signal of the same mail is answered
    domain_state: AddressState | None = None  # of the address's domain; None when the subject is a domain itself
    tags: tuple[str, ...] = ()  # of the contact
    same_organisation: bool = False  # the sender's domain and the address's have one owner, no public mail provider
    breaker_batches: tuple[str, ...] = ()  # of the breakers that are open now
    objections: "Objections | None" = None  # policy row 4
    review: Review | None = None  # the one a Decision or Tick is about
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objections:
    """How often one receiving domain objected in the last day to our domain and IP, this one not counted."""

    our_domain: str
    our_ip: str
    earlier: int
    send_size: int  # mails of the same campaign to that domain; 0 when unknown
    told: bool  # the operator was alerted in this time


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """An earlier weak hard bounce of the same address."""

    at: datetime
    about: str  # the returned Message-ID, else the content key
