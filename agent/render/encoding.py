"""Text as mail carries it: encoded words (RFC 2047) in header fields, quoted-printable or base64 in the body."""

import base64
import quopri
from email.header import Header

from agent.model.address import parse_address
from agent.render.placeholders import one_line

_MAX_LINE = 76


def encode_words(name: str, text: str) -> str:
    """An unstructured value, folded; ASCII stays as it is."""
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, maxlinelen=_MAX_LINE, header_name=name).encode(linesep="\r\n")


def encode_mailbox(name: str, address: str) -> str:
    """A display name and an address, its domain as A-label; ValueError for what a header could not carry safely."""
    one_line("address", address)
    key = parse_address(address)
    local = address.strip().removeprefix("<").rpartition("@")[0]
    if key is None or not local.isascii():
        raise ValueError("an address of the letter is none that a plain header can carry (RFC 6532)")
    spec = f"{local}@{key.domain}"
    if not name:
        return spec
    one_line("name", name)
    return f"{_phrase(name)}\r\n <{spec}>"


def _phrase(name: str) -> str:
    if not name.isascii():
        return encode_words("From", name)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def encode_body(text: str) -> tuple[bytes, str]:
    """The body with CRLF and short lines, and the name of its encoding: the one that makes it shorter."""
    data = text.replace("\r\n", "\n").encode("utf-8")
    if data.isascii() and all(len(line) <= _MAX_LINE for line in data.split(b"\n")):
        return data.replace(b"\n", b"\r\n"), "7bit"
    quoted = quopri.encodestring(data).replace(b"\n", b"\r\n")
    packed = base64.encodebytes(data.replace(b"\n", b"\r\n")).replace(b"\n", b"\r\n")
    return (quoted, "quoted-printable") if len(quoted) <= len(packed) else (packed, "base64")
