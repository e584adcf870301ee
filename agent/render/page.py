"""A plain HTML page for people to read and print: titles, and tables of names and values, each of them escaped.

Values go through one formatter that escapes all that is not markup made here; nothing remote, no script.
"""

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

_STYLE = (
    "body{max-width:50em;margin:2em auto;padding:0 1em;font:15px/1.5 sans-serif;overflow-wrap:anywhere}"
    "th{text-align:left;vertical-align:top;white-space:nowrap;padding-right:1.5em;font-weight:normal;color:#555}"
    "td{white-space:pre-wrap}h2{font-size:1.1em;border-top:1px solid #ccc;padding-top:1em}"
)
_PAGE = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    "<title>{title}</title><style>{style}</style></head><body>\n<h1>{title}</h1>\n<p>{lead}</p>\n{parts}</body></html>\n"
)
_PART = "<h2>{title}</h2>\n<table>\n{rows}</table>\n"
_ROW = "<tr><th>{name}</th><td>{value}</td></tr>\n"


class _Markup(str):
    """What was made here and is not escaped again."""

    __slots__ = ()


class _Escaping(string.Formatter):
    # The signature of string.Formatter says Any.
    def format_field(self, value: Any, format_spec: str) -> str:
        text = format(value, format_spec)
        return text if isinstance(value, _Markup) else escape(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A titled table; rows with an empty value are left out."""

    title: str
    rows: tuple[tuple[str, str], ...]


def page(title: str, lead: str, parts: Sequence[Part]) -> str:
    """The whole page."""
    return _fill(_PAGE, {"title": title, "lead": lead, "style": _Markup(_STYLE), "parts": _join(map(_part, parts))})


def _part(part: Part) -> _Markup:
    rows = (_fill(_ROW, {"name": name, "value": value}) for name, value in part.rows if value)
    return _fill(_PART, {"title": part.title, "rows": _join(rows)})


def _fill(template: str, values: Mapping[str, str]) -> _Markup:
    return _Markup(_Escaping().vformat(template, (), values))


def _join(pieces: Iterable[_Markup]) -> _Markup:
    return _Markup("".join(pieces))
