"""The HTML part of a letter: the words of the plain part, each of them escaped; no image, nothing remote.

It is made from the template, so that a value can neither bring markup nor be mistaken for a line of ours.
"""

import re
import unicodedata
from collections.abc import Mapping
from html import escape
from itertools import pairwise

from agent.render.placeholders import fill_with

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
SHORT = 30  # columns: a line that ends before was ended by its writer, not by the wrapping

_EMPTY_LINES = re.compile(r"\n{2,}")
_OWN_LINE = re.compile(r"\{(\w+)\}(?:  (.*))?")  # a value alone, or with its meaning beside it
_STYLE = "max-width:36em;font:16px/1.5 sans-serif;overflow-wrap:anywhere"
_HEAD = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'


def to_html(body: str, values: Mapping[str, str], links: Mapping[str, str], language: str) -> str:
    """The body of a template as a whole HTML page; `links` names the address a placeholder leads to."""
    rtl = language.partition("-")[0].lower() in RIGHT_TO_LEFT
    shown = {name: _isolated(value) if rtl else escape(value) for name, value in values.items()}
    leads = {name: f'<a href="{escape(link)}">' for name, link in links.items() if link}
    paragraphs = "\n".join(f"<p>{_paragraph(text, shown, leads)}</p>" for text in _EMPTY_LINES.split(body.strip()))
    where = f'lang="{escape(language)}"' + (' dir="rtl"' if rtl else "")
    # Some mail programs throw the outer tags away, so the direction stands inside as well.
    return (
        f"<!DOCTYPE html>\n<html {where}><head>{_HEAD}</head><body>\n"
        f'<div {where} style="{_STYLE}">\n{paragraphs}\n</div>\n</body></html>\n'
    )


def _isolated(value: str) -> str:
    """Among letters that run to the left a value keeps its own direction."""
    return f"<bdi>{escape(value)}</bdi>"


def _paragraph(text: str, shown: Mapping[str, str], leads: Mapping[str, str]) -> str:
    lines = text.split("\n")
    joined = lines[0]
    for line, following in pairwise(lines):
        joined += f"{_between(line, following)}{following}"
    return "<br>\n".join(_line(line, shown, leads) for line in joined.split("\n"))


def _line(line: str, shown: Mapping[str, str], leads: Mapping[str, str]) -> str:
    """A word that is offered leads on together with its meaning: a number alone is hard to touch."""
    offered = _OWN_LINE.fullmatch(line)
    if offered and offered[2] and offered[1] in leads:
        meaning = fill_with(offered[2], shown, escape)
        return f"{leads[offered[1]]}{shown[offered[1]]}&ensp;{meaning}</a>"
    linked = {name: f"{leads[name]}{value}</a>" if name in leads else value for name, value in shown.items()}
    return fill_with(line, linked, escape)


def _between(line: str, following: str) -> str:
    """A line end that was meant, else what the wrapping took away: a space, and nothing where none is written."""
    alone = any(map(_OWN_LINE.fullmatch, (line, following)))
    if alone or line.endswith((":", "：")) or _columns(line) < SHORT:
        return "\n"
    return "" if _unspaced(line[-1:]) and _unspaced(following[:1]) else " "


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


def _unspaced(letter: str) -> bool:
    """Chinese and Japanese letters and their punctuation; Korean is written with spaces."""
    return "\u2e80" <= letter < "\uac00" or "\uf900" <= letter <= "\ufaff" or "\uff00" <= letter <= "\uffef"
