"""How well a signal of this mail is proven, and whether its sender may get an answer."""

import re

from agent.model.mail import AutomaticMark, ParsedMail, Purpose, Token
from agent.model.proof import Proof
from agent.model.signal import MAX_EXCERPT, Confidence, Evidence, Strength

# Marks of a robot that answers by itself. List headers, bulk precedence and a wish for no answers say nothing about
# who wrote the words.
_ROBOT = frozenset(
    {
        AutomaticMark.AUTO_SUBMITTED,
        AutomaticMark.AUTO_REPLIED,
        AutomaticMark.NULL_SENDER,
        AutomaticMark.REPORT,
    }
)
# Bulk mail and list posts are written by persons, but not to us.
TO_MANY = frozenset({AutomaticMark.MAILING_LIST, AutomaticMark.PRECEDENCE, AutomaticMark.LOOP})
# Fewer than the senders that are never answered: `shop-owner@` and `sales-request@` may be persons.
_DAEMON = re.compile(r"mail(?:er)?[-_.]?daemon|postmaster|no[-_.]?reply|do[-_.]?not[-_.]?reply")


def from_sender(
    proof: Proof,
    rule: str,
    excerpt: str = "",
    token: Token | None = None,
    confidence: Confidence = Confidence.SURE,
) -> Evidence:
    """Evidence for what the sender says about himself: E3 with our token, E2 when authenticated, else E1."""
    strength = Strength.E2 if proof.authenticated else Strength.E1
    return Evidence(
        rule=rule,
        excerpt=clipped(excerpt),
        strength=Strength.E3 if token else strength,
        confidence=confidence,
        token=token,
        authenticated=proof.authenticated,
    )


def clipped(text: str) -> str:
    """An excerpt: one line of at most 200 characters."""
    return " ".join(text[: 4 * MAX_EXCERPT].split())[:MAX_EXCERPT]


def token_of(proof: Proof, purposes: tuple[Purpose, ...], places: tuple[str, ...]) -> Token | None:
    """The first verified token of these purposes that stands in one of these places."""
    for token in proof.tokens:
        if token.purpose in purposes and token.place in places:
            return token
    return None


def by_robot(mail: ParsedMail) -> bool:
    """Whether no person wrote this mail."""
    reports = mail.dsn is not None or mail.arf is not None
    return reports or is_daemon(mail) or not _ROBOT.isdisjoint(mail.automatic)


def is_daemon(mail: ParsedMail) -> bool:
    """Whether the sender's address is a mail system's, or one that is not read."""
    return mail.sender is not None and _DAEMON.match(mail.sender.local) is not None


def answerable(mail: ParsedMail) -> bool:
    """RFC 3834 section 2: nothing with any mark of a machine or a list is answered, nor is who cannot be named."""
    return not mail.automatic and mail.sender is not None and mail.dsn is None and mail.arf is None
