"""The digest as RFC 5322 bytes: text and HTML of the same words, every one escaped, and the list as CSV. Pure."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape

from agent.digest.facts import Facts
from agent.digest.words import Words
from agent.doctor.finding import Finding
from agent.mail.automatic import LETTER_MARK

Section = tuple[str, tuple[str, ...]]

_POLICY = SMTP.clone(cte_type="7bit")


def digest(facts: Facts, words: Words, *, sender: str, to: str, name: str) -> bytes:
    """The daily mail; `name` is the local part of its Message-ID."""
    said = {"suppressed": facts.suppressed, "mails": facts.mails}
    mail = _mail(words.subject.format(**said), _sections(facts, words), sender, to, name, facts.until)
    if facts.suppressed:
        filename = f"suppressed-{facts.until:%Y-%m-%d}.csv"
        mail.add_attachment(facts.table, maintype="text", subtype="csv", filename=filename, params={"charset": "utf-8"})
    return mail.as_bytes(policy=_POLICY)


def alert(found: Sequence[Finding], words: Words, *, sender: str, to: str, name: str, now: datetime) -> bytes:
    """The mail about one cause that cannot wait."""
    sections = ((words.alert, _lines(found)),)
    return _mail(words.alert_subject.format(about=found[0].about), sections, sender, to, name, now).as_bytes(
        policy=_POLICY
    )


def _sections(facts: Facts, words: Words) -> tuple[Section, ...]:
    waits = (
        *((words.reviews.format(count=facts.reviews),) if facts.reviews else ()),
        *((words.tickets.format(count=facts.tickets),) if facts.tickets else ()),
    )
    listed = ((words.suppressed.format(suppressed=facts.suppressed), ()),) if facts.suppressed else ()
    with_lines: tuple[Section, ...] = (
        (words.waits, waits),
        (words.broken, _lines(facts.findings)),
    )
    kinds = tuple(f"{words.kinds.get(kind, kind)}: {count}" for kind, count in facts.kinds)
    return (
        (words.hello.format(since=f"{facts.since:%Y-%m-%d %H:%M}", until=f"{facts.until:%Y-%m-%d %H:%M}"), ()),
        *(((words.came, kinds),) if kinds else ()),
        *listed,
        *(section for section in with_lines if section[1]),
    )


def _lines(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(f"{one.about}: {one.said}" + (f" -> {one.mend}" if one.mend else "") for one in findings)


def _mail(subject: str, sections: Sequence[Section], sender: str, to: str, name: str, now: datetime) -> EmailMessage:
    mail = EmailMessage(policy=_POLICY)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{name}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 section 5
    mail[LETTER_MARK] = "1"  # by it the mailbox's own reader knows it is ours
    mail.set_content("\n\n".join(map(_plain, sections)) + "\n")
    mail.add_alternative("".join(map(_html, sections)), subtype="html")
    return mail


def _plain(section: Section) -> str:
    head, lines = section
    return "\n".join((head, *(f"  {line}" for line in lines)))


def _html(section: Section) -> str:
    head, lines = section
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<p><b>{escape(head)}</b></p>" + (f"<ul>{items}</ul>" if items else "") + "\n"
