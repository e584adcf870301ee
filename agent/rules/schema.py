"""What a rule file may say: `[[rule]]`, `[[status]]` and `[[reporter]]` entries, each checked by type and by name."""

from enum import Enum

import msgspec

from agent.model.signal import BounceReason, Confidence


class Stage(Enum):
    """Which text a rule is held against; one matcher each."""

    KEYWORD = "keyword"  # the whole own text, punctuation and courtesy off, at most five words
    CLIENT = "client"  # the whole own text, as a mail program writes it for its user
    WORDING = "wording"  # anywhere in a sentence of the own text
    AUTO_REPLY = "auto_reply"  # anywhere in the subject
    BOUNCE_TEXT = "bounce_text"  # anywhere in a diagnostic or report
    NOTICE_SENDER = "notice_sender"  # anywhere in the From field of a failure notice
    NOTICE_SUBJECT = "notice_subject"  # anywhere in its subject
    NOTICE_TEXT = "notice_text"  # anywhere in its text, down to the returned copy


class Kind(Enum):
    """What a rule yields, in the words of `classify --json`."""

    UNSUBSCRIBE = "unsubscribe"
    RESUBSCRIBE = "resubscribe"
    TOPIC = "unsubscribe_topic"
    PAUSE = "pause"
    FREQUENCY = "change_frequency"
    ERASE = "erase"
    ACCESS = "access"
    COMPLAINT = "complaint"
    GONE = "gone"  # a person who left, died or never was there
    AUTOREPLY = "autoreply"
    BOUNCE = "bounce"
    REASON = "reason"  # no request by itself: why somebody leaves
    JUNK = "other"  # advertising that was sent to us
    DELAY = "delay"


class Yields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reading a rule stands for. `reason` is a word of the kind's own list, or empty."""

    kind: Kind
    reason: str = ""
    scope: str = "all"


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry: how it is recognised, what it yields, and the texts that prove it.

    Exactly one of `phrases` (plain words, folded here) and `pattern` (re2, written in folded form) is given.
    """

    id: str
    stage: Stage
    yields: Yields
    samples: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    pattern: str = ""
    confidence: Confidence = Confidence.SURE
    decisive: bool = False  # a provider's own words: they outweigh the status code and every other rule
    never_with: tuple[str, ...] = ()  # phrases whose presence in the same text takes the reading back
    counter_samples: tuple[str, ...] = ()
    source: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A status code of RFC 3463 and the reason it means. `decisive`: it outweighs what the text says."""

    code: str
    reason: BounceReason
    decisive: bool = False
    source: str = ""


class Reporter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who sends feedback reports, known by the domain that signs them. `sender` is the one From address that
    reports where the same domain signs the mail of everybody who has a mailbox there.
    """

    id: str
    signer: str
    sender: str = ""
    source: str = ""
