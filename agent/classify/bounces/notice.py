"""Whether a mail without a report is a notice of failure or delay, and which of its text is the notice itself.

No single mark is believed: a daemon also sends newsletters, and persons quote error texts. Two of three must agree:
who sent it, its subject, its words.
"""

import re
from dataclasses import dataclass

from agent.classify.evidence import is_daemon
from agent.mail.status import find_status
from agent.model.mail import AutomaticMark, ParsedMail
from agent.rules.catalog import Catalog
from agent.rules.schema import Kind, Stage

MAX_TEXT = 16_000
_SUBJECT, _SENDER = 300, 300

# Lines by which mailers announce the copy of the returned mail. Below them stand our own words.
_ANNOUNCED = re.compile(
    r"^[^\w\n]{0,40}(?:[^\n]{0,60}\b(?:is|are|of|here is|included is) )?"
    r"(?:(?:the |a |your )?(?:copy|headers?|beginning|contents?|summary|first part|first \d+ lines|top \d+ lines)"
    r" (?:of|and top)\b[^\n]{0,60}(?:message|mail|lines)"
    r"|(?:the |your )?(?:original|unsent|returned|undelivered|old|rejected|non-delivered) (?:e-?mail|message|information)"
    r"(?: text| headers?)?(?: follows?| below| details)?(?=[^\w\n]{0,90}$)"
    r"|start of returned message|message (?:headers?|body|text|details)(?: follows?| suppressed)?(?=[^\w\n]{0,90}$)"
    r"|mensaje original|mensagem original|message d'origine|messaggio originale|urspr[uü]ngliche nachricht"
    r"|исходное сообщение|оригинал письма|原邮件|原信件|附件中的|original mail info|元のメール)",
    re.IGNORECASE | re.MULTILINE,
)
# A header block that nothing announces: a trace field with two more fields after it.
_TRACE = re.compile(
    r"^[ \t]{0,8}(?:received|return-path|dkim-signature|message-id|x-originating-ip|mime-version)[ \t]?:[^\n]*\n"
    r"(?:[^\n]*\n){0,6}?[ \t]{0,8}(?:received|from|to|date|subject|message-id|content-type|x-[\w-]+)[ \t]?:",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_OURS = ("disposition-notification", "feedback-report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail that says it was written because another one failed, or is late."""

    text: str  # up to the returned copy
    rest: str  # the returned copy, as far as it stands in the text
    delayed: bool
    rule: str = ""


def body_of(mail: ParsedMail) -> str:
    """What the mail system itself wrote."""
    return split_body(mail)[0]


def split_body(mail: ParsedMail) -> tuple[str, str]:
    """The notice, and the copy of the returned mail below it."""
    text = mail.text[:MAX_TEXT]
    ends = [match.start() for match in (_ANNOUNCED.search(text), _TRACE.search(text)) if match]
    end = min(ends, default=len(text))
    return text[:end], text[end:]


def read_notice(mail: ParsedMail, catalog: Catalog) -> Notice | None:
    """The notice this mail is, or None."""
    kind = mail.headers.first("Content-Type").lower()
    if any(word in kind for word in _NOT_OURS):
        return None  # a read receipt says that it arrived (RFC 8098)
    subject = catalog.find(Stage.NOTICE_SUBJECT, mail.subject[:_SUBJECT])
    daemon = _by_daemon(mail, catalog)
    if not (subject or daemon or mail.return_path == ""):
        return None
    text, rest = split_body(mail)
    said = catalog.find(Stage.NOTICE_TEXT, text)
    kinds = {hit.rule.yields.kind for hit in (*subject, *said)}
    if Kind.AUTOREPLY in kinds:
        return None
    if not (said and (subject or daemon or mail.return_path == "")) and not (
        daemon and (subject or _names_error(text, catalog)) or (subject and _names_error(text, catalog))
    ):
        return None
    rule = next((hit.rule.id for hit in (*said, *subject)), "daemon")
    return Notice(text=text, rest=rest, delayed=Kind.DELAY in kinds, rule=rule)


def _by_daemon(mail: ParsedMail, catalog: Catalog) -> bool:
    return (
        AutomaticMark.REPORT in mail.automatic
        or is_daemon(mail)
        or bool(catalog.find(Stage.NOTICE_SENDER, mail.headers.first("From")[:_SENDER]))
        or bool(mail.headers.first("X-Failed-Recipients"))
    )


def _names_error(text: str, catalog: Catalog) -> bool:
    return find_status(text)[:1] in ("4", "5") or bool(catalog.find(Stage.BOUNCE_TEXT, text))
