"""What a rule file may say: `[[rule]]`, `[[status]]` and `[[reporter]]` entries, each checked by type and by name."""

from enum import Enum

import msgspec

from agent.model.signal import BounceReason, Confidence


class Stage(Enum):
    """Which text a rule is held against; one matcher each."""

    KEYWORD = "keyword"  # the whole own text, punctuation off, at most five words
    CLIENT = "client"  # the whole own text, as a mail program writes it for its user
    WORDING = "wording"  # anywhere in the own text
    AUTO_REPLY = "auto_reply"  # anywhere in the subject
    BOUNCE_TEXT = "bounce_text"  # anywhere in a diagnostic or report


class Kind(Enum):
    """What a rule yields, in the words of `classify --json`."""

    UNSUBSCRIBE = "unsubscribe"
    RESUBSCRIBE = "resubscribe"
    AUTOREPLY = "autoreply"
    BOUNCE = "bounce"


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
    """Somebody who sends feedback reports, known by the domain that signs them."""

    id: str
    signer: str
    source: str = ""
