"""Field lines inside a report body: the blocks of RFC 3464 and RFC 5965, however loosely written."""

import re

from agent.mail.charset import clean, decode

MAX_REPORT = 65_536
MAX_VALUE = 2_000

_FOLD = re.compile(r"\n[ \t]+(?=\S)")
# A field, or an empty line that ends the block.
_LINE = re.compile(r"^(?:([A-Za-z][A-Za-z0-9_-]{1,40})[ \t]*:(.*)|[^\S\n]*+$)", re.MULTILINE)
_COMMENT = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[^\s(;,]*")
_TYPE = re.compile(r"[A-Za-z0-9_./-]{1,30}[ \t]*;")
# RFC 6533 section 3: utf-8-addr-xtext and -unitext write other characters as \\x{...}
_UNICODE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")


def field_blocks(body: bytes, charset: str = "") -> list[list[tuple[str, str]]]:
    """Blocks of (lower-case name, value), parted by empty lines; lines that are no fields are passed over."""
    text = _FOLD.sub(" ", decode(body[:MAX_REPORT], charset))
    blocks: list[list[tuple[str, str]]] = [[]]
    for name, value in _LINE.findall(text):
        if name:
            blocks[-1].append((name.lower(), clean(value)[:MAX_VALUE]))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def without_type(value: str) -> str:
    """The value after `rfc822;`, `dns;`, `smtp;` and the like, or all of it where no type stands."""
    match = _TYPE.match(value)
    return value[match.end() :].strip() if match else value


def address_value(value: str) -> str:
    """The address of a recipient field: type, comment and angle brackets off, `\\x{...}` decoded."""
    text = without_type(value)
    text = _UNICODE.sub(_character, text) if "\\x{" in text else text
    if "<" in text and ">" in text:
        return text.rpartition("<")[2].partition(">")[0].strip()
    text = _COMMENT.sub("", text) if "(" in text else text
    return text.strip().strip("<>").strip()


def first_word(value: str) -> str:
    """The first word in lower case, comments off."""
    found = _WORD.match(value.strip())
    return found[0].lower() if found else ""


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if 32 <= code <= 0x10FFFF and not 0x7F <= code < 0xA0 and not 0xD800 <= code < 0xE000 else ""
