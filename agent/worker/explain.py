"""Shows stage by stage what led to a verdict: the mail as read, its tokens and proof, the rules, the signals, the plan.

It runs the very functions that reading and deciding run; for the plan nothing is known of the address.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.classify import classify, role_of
from agent.classify.explain import explain as weights
from agent.classify.weights import LIKELY, SURE
from agent.mail.parse import parse
from agent.mail.thread import references, written_at
from agent.model.address import AddressKey
from agent.model.dkim import KeyAnswer
from agent.model.mail import ParsedMail, RawMessage, Role
from agent.model.proof import Proof
from agent.model.settings import Identity, Limits, Settings
from agent.model.signal import Origin, Signal, kind_of
from agent.model.state import AddressState, Situation
from agent.policy.decide import decide
from agent.rules.catalog import Catalog
from agent.rules.schema import Stage
from agent.rules.speech import SPOKEN
from agent.trust.assess import assess
from agent.worker.read import ReadingKit

MAX_SHOWN = 300
_NOBODY = Settings(identity=Identity(company="-", postal_address="-", contact="nobody@invalid.example", domains=()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One stage, its lines ready to be read."""

    name: str
    lines: tuple[str, ...]


def explain(message: RawMessage, kit: ReadingKit, keys: tuple[KeyAnswer, ...] = ()) -> tuple[Section, ...]:
    """Every stage of one mail, in order."""
    settings = kit.settings or _NOBODY
    mail = parse(message, kit.settings.limits if kit.settings else Limits(), kit.markers)
    proof = assess(mail, message, kit.settings, kit.ring, keys, kit.own_keys)
    role = role_of(mail, message, kit.settings.addresses if kit.settings else None)
    signals = classify(mail, proof, role, kit.catalog)
    written = written_at(mail.headers)
    origin = Origin(  # as if it had come when it was written: an old file is not a mail too old to be answered
        door=message.source.door, received_at=written or message.received_at, role=role, content_key=mail.content_key,
        message_id=mail.message_id, sender=mail.sender, language=mail.language_hint, written_at=written,
        references=references(mail.headers),
    )  # fmt: skip
    stages = (
        ("The mail", _facts(mail, role)),
        ("Its own words", _quoted(mail.own_text)),
        ("Reports", _reports(mail)),
        ("Tokens", _tokens(mail, proof, ring=kit.ring is not None)),
        ("Proof", _proof(proof)),
        ("Rules that match", _rules(mail, kit.catalog)),
        ("Weights", _weights(mail, proof, role, kit.catalog)),
        ("Signals", _signals(signals)),
        ("What would be done, were nothing known of the address", _plans(signals, origin, settings)),
    )
    return tuple(Section(name=name, lines=tuple(map(_clipped, lines)) or ("none",)) for name, lines in stages)


def _facts(mail: ParsedMail, role: Role | None) -> Iterator[str]:
    yield f"from {mail.sender or 'nobody that can be named'}, return path {_path(mail.return_path)}"
    yield f"to {', '.join(map(str, mail.to)) or 'nobody'}; role {role.value if role else 'none'}"
    yield f"subject {mail.subject!r}"
    yield f"language {mail.language_hint or 'unknown'}; {mail.content_type or 'no content type'}"
    if mail.automatic:
        yield f"automatic: {', '.join(mark.value for mark in mail.automatic)}"
    if mail.defects:
        yield f"defects: {', '.join(mail.defects)}"


def _path(path: str | None) -> str:
    return "unknown" if path is None else f"<{path}>"


def _quoted(text: str) -> Iterator[str]:
    lines = text.strip().splitlines()
    yield from (f"| {line}" for line in lines[:20])
    if len(lines) > 20:
        yield f"and {len(lines) - 20} lines more"


def _reports(mail: ParsedMail) -> Iterator[str]:
    for report in mail.dsn.recipients if mail.dsn else ():
        action = report.action.value if report.action else "no action"
        yield f"{report.final_recipient or report.original_recipient}: {action}, {report.status or 'no status'}"
        yield f"  {report.diagnostic}"
    if mail.arf:
        yield f"feedback {mail.arf.feedback_type!r} by {mail.arf.user_agent!r} about {mail.arf.original_rcpt_to}"
    if mail.other_report:
        yield f"feedback {mail.other_report!r}, which is no complaint"


def _tokens(mail: ParsedMail, proof: Proof, *, ring: bool) -> Iterator[str]:
    verified = {(token.purpose, token.id, token.place) for token in proof.tokens}
    for text in mail.tokens:
        unproven = "not ours, or changed" if ring else "no key ring to try it with"
        word = "verified" if (text.purpose, text.id, text.place) in verified else unproven
        yield f"{text.purpose.value} ({text.purpose.name.lower()}) {text.id} in {text.place}: {word}"


def _proof(proof: Proof) -> Iterator[str]:
    yield f"From is {'proven' if proof.authenticated else 'not proven'}"
    if proof.signers:
        yield f"signed by {', '.join(proof.signers)}"
    if proof.own_relay:
        yield "made by our own relay"
    if proof.own_signature:
        yield f"our own signature on the returned mail to {proof.own_signature}"
    yield from proof.why


def _rules(mail: ParsedMail, catalog: Catalog) -> Iterator[str]:
    """Each stage is shown the text it would be held against; that a rule matches does not say that it was asked."""
    said = "\n".join(report.diagnostic for report in mail.dsn.recipients) if mail.dsn else mail.text
    texts = {
        Stage.CLIENT: mail.own_text,
        Stage.AUTO_REPLY: mail.subject,
        Stage.BOUNCE_TEXT: said,
        Stage.NOTICE_SENDER: mail.headers.first("From"),
        Stage.NOTICE_SUBJECT: mail.subject,
        Stage.NOTICE_TEXT: mail.text,
    }
    for stage in Stage:
        if stage not in SPOKEN:
            yield from (f"{stage.value}:{hit.rule.id} {hit.excerpt!r}" for hit in catalog.find(stage, texts[stage]))


def _weights(mail: ParsedMail, proof: Proof, role: Role | None, catalog: Catalog) -> Iterator[str]:
    """Every request that was found, and below it what its points are made of."""
    for step in weights(mail, proof, role, catalog):
        kind, _, rule = step.name.partition(": ")
        if not rule:
            yield f"  {step.name} {step.points:+d}{f' ({step.seen.strip()})' if step.seen else ''}"
        elif kind != "verdict":
            word = "sure" if step.points >= SURE else "likely" if step.points >= LIKELY else "refused"
            yield f"{step.name}, {step.points} points, {word}: {step.seen.strip()!r}"


def _signals(signals: tuple[Signal, ...]) -> Iterator[str]:
    for signal in signals:
        evidence = signal.evidence
        strength = f"E{evidence.strength.value}, {evidence.confidence.value}"
        yield f"{kind_of(signal)} of {signal.address or 'nobody'}: {evidence.rule}, {strength}, {evidence.excerpt!r}"


def _plans(signals: tuple[Signal, ...], origin: Origin, settings: Settings) -> Iterator[str]:
    answered = False
    for signal in signals:
        key = signal.address or AddressKey(local="", domain="")
        facts = Situation(state=AddressState(key=key), origin=origin, letter_already_planned=answered)
        plan = decide(signal, facts, settings, origin.received_at)
        answered = answered or bool(plan.effects)
        yield f"row {plan.row}: {plan.reason}"
        for state in plan.states:
            for standing in state.standings:
                until = f"until {standing.until:%Y-%m-%d}" if standing.until else "for ever"
                yield f"  {state.key}: {standing.state.value}, {standing.scope}, {until}"
        yield from (f"  letter {effect.kind.value} in {effect.language}" for effect in plan.effects)
        yield from (f"  alert: {line}" for line in (plan.alert,) if line)


def _clipped(line: str) -> str:
    """One line of bounded length without anything that could steer a terminal."""
    clean = "".join(c if c.isprintable() else " " for c in line)
    return clean if len(clean) <= MAX_SHOWN else f"{clean[:MAX_SHOWN]}..."
