"""One mail to its signals. Authority goes by how a thing was said, never by how loud; the steps below are the order."""

from agent.classify.auto_reply import auto_reply
from agent.classify.bounce import bounces
from agent.classify.complaint import complaints
from agent.classify.evidence import by_robot
from agent.classify.opt_out import by_address, by_keyword, by_token, by_wording
from agent.classify.preference import resubscribe
from agent.classify.reply import reply
from agent.model.mail import ParsedMail, Role
from agent.model.proof import Proof
from agent.model.signal import Signal, weightiest_first
from agent.rules.catalog import Catalog


def classify(mail: ParsedMail, proof: Proof, role: Role | None, catalog: Catalog) -> tuple[Signal, ...]:
    """All signals of one mail, the weightiest first; an empty tuple is a result (kind `other`), not an error.

    The first step that says anything is believed, the later ones are not asked.
    """
    signals = (
        # 1. What a click sends. No filter may swallow it, also when a mail program sent it in its user's name.
        by_token(mail, proof)
        or by_address(mail, proof, role, catalog)
        # 2. Reports: their form is fixed, and their texts quote anything.
        or complaints(mail, proof, catalog)
        or bounces(mail, proof, catalog)
        # 3. Robots, before any word is read: a vacation note may well say "unsubscribe".
        or auto_reply(mail, proof, catalog)
    )
    if not signals and not by_robot(mail):
        # 4. A person's words, the shortest first; what asks for nothing is an ordinary reply.
        signals = (
            by_keyword(mail, proof, catalog)
            or resubscribe(mail, proof, catalog)
            or by_wording(mail, proof, catalog)
            or reply(mail, proof)
        )
    return weightiest_first(signals)
