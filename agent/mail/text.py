"""The readable text of a mail and the sender's own words in it, within the limits."""

import re
from collections.abc import Sequence

import msgspec

from agent.mail.charset import decode
from agent.mail.html import MAX_HTML, html_to_text
from agent.mail.own_text import own_words
from agent.mail.parts import Part
from agent.mail.quotes import Markers
from agent.model.settings import Limits

_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset[ \t]*=[ \t]*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_PROBE = 40


class MailText(msgspec.Struct, frozen=True, kw_only=True):
    """`html`: the own words were taken from HTML."""

    text: str = ""
    own_text: str = ""
    html: bool = False


class _Body(msgspec.Struct, frozen=True, kw_only=True):
    """One body in one or both of its forms."""

    plain: str
    html: str


def read_text(parts: Sequence[Part], limits: Limits, markers: Markers) -> MailText:
    """Text of all inline text parts; the own words are those of the first part that has some."""
    texts: list[str] = []
    own, from_html, left = "", False, limits.text_chars
    for body in _bodies(parts, limits.text_chars):
        read = _read_body(body, limits.text_chars, markers)
        texts.append(read.text[:left])
        left -= len(texts[-1])
        if not own:
            own, from_html = read.own_text, read.html
        if left <= 0:
            break
    return MailText(text="\n\n".join(text for text in texts if text), own_text=own, html=from_html)


def read_report_text(parts: Sequence[Part], limits: Limits) -> MailText:
    """The text of a report, in which nobody's own words are looked for."""
    bodies = _bodies(parts, limits.text_chars)
    texts = (body.plain.strip() or (html_to_text(body.html).all if body.html else "") for body in bodies)
    return MailText(text="\n\n".join(filter(None, texts))[: limits.text_chars])


def _bodies(parts: Sequence[Part], chars: int) -> list[_Body]:
    bodies: list[_Body] = []
    by_alternative: dict[int, int] = {}
    for part in parts:
        if part.attached or part.kind not in ("text/plain", "text/html", "text/enriched", "text/richtext"):
            continue
        plain, html = ("", _html_source(part)) if part.kind == "text/html" else (_plain(part, chars), "")
        at = by_alternative.get(part.alternative) if part.alternative else None
        if at is None:
            by_alternative[part.alternative] = len(bodies)
            bodies.append(_Body(plain=plain, html=html))
        else:
            bodies[at] = _Body(plain=bodies[at].plain or plain, html=bodies[at].html or html)
    return bodies


def _plain(part: Part, chars: int) -> str:
    return decode(part.decoded()[: 4 * chars], part.charset)[:chars].replace("\xa0", " ")


def _html_source(part: Part) -> str:
    data = part.decoded()[:MAX_HTML]
    charset = part.charset
    if not charset and (declared := _META_CHARSET.search(data, 0, 2000)):
        charset = declared[1].decode("ascii", "replace")
    return decode(data, charset)


def _read_body(body: _Body, chars: int, markers: Markers) -> MailText:
    if not body.html:
        return MailText(text=body.plain.strip(), own_text=own_words(body.plain, markers))
    html = html_to_text(body.html)
    from_html = own_words(html.own[:chars], markers)
    if not body.plain.strip():
        return MailText(text=html.all, own_text=from_html, html=True)
    from_plain = own_words(body.plain, markers)
    # Both forms hold the same words, the shorter one had more of its quotes recognised; where they differ,
    # the HTML is what people see.
    whole = not _broken_off(from_html, from_plain)
    if whole and (len(from_html) < len(from_plain) or not _same_words(from_plain, html.all)):
        return MailText(text=body.plain.strip(), own_text=from_html, html=True)
    return MailText(text=body.plain.strip(), own_text=from_plain)


def _broken_off(html: str, plain: str) -> bool:
    """Whether the HTML ends within a word of the plain form: the mail was cut off in transit."""
    return html[-1:].isalnum() and plain.startswith(html) and plain[len(html) : len(html) + 1].isalnum()


def _same_words(plain: str, html: str) -> bool:
    return _SPACE.sub("", plain[: 2 * _PROBE])[:_PROBE] in _SPACE.sub("", html)
