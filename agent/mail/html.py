"""HTML to text, bounded and without recursion: hidden text goes, quoted text is told apart from the sender's own."""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_HTML = 262_144
MAX_TAGS = 6_000  # the parser takes quadratic time on deeper nesting: 50,000 open elements cost 8 s
MAX_NODES = 50_000

_SKIP = frozenset({"head", "style", "script", "title", "template", "noscript", "object", "svg", "select", "textarea"})
_BLOCK = frozenset({
    "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre",
    "section", "article", "header", "footer", "center", "dl", "dt", "dd",
})  # fmt: skip
# Where blocks begin and end; however many meet, they are one line end, and a <br> just before them adds none.
_BOUNDARY, _PARAGRAPH = "\x01", "\x02"
_BREAK = re.compile("\n? ?[\x01\x02][ \x01\x02]*")
_INLINE = {"br": "\n", "td": " ", "th": " "}
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
_SPACE = re.compile(r"[ \t\r\f\v\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlText:
    """`all` is what a reader sees; in `own` a line `>` stands for each stretch that the markup itself calls quoted."""

    all: str
    own: str


def html_to_text(html: str) -> HtmlText:
    """Both texts of an HTML body; nothing is fetched, nothing is run."""
    walk = _Walk()
    body = LexborHTMLParser(_bounded(html)).body
    if body is not None:
        walk.run(body)
    return HtmlText(all=_lines(walk.everything), own=_lines(walk.own))


def _bounded(html: str) -> str:
    html = html[:MAX_HTML]
    if html.count("<") <= MAX_TAGS:
        return html
    at = -1
    for _ in range(MAX_TAGS):
        at = html.index("<", at + 1)
    return html[:at]


class _Walk:
    """One pass over the tree; each node on the stack knows whether it stands inside a quote."""

    def __init__(self) -> None:
        self.everything: list[str] = []
        self.own: list[str] = []
        self.cut = False

    def run(self, body: LexborNode) -> None:
        stack: list[tuple[LexborNode | None, bool]] = [(body, False)]
        for _ in range(MAX_NODES):
            if not stack:
                return
            node, quoted = stack.pop()
            if node is None:
                self._add(_BOUNDARY, quoted)
                continue
            if node is not body and (following := node.next) is not None:
                stack.append((following, quoted))
            self._enter(node, quoted, stack)

    def _enter(self, node: LexborNode, quoted: bool, stack: list[tuple[LexborNode | None, bool]]) -> None:
        inside = self._visit(node, quoted)
        if inside is None:
            return
        if inside and not quoted and not self.cut:
            self.own.append("\n>\n")
        if node.tag in _BLOCK:
            stack.append((None, quoted))
        if (child := node.child) is not None:
            stack.append((child, inside))

    def _visit(self, node: LexborNode, quoted: bool) -> bool | None:
        """Take the text of a node; whether its children are quoted, or None when they are not shown."""
        tag = node.tag
        if tag == "-text":
            self._add(_SPACE.sub(" ", node.text_content or ""), quoted)
            return None
        if tag in _SKIP or not tag or tag[0] in "-!":
            return None
        opening = _PARAGRAPH if tag == "p" else _BOUNDARY if tag in _BLOCK else _INLINE.get(tag)
        if opening:
            self._add(opening, quoted)
        attributes = node.attributes
        return quoted or tag == "blockquote" if not attributes else self._by_attributes(tag, attributes, quoted)

    def _by_attributes(self, tag: str, attributes: dict[str, str | None], quoted: bool) -> bool | None:
        style = attributes.get("style")
        if "hidden" in attributes or (style and _HIDDEN.search(style[:500].lower())):
            return None
        name = attributes.get("id") or ""
        if name and _CUT_ID.fullmatch(name):
            self.cut = True
        classes = attributes.get("class")
        return (
            quoted
            or tag == "blockquote"
            or bool(name and _QUOTE_ID.fullmatch(name))
            or bool(classes and _QUOTE_CLASS.search(classes[:300]))
        )

    def _add(self, text: str, quoted: bool) -> None:
        self.everything.append(text)
        if not quoted and not self.cut:
            self.own.append(text)


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
