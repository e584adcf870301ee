"""The HTML part of a letter: the words of the plain part, each of them escaped; no image, no style sheet, nothing remote.

It is made from the template, so that a value can neither bring markup nor be mistaken for a line of ours.
"""

import re
import unicodedata
from collections.abc import Mapping
from html import escape

from agent.render.placeholders import fill_with

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
SHORT = 30  # columns: a line that ends before was ended by its writer, not by the wrapping

_EMPTY_LINES = re.compile(r"\n{2,}")
_OWN_LINE = re.compile(r"\{(?:reason_[1-5]|pause_word|less_word|start_word|company|postal_address|confirm_\w+)\}")
_STYLE = "max-width:36em;font:16px/1.5 sans-serif"


def to_html(body: str, values: Mapping[str, str], links: Mapping[str, str], language: str) -> str:
    """The body of a template as a whole HTML page; `links` names the address a placeholder leads to."""
    rtl = language.partition("-")[0].lower() in RIGHT_TO_LEFT
    shown = {name: _shown(value, links.get(name, ""), rtl=rtl) for name, value in values.items()}
    paragraphs = "\n".join(f"<p>{_paragraph(text, shown)}</p>" for text in _EMPTY_LINES.split(body.strip()))
    where = f'lang="{escape(language)}"{" dir=" + chr(34) + "rtl" + chr(34) if rtl else ""}'
    # Some mail programs throw the outer tags away, so the direction stands inside as well.
    return (
        f'<!DOCTYPE html>\n<html {where}><head><meta charset="utf-8"></head><body>\n'
        f'<div {where} style="{_STYLE}">\n{paragraphs}\n</div>\n</body></html>\n'
    )


def _shown(value: str, link: str, *, rtl: bool) -> str:
    """A value as markup; among letters that run to the left it keeps its own direction."""
    text = f"<bdi>{escape(value)}</bdi>" if rtl else escape(value)
    return f'<a href="{escape(link)}">{text}</a>' if link else text


def _paragraph(text: str, shown: Mapping[str, str]) -> str:
    lines = text.split("\n")
    joined = lines[0]
    for line, following in zip(lines, lines[1:], strict=False):
        joined += f"{_between(line, following)}{following}"
    return "<br>\n".join(fill_with(line, shown, escape) for line in joined.split("\n"))


def _between(line: str, following: str) -> str:
    """A line end that was meant, else what the wrapping took away: a space, and nothing where none is written."""
    if _OWN_LINE.match(following) or _OWN_LINE.match(line) or line.endswith((":", "：")) or _columns(line) < SHORT:
        return "\n"
    return "" if _unspaced(line[-1:]) and _unspaced(following[:1]) else " "


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def _unspaced(letter: str) -> bool:
    """Chinese and Japanese letters and their punctuation; Korean is written with spaces."""
    return "\u2e80" <= letter < "\uac00" or "\uf900" <= letter <= "\ufaff" or "\uff00" <= letter <= "\uffef"
