"""A letter as RFC 5322 bytes: our own fixed text, our own names; of the incoming mail only its ids come back."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from agent.model.plan import LetterKind, SendLetter
from agent.render.encoding import encode_body, encode_mailbox, encode_words
from agent.render.placeholders import fill, one_line
from agent.render.thread_ids import in_reply_to, references

MAX_OCTETS = 4096  # RFC 3834 section 2 wants answers small
MARK = "X-Optoutd-Letter"  # by this mark we know our own letter when it comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What a letter says besides its text. `language` and `start_word` are those of `letters.choose`."""

    company: str
    postal_address: str
    contact: str
    from_address: str
    message_id: str  # with its angle brackets
    date: datetime
    from_name: str = ""
    reply_to: str = ""
    language: str = ""
    start_word: str = "START"
    confirm_address: str = ""  # START_CONFIRM: where the way back is sent to
    confirm_subject: str = ""  # START_CONFIRM: the Subject that carries the one-use token


def compose(letter: SendLetter, template: str, facts: LetterFacts) -> bytes:
    """The whole letter with CRLF; ValueError when a value could break out of its place or the letter grows too long."""
    head, _, body = fill(template.replace("\r\n", "\n"), _values(letter, facts)).partition("\n\n")
    text, transfer = encode_body(body.strip() + "\n")
    subject = encode_words("Subject", one_line("Subject", head.removeprefix("Subject: ").strip()))
    fields = [
        ("From", encode_mailbox(facts.from_name or facts.company, facts.from_address)),
        ("To", encode_mailbox("", letter.to.raw or str(letter.to))),
        ("Reply-To", encode_mailbox("", facts.reply_to) if facts.reply_to else ""),
        ("Subject", subject),
        ("Date", format_datetime(facts.date)),
        ("Message-ID", one_line("Message-ID", facts.message_id)),
        ("In-Reply-To", in_reply_to(letter.in_reply_to)),
        ("References", references(letter.references, letter.in_reply_to)),
        ("Auto-Submitted", "auto-replied"),  # RFC 3834 section 5
        ("X-Auto-Response-Suppress", "All"),
        (MARK, "1"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", transfer),
        ("Content-Language", one_line("Content-Language", facts.language or letter.language)),
    ]
    block = "".join(f"{name}: {value}\r\n" for name, value in fields if value)
    whole = block.encode("ascii") + b"\r\n" + text
    if len(whole) >= MAX_OCTETS:
        raise ValueError(f"the letter has {len(whole)} octets, {MAX_OCTETS} are allowed: shorten the company's lines")
    return whole


def _values(letter: SendLetter, facts: LetterFacts) -> dict[str, str]:
    values = {
        "company": facts.company,
        "postal_address": facts.postal_address,
        "contact": facts.contact,
        "address": letter.to.raw or str(letter.to),
        "list": letter.list,
        "until": f"{letter.until:%Y-%m-%d}" if letter.until else "",
        "start_word": facts.start_word,
    }
    if letter.kind is LetterKind.START_CONFIRM:
        values["confirm_address"] = facts.confirm_address
        values["confirm_subject"] = facts.confirm_subject
        values["confirm_link"] = _mailto(facts.confirm_address, facts.confirm_subject)
    return {name: one_line(name, value) for name, value in values.items() if value}


def _mailto(address: str, subject: str) -> str:
    """RFC 6068: opening it writes the confirming mail; the person only has to send it."""
    return f"mailto:{quote(address, safe='@+')}?subject={quote(subject, safe='')}" if address and subject else ""
