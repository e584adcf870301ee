"""One mail to its signals. Authority goes by how a thing was said, never by how loud; the steps below are the order."""

from agent.classify.auto_reply import auto_reply, spoken_reply
from agent.classify.bounces import bounces
from agent.classify.complaint import complaints
from agent.classify.evidence import by_robot
from agent.classify.opt_out import by_address, by_token
from agent.classify.preference import confirmation
from agent.classify.reply import advertises, reply
from agent.classify.reply_words import beside, reply_words
from agent.classify.spoken import asks, hear, signals
from agent.model.mail import ParsedMail, Role
from agent.model.proof import Proof
from agent.model.signal import OptOut, Signal, is_only_possible, weightiest_first
from agent.rules.catalog import Catalog


def classify(mail: ParsedMail, proof: Proof, role: Role | None, catalog: Catalog) -> tuple[Signal, ...]:
    """All signals of one mail, the weightiest first; an empty tuple is a result (kind `other`), not an error.

    The first step that says anything is believed, the later ones are not asked.
    """
    if mail.other_report:  # numbers about our mail, or a report about something else: only a click counts beside it
        return by_token(mail, proof)
    answered = reply_words(mail, proof, catalog)
    found = (
        # 1. What a click sends. No filter may swallow it, also when a mail program sent it in its user's name.
        by_token(mail, proof)
        or (() if answered else by_address(mail, proof, role, catalog))
        # 2. Reports: their form is fixed, and their texts quote anything.
        or complaints(mail, proof, catalog)
        or bounces(mail, proof, catalog)
        # 3. Robots, before any word is read: a vacation note may well say "unsubscribe".
        or auto_reply(mail, proof, catalog)
    )
    if not found and not by_robot(mail):
        # 4. A person's words; what asks for nothing is an ordinary reply.
        found = beside(answered, _by_words(mail, proof, catalog))
    return weightiest_first(found)


def _by_words(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    heard = hear(mail, catalog)
    said = signals(mail, proof, heard, catalog)
    leaves = any(isinstance(signal, OptOut) for signal in said)
    # A robot without any mark may be a person who is away: what he asks for counts.
    robot = () if asks(heard) else spoken_reply(mail, proof, heard, catalog)
    settled = robot or (() if leaves else confirmation(mail, proof))
    if settled or any(not is_only_possible(signal) for signal in said):
        return settled or said
    return (*(() if advertises(mail, heard) else reply(mail, proof)), *said)
