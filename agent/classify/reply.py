"""An ordinary reply: a person wrote something, and it asks for nothing this program does."""

from agent.classify.evidence import TO_MANY, clipped, from_sender
from agent.classify.spoken import Heard
from agent.model.mail import ParsedMail
from agent.model.proof import Proof
from agent.model.signal import HumanReply, Signal
from agent.rules.schema import Kind


def reply(mail: ParsedMail, proof: Proof) -> tuple[Signal, ...]:
    """A human reply, or nothing when nobody can be named or nothing can be read."""
    if mail.sender is None or not mail.own_text.strip() or not TO_MANY.isdisjoint(mail.automatic):
        return ()
    return (HumanReply(address=mail.sender, evidence=from_sender(proof, "reply", clipped(mail.own_text))),)


def advertises(mail: ParsedMail, heard: Heard) -> bool:
    """Advertising that was sent to us: it answers no mail of ours, and says so in words that buyers do not use."""
    answers = mail.headers.first("In-Reply-To") or mail.headers.first("References")
    return not answers and any(one.kind is Kind.JUNK for one in heard.weighed.requests)
