"""What 7-bit mail hides letters in: encoded words (RFC 2047) and base64, read as broken as they come."""

import binascii
import re

from agent.mail.charset import clean, decode_word

# RFC 2047 section 2, with blanks allowed inside the text as many mailers write them; `*` opens RFC 2231's language.
_WORD = re.compile(r"=\?([^?\s*]{1,40})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*)\?=")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode_words(value: str) -> str:
    """RFC 2047 encoded words to text; neighbours of one charset are joined first, because mailers split letters."""
    if "=?" not in value:
        return value
    out: list[str] = []
    run: list[bytes] = []
    run_charset, at = "", 0
    for match in _WORD.finditer(value):
        gap = value[at : match.start()]
        charset = match[1].lower()
        # RFC 2047 section 6.2: blanks between two encoded words are not shown.
        if run and (gap.strip() or charset != run_charset):
            out.append(decode_word(b"".join(run), run_charset))
            run = []
            gap = gap if gap.strip() else ""
        elif run:
            gap = ""
        out.append(gap)
        run.append(_word_bytes(match[2], match[3]))
        run_charset, at = charset, match.end()
    if run:
        out.append(decode_word(b"".join(run), run_charset))
    out.append(value[at:])
    return clean("".join(out))


def decode_base64(data: bytes) -> bytes:
    """Base64 with whatever else is in it left out and its padding mended."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = _NOT_BASE64.sub(b"", data)
        whole = len(letters) - (1 if len(letters) % 4 == 1 else 0)
        return binascii.a2b_base64(letters[:whole] + b"=" * (-whole % 4))


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(data)
    return binascii.a2b_qp(data, header=True)
