"""At which step of the SMTP dialogue a mail was refused, as the reporting system's text tells it.

"User unknown" after RCPT is said of the recipient; after DATA it is a filter that will not say so.
"""

import re
from enum import Enum


class Step(Enum):
    """RFC 5321 section 3; `UNKNOWN`: the text does not tell."""

    CONNECT = "connect"
    HELO = "helo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    UNKNOWN = "unknown"


# Each line is what one or more mailers write: Postfix, Exim, qmail, Google, GMX, Yahoo, sendmail, OpenSMTPD. The first
# line of the pattern adds nothing but speed: within a word none of them begins.
_WORDS = re.compile(
    r"(?=[abdfhirsw\[(])(?:(?<![a-z])|(?=[\[(]))(?:"
    r"(?:in\s+reply\s+to|after|following|did not like our|for|during(?: the)?|in response to|while performing the"
    r"|sent <<<|smtp command|hmailserver sent:)\s+(?:the )?"
    r"(?:(?P<rcpt>rcpt)|(?P<mail>mail[ _]from\b)|(?P<helo>[eh][he]lo\b)"
    r"|(?P<data>end[ -]of[ -]data|end of message|data\b|text command)"
    r"|(?P<connect>initial connection|connect\b|banner|greeting))"
    r"|(?P<rcpt_said>does not like recipient|\[rcpt_to\]|\(state 1[34]\))"
    r"|(?P<mail_said>but sender was rejected|\[mail_from\])"
    r"|(?P<data_said>failed after i sent the message|\(state (?:1[5-9]|2\d)\))"
    r"|(?P<helo_said>but my name was rejected)"
    r"|(?P<connect_said>refused to talk to me|but greeting failed|but connection died|reading banner))"
)
# Courier turns the arrows round.
_SENT = re.compile(r"^[<>]{3} *(rcpt|mail|data|ehlo|helo|\.)|^[<>]{3} *[45]\d\d", re.MULTILINE)
# Postfix and Exchange, Cisco, MailEnable and GroupWise say it there.
_AT_RCPT = re.compile(
    r"recipient (?:address )?rejected|unknown address error|mailbox unavailable or not local|\(user not found\)"
)
_BY_COMMAND = {
    "rcpt": Step.RCPT,
    "mail": Step.MAIL,
    "data": Step.DATA,
    ".": Step.DATA,
    "ehlo": Step.HELO,
    "helo": Step.HELO,
}


def find_step(text: str) -> Step:
    """The step the text names, by its words or by the transcript in it."""
    text = text.lower()
    match = _WORDS.search(text)
    if match is not None and match.lastgroup:
        return Step(match.lastgroup.removesuffix("_said"))
    return _in_transcript(text)


def implied_step(text: str) -> Step:
    """Where such a text is usually said, for one that does not tell."""
    return Step.RCPT if _AT_RCPT.search(text.lower()) else Step.UNKNOWN


def _in_transcript(text: str) -> Step:
    """Sendmail shows the dialogue: the command before the first refusal."""
    last = Step.UNKNOWN
    for match in _SENT.finditer(text):
        if match[1] is None:
            return last
        last = _BY_COMMAND[match[1]]
    return last
