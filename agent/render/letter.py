"""A letter as RFC 5322 bytes: our own fixed text, our own names; of the incoming mail only its ids come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from agent.model.address import parse_address
from agent.model.plan import LetterKind, SendLetter
from agent.render.encoding import encode_body, encode_mailbox, encode_words
from agent.render.html import to_html
from agent.render.placeholders import NUMBERS, fill, one_line
from agent.render.thread_ids import in_reply_to, references

# RFC 3834 section 2 wants answers small. A letter says everything twice, plain and as HTML, and some scripts take three
# octets a letter: English stays below 4,000, the longest of ours has 6,700, and a signature (DKIM) adds 700.
MAX_OCTETS = 8192
MARK = "X-Optoutd-Letter"  # by this mark we know our own letter when it comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFacts:
    """What a letter says besides its text. `language` and the words are those of `letters.choose`."""

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
    pause_word: str = "PAUSE"
    less_word: str = "LESS"
    pause_days: int = 90
    reply_token: str = ""  # tells us in a Subject which letter is answered
    confirm_address: str = ""  # START_CONFIRM: where the way back is sent to
    confirm_subject: str = ""  # START_CONFIRM: the Subject that carries the one-use token


def compose(letter: SendLetter, template: str, facts: LetterFacts) -> bytes:
    """The whole letter with CRLF; ValueError when a value could break out of its place or the letter grows too long."""
    head, _, body = template.replace("\r\n", "\n").partition("\n\n")
    values = _values(letter, facts)
    subject = encode_words("Subject", one_line("Subject", fill(head, values).removeprefix("Subject: ").strip()))
    language = one_line("Content-Language", facts.language or letter.language)
    boundary, content = _content(body, values, _links(facts, values), language, letter.token_id)
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
        ("Content-Type", f'multipart/alternative; boundary="{boundary}"'),
        ("Content-Language", language),
    ]
    block = "".join(f"{name}: {value}\r\n" for name, value in fields if value)
    whole = block.encode("ascii") + b"\r\n" + content
    if len(whole) >= MAX_OCTETS:
        raise ValueError(f"the letter has {len(whole)} octets, {MAX_OCTETS} are allowed: shorten the company's lines")
    return whole


def _content(
    body: str, values: Mapping[str, str], links: Mapping[str, str], language: str, name: str
) -> tuple[str, bytes]:
    """RFC 2046 section 5.1.4: the same words twice, the plainest first."""
    plain = fill(body, values).strip() + "\n"
    # On the page the link hides behind the word that it sends.
    page = to_html(body, {**values, "confirm_link": values["start_word"]}, links, language)
    parts = (_part("plain", plain), _part("html", page))
    boundary = f"=_{name}"
    if any(boundary.encode("ascii") in part for part in parts):
        raise ValueError("the text holds the boundary of its parts")
    mark = f"--{boundary}".encode("ascii")
    return boundary, b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"


def _part(kind: str, text: str) -> bytes:
    data, transfer = encode_body(text)
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n"
    return head.encode("ascii") + data


def _values(letter: SendLetter, facts: LetterFacts) -> dict[str, str]:
    values = {
        "company": facts.company,
        "postal_address": facts.postal_address,
        "contact": facts.contact,
        "address": letter.to.raw or str(letter.to),
        "list": letter.list,
        "until": f"{letter.until:%Y-%m-%d}" if letter.until else "",
        "start_word": facts.start_word,
        "pause_word": facts.pause_word,
        "pause_days": str(facts.pause_days),
        "less_word": facts.less_word,
        **NUMBERS,
    }
    if letter.kind is LetterKind.START_CONFIRM:
        values["confirm_address"] = facts.confirm_address
        values["confirm_subject"] = facts.confirm_subject
        values["confirm_link"] = _mailto(facts.confirm_address, facts.confirm_subject)
    return {name: one_line(name, value) for name, value in values.items() if value}


def _links(facts: LetterFacts, values: Mapping[str, str]) -> dict[str, str]:
    """Where a touch leads: to a prepared mail that says the word, so that nobody has to type it."""
    links = {"confirm_link": values.get("confirm_link", "")}
    if parse_address(facts.contact):
        links["contact"] = _mailto(facts.contact)
    if facts.reply_to and facts.reply_token:
        token = one_line("reply_token", facts.reply_token)
        said = {name: values[name] for name in ("start_word", "pause_word", "less_word")}
        links |= {name: _mailto(facts.reply_to, f"{word} {token}") for name, word in (said | NUMBERS).items()}
    return links


def _mailto(address: str, subject: str | None = None) -> str:
    """RFC 6068: opening it writes the mail; the person only has to send it."""
    if not address or subject == "":
        return ""
    said = "" if subject is None else f"?subject={quote(subject, safe='')}"
    return f"mailto:{quote(address, safe='@+')}{said}"
