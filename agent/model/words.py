"""The closed vocabularies of signals: how well proven, how sure, why, in which form, and what is decided."""

from enum import Enum, IntEnum


class Strength(IntEnum):
    """How well a signal is proven (POLICY.md section 2)."""

    E0 = 0  # a placeholder, nobody's address
    E1 = 1  # unproven, but the address is ours to know
    E2 = 2  # DKIM or DMARC aligned From, or a trusted reporter
    E3 = 3  # our own token; for a bounce also our own relay or our own DKIM signature


class Confidence(Enum):
    """How sure the reading itself is: `sure` acts, `likely` goes to review."""

    SURE = "sure"
    LIKELY = "likely"


class BounceReason(Enum):
    """Sisimai's words in snake_case (DESIGN.md section 4)."""

    AUTH_FAILURE = "auth_failure"
    BAD_REPUTATION = "bad_reputation"
    BLOCKED = "blocked"
    CONTENT_ERROR = "content_error"
    DELIVERED = "delivered"
    EXCEED_LIMIT = "exceed_limit"
    EXPIRED = "expired"
    FAILED_STARTTLS = "failed_starttls"
    FEEDBACK = "feedback"
    FILTERED = "filtered"
    HAS_MOVED = "has_moved"
    HOST_UNKNOWN = "host_unknown"
    MAILBOX_FULL = "mailbox_full"
    MAILER_ERROR = "mailer_error"
    MESG_TOO_BIG = "mesg_too_big"
    NETWORK_ERROR = "network_error"
    NO_RELAYING = "no_relaying"
    NOT_ACCEPT = "not_accept"
    NOT_COMPLIANT_RFC = "not_compliant_rfc"
    ON_HOLD = "on_hold"
    POLICY_VIOLATION = "policy_violation"
    REJECTED = "rejected"
    REQUIRE_PTR = "require_ptr"
    SECURITY_ERROR = "security_error"
    SPAM_DETECTED = "spam_detected"
    SPEEDING = "speeding"
    SUSPEND = "suspend"
    SYNTAX_ERROR = "syntax_error"
    SYSTEM_ERROR = "system_error"
    SYSTEM_FULL = "system_full"
    TOO_MANY_CONN = "too_many_conn"
    UNDEFINED = "undefined"
    USER_UNKNOWN = "user_unknown"
    VACATION = "vacation"
    VIRUS_DETECTED = "virus_detected"


class OptOutReason(Enum):
    """Why a person leaves (DESIGN.md section 3)."""

    TOO_FREQUENT = "too_frequent"
    NOT_RELEVANT = "not_relevant"
    NO_LONGER_NEEDED = "no_longer_needed"
    LEFT_COMPANY = "left_company"
    NEVER_SIGNED_UP = "never_signed_up"
    OTHER_CHANNEL = "other_channel"
    COMPLAINT_WORDS = "complaint_words"  # POLICY.md row 11b
    OTHER = "other"


class Manner(Enum):
    """In which form an opt-out was said; it picks the row of the policy."""

    ADDRESS = "address"  # mail to an unsubscribe address, or a client's own mark
    KEYWORD = "keyword"  # the whole own text is one opt-out keyword
    WORDING = "wording"  # opt-out words inside a sentence
    PERSON_GONE = "person_gone"  # "he left", "wrong person": row 10b
    COMPLAINT_WORDS = "complaint_words"  # an angry human: row 11b
    ONE_CLICK = "one_click"
    FORM = "form"
    REASON = "reason"  # an answer to our letter that only says why; it sets nothing


class PreferenceKind(Enum):
    PAUSE = "pause"
    FREQUENCY = "change_frequency"
    TOPIC = "unsubscribe_topic"


class PrivacyKind(Enum):
    ERASE = "erase"
    ACCESS = "access"


class OrderKind(Enum):
    SUPPRESS = "suppress"
    LIFT = "lift"


class Verdict(Enum):
    """What a person decides about a review, and how a ticket ends."""

    OPT_OUT = "opt_out"
    PAUSE = "pause"
    INACTIVE = "inactive"
    RESUBSCRIBE = "resubscribe"
    REPLY = "reply"  # an ordinary reply: nothing stops
    NOTHING = "nothing"
    DONE = "done"  # a ticket is carried out
    ERASED = "erased"  # an erasure ticket is carried out here


class Timer(Enum):
    """What a Tick may be about; the word stands in `Tick.timer`."""

    DOMAIN = "domain"  # look at the DNS again
    REVIEW = "review"  # nobody decided in time
    PROVISIONAL = "provisional"  # a breaker has had its time
    REMINDER = "reminder"  # a pause will end soon
    STRANGER = "stranger"  # an opt-out of nobody's address will run out
