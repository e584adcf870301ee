"""Whether a mail without a report is a notice of failure or delay, and which of its text is the notice itself.

No single mark is believed: a daemon also sends newsletters, and persons quote error texts. Two of three must agree:
who sent it, its subject, its words.
"""

import re

import msgspec

from agent.classify.evidence import is_daemon
from agent.mail.status import find_reply_code, find_status
from agent.model.mail import AutomaticMark, ParsedMail
from agent.rules.catalog import Catalog
from agent.rules.match import Words
from agent.rules.schema import Kind, Stage

MAX_TEXT = 16_000
_SUBJECT, _SENDER = 300, 300

# Lines by which mailers announce the copy of the returned mail. Below them stand our own words.
_ANNOUNCED = re.compile(
    r"[^\w\n]{0,40}(?:[^\n]{0,60}\b(?:is|are|of) )?"
    r"(?:(?:the |a |your )?(?:copy|headers?|beginning|contents?|summary|first part|first \d+ lines|top \d+ lines)"
    r" (?:of|and top)\b[^\n]{0,60}(?:message|mail|lines)"
    r"|(?:the |your )?(?:original|unsent|returned|undelivered|old|rejected) (?:e-?mail|message)"
    r"(?: text| headers?)?(?: follows?| below| details)?(?=[^\w\n]{0,90}$)"
    r"|start of returned message|message (?:headers?|body|text|details)(?: follows?| suppressed)?(?=[^\w\n]{0,90}$)"
    r"|mensaje original|mensagem original|message d'origine|messaggio originale|urspr[uü]ngliche nachricht"
    r"|исходное сообщение|оригинал письма|原邮件(?!信息)|原信件|附件中的|original mail info|元のメール)",
    re.MULTILINE,
)
_ANNOUNCING = Words((
    "copy of", "original m", "original e", "header", "message body", "message text", "message details", "contents of",
    "content of", "summary of", "beginning of", "first part of", " lines of", "unsent m", "returned m", "undelivered m",
    "old message", "rejected m", "mensaje o", "mensagem o", "message d'o", "messaggio o", "liche nachricht",
    "исходное", "оригинал", "原邮件", "原信件", "附件中的", "元のメール",
))  # fmt: skip
# A header block that nothing announces: a trace field with another field within a few lines.
_TRACE = re.compile(
    r"[ \t]{0,8}[\w-]+[ \t]?:[^\n]*\n"
    r"(?:[^\n]*\n){0,6}?[ \t]{0,8}(?:received|from|to|date|subject|message-id|content-type|x-[\w-]+)[ \t]?:"
)
_TRACING = Words(("received:", "return-path:", "dkim-signature:", "message-id:", "x-originating-ip:", "mime-version:"))
_MAX_LOOKS = 8
_NOT_OURS = ("disposition-notification", "feedback-report")


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that says it was written because another one failed, or is late."""

    text: str  # up to the returned copy
    rest: str  # the returned copy, as far as it stands in the text
    delayed: bool
    challenge: bool  # it asks the sender to prove himself: nothing failed
    rule: str


def body_of(mail: ParsedMail) -> str:
    """What the mail system itself wrote."""
    return split_body(mail)[0]


def split_body(mail: ParsedMail) -> tuple[str, str]:
    """The notice, and the copy of the returned mail below it."""
    text = mail.text[:MAX_TEXT]
    folded = text.lower()
    folded = folded if len(folded) == len(text) else text  # a few letters grow when they are lowered
    end = _first(folded, _TRACING, _TRACE, len(folded), leading=True)
    end = _first(folded, _ANNOUNCING, _ANNOUNCED, end)
    return text[:end], text[end:]


def _first(text: str, words: Words, line: re.Pattern[str], end: int, *, leading: bool = False) -> int:
    """Where the first line before `end` begins that holds one of the words and has this form, else `end`; plain search
    is what makes it fast.
    """
    for word in words.within(text[:end]):
        at, looks = text.find(word, 0, end), 0
        while at >= 0 and looks < _MAX_LOOKS:
            start = text.rfind("\n", 0, at) + 1
            if (not leading or not text[start:at].strip()) and line.match(text, start):
                end = start
                break
            at, looks = text.find(word, at + 1, end), looks + 1
    return end


def read_notice(mail: ParsedMail, catalog: Catalog) -> Notice | None:
    """The notice this mail is, or None."""
    kind = mail.headers.first("Content-Type").lower()
    if any(word in kind for word in _NOT_OURS):
        return None  # a read receipt says that it arrived (RFC 8098)
    subject = catalog.find(Stage.NOTICE_SUBJECT, mail.subject[:_SUBJECT])
    daemon = _by_daemon(mail, catalog)
    forwarded = mail.inner_dsn is not None and bool(mail.automatic)
    if not (subject or daemon or forwarded or _unsigned_report(mail, catalog)) or (not daemon and _is_newsletter(mail)):
        return None
    text, rest = split_body(mail)
    said = catalog.find(Stage.NOTICE_TEXT, text)
    kinds = {hit.rule.yields.kind for hit in (*subject, *said)}
    challenge = Kind.AUTOREPLY in kinds
    if not challenge and not (said or forwarded or (daemon and subject) or _names_error(text, catalog, daemon=daemon)):
        return None
    rule = next((hit.rule.id for hit in (*said, *subject)), "daemon")
    return Notice(text=text, rest=rest, delayed=Kind.DELAY in kinds, challenge=challenge, rule=rule)


def _is_newsletter(mail: ParsedMail) -> bool:
    """Whether it went to many who only read, as what is written about undelivered mail may; a list where people write
    (RFC 2369 section 3.4) hands on what its members' daemons say.
    """
    fields = mail.headers
    read_only = fields.first("List-Unsubscribe") and not fields.first("List-Post")
    return bool(read_only) and AutomaticMark.NULL_SENDER not in mail.automatic


def _unsigned_report(mail: ParsedMail, catalog: Catalog) -> bool:
    """A null sender alone: notices have it (RFC 5321 section 4.5.5), and vacation notes too (RFC 3834 section 3.3)."""
    answers = AutomaticMark.AUTO_REPLIED in mail.automatic or bool(catalog.find(Stage.AUTO_REPLY, mail.subject))
    return AutomaticMark.NULL_SENDER in mail.automatic and not answers


def _by_daemon(mail: ParsedMail, catalog: Catalog) -> bool:
    return (
        AutomaticMark.REPORT in mail.automatic
        or is_daemon(mail)
        or bool(catalog.find(Stage.NOTICE_SENDER, mail.headers.first("From")[:_SENDER]))
    )


def _names_error(text: str, catalog: Catalog, *, daemon: bool) -> bool:
    """An error code, and words that explain it. Without a daemon behind it, that is what a person quotes."""
    coded = find_status(text)[:1] in ("4", "5") or bool(find_reply_code(text))
    return daemon and coded and bool(catalog.find(Stage.BOUNCE_TEXT, text))
