"""Bytes to text by declared charset, then UTF-8, then detection; control characters never come through."""

import codecs
import re
from functools import lru_cache

_ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "gb2312-80": "gb18030",
    "cp936": "gb18030",
    "euc-cn": "gb18030",
    "euc_cn": "gb18030",
    "chinesebig5": "big5hkscs",
    "big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_2",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "win-1251": "cp1251",
    "x-cp1251": "cp1251",
    "x-mac-roman": "mac-roman",
    "utf8mb4": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    # These say nothing: what the bytes are is found out from the bytes.
    "us-ascii": "",
    "ascii": "",
    "ansi_x3.4-1968": "",
    "unknown-8bit": "",
    "x-unknown": "",
    "unknown": "",
    "default": "",
    "x-user-defined": "",
}
# Names Python knows as text encodings but that no mail may pick (unicode_escape, idna, punycode) are absent.
_TEXT_CODEC = re.compile(
    r"utf-(?:7|8|8-sig|16|32)(?:-[bl]e)?|iso8859-\d+|cp\d+|koi8-[rtu]|gb\d+|gbk|big5(?:hkscs)?|euc_(?:jp|kr)\w*"
    r"|shift_jis\w*|iso2022_\w+|hz|johab|mac-\w+|kz1048|ptcp154|tis-620|hp-roman8"
)
_STATEFUL = ("hz", "iso2022", "utf-7", "utf-16", "utf-32")  # seven-bit or wide: ASCII bytes are not ASCII text
_ASCII_CONTROL = bytes((*range(9), *range(11, 32), 127))  # all but tab and LF
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BLANK_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]+")
_HIGH = bytes(range(128, 256))
_SAMPLE = 4096
_ENOUGH_HANGUL = 10


@lru_cache(maxsize=256)
def codec_of(declared: str) -> str:
    """Python's name of a declared charset, or an empty string when it says nothing we may use."""
    name = declared.strip(" \t\"'").lower()
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name).name if name else ""
    except (LookupError, ValueError):  # ValueError: NUL in the name
        return ""
    return found if _TEXT_CODEC.fullmatch(found) else ""


def decode(data: bytes, declared: str = "") -> str:
    """Text of a body; line endings become LF and control characters go."""
    codec = codec_of(declared) if declared else ""
    if data.isascii() and not codec.startswith(_STATEFUL):
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
        return data.translate(None, _ASCII_CONTROL).decode("ascii")
    text = _decode(data, codec)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if all(map(str.isprintable, text.split("\n"))) else _CONTROL.sub("", text)


def decode_word(data: bytes, declared: str) -> str:
    """Text of an encoded word; without the detector, so that the daemon stays light."""
    codec = codec_of(declared)
    if data.isascii() and not codec.startswith(_STATEFUL):
        return data.decode("ascii")
    text = _first_that_fits(data, _candidates(codec, data))
    return data.decode(codec or "cp1252", "replace") if text is None else text


def decode_raw(data: bytes, hint: str) -> str:
    """Text of an undeclared 8-bit header value: UTF-8 (RFC 6532), else the charset the body declares."""
    text = _first_that_fits(data, ("utf-8", codec_of(hint) or "cp1252"))
    return data.decode("cp1252", "replace") if text is None else text


def clean(text: str) -> str:
    """A header value on one line: no C0 or C1 control can leave this module inside it."""
    if text.isprintable() or not _BLANK_CONTROL.search(text):
        return text.strip()
    return _BLANK_CONTROL.sub(" ", text).strip()


def _decode(data: bytes, codec: str) -> str:
    text = _first_that_fits(data, _candidates(codec, data))
    if text is not None:
        return text
    return data.decode(_detected(data) or codec or "cp1252", "replace")


def _candidates(codec: str, data: bytes) -> tuple[str, ...]:
    """UTF-8 first where it cannot be chance: "Ã©" is never meant, and much of another charset never reads as UTF-8."""
    if not codec:
        return ("utf-8",)
    if codec == "cp1252" or (not codec.startswith(_STATEFUL) and len(data) - len(data.translate(None, _HIGH)) >= 12):
        return ("utf-8", codec)
    return (codec, "utf-8")


def _first_that_fits(data: bytes, codecs_in_order: tuple[str, ...]) -> str | None:
    for codec in codecs_in_order:
        try:
            return data.decode(codec)
        except UnicodeError:
            continue
    return None


def _detected(data: bytes) -> str:
    import cchardet

    name = "cp949" if _reads_as_korean(data) else cchardet.detect(data[:_SAMPLE])["encoding"]
    return codec_of(name) if name else ""


def _reads_as_korean(data: bytes) -> bool:
    """Whether all wide letters are Hangul, as those of no Chinese text are; the detector takes a short one for Big5."""
    text = _first_that_fits(data, ("cp949",)) or ""
    wide = [letter for letter in text if letter > "\u3130"]
    return len(wide) >= _ENOUGH_HANGUL and all("\uac00" <= letter <= "\ud7a3" for letter in wide)
