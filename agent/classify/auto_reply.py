"""Robots that answer: out of office, receipts, tickets; known by their header marks, then by their subject lines."""

from agent.classify.evidence import from_sender
from agent.model.mail import AutomaticMark, ParsedMail
from agent.model.proof import Proof
from agent.model.signal import AutoReply, Signal
from agent.rules.catalog import Catalog
from agent.rules.schema import Stage


def auto_reply(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """An automatic answer, or nothing: a report, or a mail that a machine merely generated, answers nobody."""
    if mail.dsn is not None:
        return ()
    rule, excerpt = _mark(mail), mail.subject
    if not rule:
        hit = next(iter(catalog.find(Stage.AUTO_REPLY, mail.subject)), None)
        rule, excerpt = (f"auto_reply:{hit.rule.id}", hit.excerpt) if hit else ("", "")
    if not rule:
        return ()
    return (AutoReply(address=mail.sender, evidence=from_sender(proof, rule, excerpt)),)


def _mark(mail: ParsedMail) -> str:
    """RFC 3834 section 5: `auto-replied` is an answer, and so is anything generated that refers to a mail; but mail
    systems put both on their failure notices too.
    """
    if AutomaticMark.DAEMON_SENDER in mail.automatic:
        return ""
    answers = mail.headers.first("In-Reply-To") or mail.headers.first("References")
    if AutomaticMark.AUTO_REPLIED in mail.automatic:
        return f"header:{AutomaticMark.AUTO_REPLIED.value}"
    generated = AutomaticMark.AUTO_SUBMITTED in mail.automatic and answers
    return f"header:{AutomaticMark.AUTO_SUBMITTED.value}" if generated else ""
