"""Robots that answer: out of office, receipts, tickets; known by header marks, by Subject, or by their own words."""

from agent.classify.evidence import from_sender
from agent.classify.sentences import sentences
from agent.classify.spoken import Heard
from agent.classify.understand import limit_of
from agent.classify.weigh import weigh
from agent.classify.weights import SURE, Request, Weighed
from agent.mail.thread import written_at
from agent.model.mail import AutomaticMark, ParsedMail
from agent.model.proof import Proof
from agent.model.signal import AutoReply, Confidence, Manner, OptOut, OptOutReason, Signal
from agent.rules.catalog import Catalog
from agent.rules.schema import Kind, Stage


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
    weighed = weigh(sentences(mail.own_text, catalog.speech.abbreviations), catalog.speech)
    gone = _gone(weighed)
    if gone is not None and mail.sender is not None:
        return (_person_gone(mail, proof, gone),)
    return (_reply(mail, proof, rule, excerpt, weighed, catalog),)


def spoken_reply(mail: ParsedMail, proof: Proof, heard: Heard, catalog: Catalog) -> tuple[Signal, ...]:
    """An automatic answer without any mark, by its own words: "this is an automatic reply"."""
    robots = [one for one in heard.weighed.requests if one.kind is Kind.AUTOREPLY and one.points >= SURE]
    if not robots:
        return ()
    gone = _gone(heard.weighed)
    if gone is not None and mail.sender is not None:
        return (_person_gone(mail, proof, gone),)
    rule = f"wording:{robots[0].rule.id}"
    return (_reply(mail, proof, rule, robots[0].excerpt, heard.weighed, catalog),)


def _reply(mail: ParsedMail, proof: Proof, rule: str, excerpt: str, weighed: Weighed, catalog: Catalog) -> AutoReply:
    until = limit_of(weighed, catalog.speech, written_at(mail.headers))
    return AutoReply(address=mail.sender, evidence=from_sender(proof, rule, excerpt), until=until)


def _gone(weighed: Weighed) -> Request | None:
    return next((one for one in weighed.requests if one.kind is Kind.GONE and one.points >= SURE), None)


def _person_gone(mail: ParsedMail, proof: Proof, gone: Request) -> OptOut:
    """Policy row 10: a robot's word that somebody left is for a person to read."""
    assert mail.sender is not None
    evidence = from_sender(proof, f"wording:{gone.rule.id}", gone.excerpt, confidence=Confidence.LIKELY)
    return OptOut(
        address=mail.sender,
        evidence=evidence,
        answerable=False,
        manner=Manner.PERSON_GONE,
        reason=OptOutReason.LEFT_COMPANY,
    )


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
