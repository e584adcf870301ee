"""What a person wants short of leaving; for now the way back: START, or the mail from a START letter."""

from agent.classify.evidence import answerable, by_robot, from_sender, token_of
from agent.classify.opt_out import keyword
from agent.model.mail import ParsedMail, Purpose
from agent.model.proof import Proof
from agent.model.signal import Resubscribe, Signal
from agent.rules.catalog import Catalog
from agent.rules.schema import Kind


def resubscribe(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """A verified c token in the Subject confirms (policy row 23); a START keyword asks. A robot can do neither."""
    if mail.sender is None or by_robot(mail):
        return ()
    token = token_of(proof, (Purpose.CONFIRM,), ("subject",))
    hit = keyword(mail, catalog, Kind.RESUBSCRIBE)
    if token is None and hit is None:
        return ()
    rule, excerpt = (f"keyword:{hit.rule.id}", hit.excerpt) if hit and not token else ("token:c", mail.subject)
    return (
        Resubscribe(
            address=mail.sender,
            evidence=from_sender(proof, rule, excerpt, token),
            answerable=answerable(mail),
            confirmed=token is not None,
        ),
    )
