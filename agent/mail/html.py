"""HTML to text, bounded and without recursion: hidden text goes, quoted text is told apart from the sender's own."""

import re
from dataclasses import dataclass
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_HTML = 262_144
MAX_TAGS = 6_000  # the parser takes quadratic time on deeper nesting: 50,000 open elements cost 8 s
MAX_NODES = 50_000
MAX_STYLE = 500
KNOWN_STYLES = 512  # a newsletter writes the same few on every element

# Not shown; the last are no elements.
_SKIP = frozenset({
    "head", "style", "script", "title", "template", "noscript", "object", "svg", "select", "textarea",
    "-comment", "!doctype", "",
})  # fmt: skip
_BLOCKS = (
    "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre",
    "section", "article", "header", "footer", "center", "dl", "dt", "dd",
)  # fmt: skip
# Where blocks begin and end; however many meet, they are one line end, and a <br> just before them adds none.
_BOUNDARY, _PARAGRAPH = "\x01", "\x02"
_BREAK = re.compile("\n? ?[\x01\x02][ \x01\x02]*")
# What stands before the content of an element, and what behind it.
_PLAIN = ("", "")
_AROUND = {"p": (_PARAGRAPH, _BOUNDARY), "br": ("\n", ""), "td": (" ", ""), "th": (" ", "")}
_AROUND |= dict.fromkeys(_BLOCKS, (_BOUNDARY, _BOUNDARY))
_HIDDEN = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0(?![\d.])"
    r"|mso-hide\s{0,3}:\s{0,3}all|max-height\s{0,3}:\s{0,3}0(?![\d.])"
)
# Everything inside is quoted, or is a signature.
_QUOTE_CLASS = re.compile(
    r"\b(?:gmail_quote|gmail_signature|yahoo_quoted|yahoo_quoted_begin|moz-cite-prefix|moz-signature|moz-forward-container"
    r"|protonmail_quote|protonmail_signature_block|tutanota_quote|zmail_extra|front-blockquote|mail-quote-collapse"
    r"|ms-outlook-mobile-signature|ntes-mailmaster-quote|netease-mail-quote)\b"
)
_QUOTE_ID = re.compile(
    r"(?:x_)*(?:isReplyContent|mail-editor-reference-message-container|OLK_SRC_BODY_SECTION|aolReplacedBody"
    r"|yahoo_quoted.*|ntes-pcmail-quote|Signature|ms-outlook-mobile-signature|composer_signature|quoteHeader|reply-intro"
    r"|divNeteaseMailCard|mailruWrapper_quote|protonmail_mobile_signature_block)"
)
# From here on all is the quoted mail (Outlook on the web and mobile, Zimbra).
_CUT_ID = re.compile(r"(?:x_)*(?:divRplyFwdMsg|appendonsend|zwchr|reply_quote|replySplit|ms-outlook-quote)")
_SPACE = re.compile(r"[\t\r\f\v\n][ \t\r\f\v\n]*| [ \t\r\f\v\n]+")  # not the single spaces, which stay


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlText:
    """`all` is what a reader sees; in `own` a line `>` stands for each stretch that the markup itself calls quoted."""

    all: str
    own: str


def html_to_text(html: str) -> HtmlText:
    """Both texts of an HTML body; nothing is fetched, nothing is run."""
    body = LexborHTMLParser(_bounded(html)).body
    return _Walk().texts(body) if body is not None else HtmlText(all="", own="")


def _bounded(html: str) -> str:
    html = html[:MAX_HTML]
    if html.count("<") <= MAX_TAGS:
        return html
    return html[: -len(html.split("<", MAX_TAGS)[-1]) - 1]


class _Walk:
    """One pass over the tree. Before the first quote everything is the sender's own, and no list of it is kept."""

    def __init__(self) -> None:
        self._everything: list[str] = []
        self._own: list[str] | None = None
        self._cut = False

    def texts(self, body: LexborNode) -> HtmlText:
        """What stands in a body."""
        self._run(body)
        everything = _lines(self._everything)
        return HtmlText(all=everything, own=everything if self._own is None else _lines(self._own))

    def _run(self, body: LexborNode) -> None:
        # What follows each open element, whether that stands inside a quote, and what ends the element.
        above: list[tuple[LexborNode | None, bool, str]] = []
        node: LexborNode | None = body
        quoted = False
        for _ in range(MAX_NODES):
            if node is None:
                if not above:
                    return
                node, quoted, end = above.pop()
                if end:
                    self._add(end, quoted)
                continue
            following = node.next if above else None
            tag = node.tag or ""
            if tag == "-text":
                self._add(_SPACE.sub(" ", node.text_content or ""), quoted)
            elif (inside := self._enter(node, tag, quoted)) is not None:
                above.append((following, quoted, _AROUND.get(tag, _PLAIN)[1]))
                following, quoted = node.child, inside
            node = following

    def _enter(self, node: LexborNode, tag: str, quoted: bool) -> bool | None:
        """Whether what is inside an element is quoted, or None when it is not shown."""
        if tag in _SKIP:
            return None
        if start := _AROUND.get(tag, _PLAIN)[0]:
            self._add(start, quoted)
        inside = quoted or tag == "blockquote"
        if attributes := node.attributes:
            if "hidden" in attributes or _hides((attributes.get("style") or "")[:MAX_STYLE]):
                return None
            name = attributes.get("id") or ""
            self._cut_at(name)
            inside = inside or _is_quote(name, attributes.get("class") or "")
        if inside and not quoted:
            self._add_own("\n>\n")
        return inside

    def _cut_at(self, name: str) -> None:
        if name and _CUT_ID.fullmatch(name):
            self._add_own("")
            self._cut = True

    def _add(self, text: str, quoted: bool) -> None:
        if self._own is not None and not quoted:
            self._add_own(text)
        self._everything.append(text)

    def _add_own(self, text: str) -> None:
        if self._own is None:
            self._own = self._everything.copy()
        if not self._cut:
            self._own.append(text)


@lru_cache(maxsize=KNOWN_STYLES)
def _hides(style: str) -> bool:
    return style != "" and _HIDDEN.search(style.lower()) is not None


def _is_quote(name: str, classes: str) -> bool:
    by_name = name != "" and _QUOTE_ID.fullmatch(name) is not None
    return by_name or (classes != "" and _QUOTE_CLASS.search(classes[:300]) is not None)


def _lines(pieces: list[str]) -> str:
    text = _BREAK.sub(_line_break, "".join(pieces)).replace("\xa0", " ")
    out: list[str] = []
    for line in text.split("\n"):
        line = line.strip()
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out).strip()


def _line_break(match: re.Match[str]) -> str:
    return "\n\n" if _PARAGRAPH in match[0] else "\n"
