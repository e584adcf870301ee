"""Folder names on the wire: quoting, modified UTF-7 (RFC 3501 section 5.1.3), and what LIST says of them. Pure."""

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

Response = tuple[bytes, ...]  # one untagged response: text, literal, text, literal, ... text

_LINE_BREAKERS = re.compile(r"[\x00\r\n]")
_PLAIN = re.compile(r"[\x20-\x7e]+")
_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
_RUN = re.compile(r"([\x20-\x25\x27-\x7e]+)|(&)|([^\x20-\x7e]+)")
_LIST = re.compile(rb'(?:LIST|XLIST) \((?P<flags>[^)]*)\) (?:NIL|"(?:[^"\\]|\\.)*") (?P<name>.*)', re.I | re.S)
_LITERAL_MARK = re.compile(rb"\{\d+\+?\}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """One line of LIST."""

    name: str
    selectable: bool


def quote(text: str) -> str:
    """A quoted string (RFC 3501 section 9); raises ValueError for what would end the line."""
    if _LINE_BREAKERS.search(text):
        raise ValueError("NUL, CR and LF cannot be sent to an IMAP server")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def encode(name: str) -> str:
    """A folder name in modified UTF-7."""

    def run(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        if match[2]:
            return "&-"
        packed = b64encode(match[3].encode("utf-16-be", "surrogatepass")).decode("ascii")
        return "&" + packed.rstrip("=").replace("/", ",") + "-"

    return _RUN.sub(run, name)


def decode(name: str) -> str:
    """A folder name out of modified UTF-7; what is not valid stays as it stands."""

    def run(match: re.Match[str]) -> str:
        if not match[1]:
            return "&"
        padded = match[1].replace(",", "/") + "=" * (-len(match[1]) % 4)
        try:
            return b64decode(padded, validate=True).decode("utf-16-be")
        except (binascii.Error, UnicodeDecodeError):
            return match[0]

    return _SHIFTED.sub(run, name)


def wire(name: str) -> str:
    """A folder name as it stands in a command. Line breaks are refused before the encoding could hide them."""
    quote(name)
    return quote(encode(name))


def same(one: str, other: str) -> bool:
    """Whether two names mean one folder: only INBOX is blind to case (RFC 3501 section 5.1)."""
    return one == other or (one.upper() == "INBOX" and other.upper() == "INBOX")


def read_list(responses: tuple[Response, ...]) -> tuple[Folder, ...]:
    """The folders that an answer to LIST names."""
    found = []
    for response in responses:
        match = _LIST.match(response[0])
        if match:
            found.append(
                Folder(
                    name=decode(_astring(match["name"], response)),
                    selectable=b"\\noselect" not in match["flags"].lower(),
                )
            )
    return tuple(found)


def _astring(text: bytes, response: Response) -> str:
    """The name itself: a literal, a quoted string or an atom."""
    if len(response) > 1 and _LITERAL_MARK.search(text):
        return response[1].decode("utf-8", "replace")
    name = text.decode("utf-8", "replace")
    if name.startswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:].removesuffix('"'))
    return name
