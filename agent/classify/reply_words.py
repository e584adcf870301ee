"""Answers to our own letters: a number for the reason, or one of the words they offer.

Nothing of this counts in other mail. That it answers a letter of ours is proven by the token in that letter's
Message-ID, which comes back in In-Reply-To or References, or in the Subject when one of its links was used.
"""

import re

from agent.classify.evidence import answerable, by_robot, from_sender, token_of
from agent.model.mail import ParsedMail, Purpose
from agent.model.proof import Proof
from agent.model.signal import (
    AutoReply,
    Manner,
    OptOut,
    OptOutReason,
    Preference,
    PreferenceKind,
    Privacy,
    Resubscribe,
    Signal,
    is_only_possible,
)
from agent.rules.catalog import Catalog
from agent.rules.reply_words import Meaning, ReplyWord

_PREFERENCES = {ReplyWord.PAUSE: PreferenceKind.PAUSE, ReplyWord.LESS: PreferenceKind.FREQUENCY}
_TOKEN_IN_SUBJECT = re.compile(r"\s*\br[a-z0-9][a-z2-7]{29}\b\s*", re.IGNORECASE)


def reply_words(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """What a person answered to a letter of ours, or nothing; whether it was a letter, the send log has to say."""
    token = token_of(proof, (Purpose.REPLY,), ("references", "subject"))
    confirms = token_of(proof, (Purpose.CONFIRM,), ("subject",)) is not None  # says more than any word
    if token is None or confirms or mail.sender is None or by_robot(mail):
        return ()
    meaning, said = _read(mail, catalog, in_subject=token_of(proof, (Purpose.REPLY,), ("subject",)) is not None)
    if meaning is None:
        return ()
    evidence = from_sender(proof, f"reply_word:{meaning.value}", said, token)
    match meaning:
        case OptOutReason():
            return (
                OptOut(
                    address=mail.sender,
                    evidence=evidence,
                    answerable=answerable(mail),
                    manner=Manner.REASON,
                    reason=meaning,
                ),
            )
        case ReplyWord.START:
            return (Resubscribe(address=mail.sender, evidence=evidence, answerable=answerable(mail)),)
        case ReplyWord.PAUSE | ReplyWord.LESS:
            kind = _PREFERENCES[meaning]
            return (Preference(address=mail.sender, evidence=evidence, answerable=answerable(mail), kind=kind),)


def beside(answered: tuple[Signal, ...], spoken: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """The answer together with what the rest of the text asks for. A request about data is never lost behind a number;
    and who writes a pause and an opt-out into one mail means the opt-out. One that is only possible waits beside it.
    """
    if not answered or any(isinstance(one, AutoReply) for one in spoken):
        return spoken
    leaving = () if isinstance(answered[0], OptOut) else tuple(one for one in spoken if isinstance(one, OptOut))
    if not all(map(is_only_possible, leaving)):
        return spoken
    return (*answered, *(one for one in spoken if isinstance(one, Privacy)), *leaving)


def _read(mail: ParsedMail, catalog: Catalog, *, in_subject: bool) -> tuple[Meaning | None, str]:
    """The first line the person wrote; a signature and anything else may follow. A used link says it in its Subject."""
    line = mail.own_text.strip().partition("\n")[0].strip()
    meaning = catalog.reply_words.read(line) if line else None
    if meaning is None and in_subject:
        line = _TOKEN_IN_SUBJECT.sub(" ", mail.subject).strip()
        meaning = catalog.reply_words.read(line)
    return meaning, line
