"""The way back from a START letter: a mail that carries its one-use token."""

from agent.classify.evidence import answerable, by_robot, from_sender, token_of
from agent.model.mail import ParsedMail, Purpose
from agent.model.proof import Proof
from agent.model.signal import Resubscribe, Signal


def confirmation(mail: ParsedMail, proof: Proof) -> tuple[Signal, ...]:
    """A verified c token in the Subject confirms (policy row 23), whatever the text says. A robot cannot."""
    token = token_of(proof, (Purpose.CONFIRM,), ("subject",))
    if mail.sender is None or token is None or by_robot(mail):
        return ()
    return (
        Resubscribe(
            address=mail.sender,
            evidence=from_sender(proof, "token:c", mail.subject, token),
            answerable=answerable(mail),
            confirmed=True,
        ),
    )
