"""dkimpy behind a guard: bounded work on whatever a stranger wrote, and an answer in words, never an exception.

Signatures are checked over the header block alone, with a key record that was looked up before. The body is ours to
hash: once a mail, not at all for a returned header block, and in linear time (the library's pattern for blanks is
quadratic: 40 KB of them take four seconds). Imported late: dkimpy brings dnspython with it.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime

from dkim import DKIM, validate_signature_fields
from dkim.crypto import parse_public_key
from dkim.util import parse_tag_value

MAX_RECORD = 4_096  # octets of TXT
MIN_MODULUS, MAX_MODULUS = 1_024, 4_096  # bits; RFC 8301 section 3.2
MAX_EXPONENT = 33  # bits: more is not in use, and 16,384 cost ten seconds
MAX_FIELD = 8_192
MAX_SIGNED_NAMES = 100
MAX_BODY = 2_000_000

# RFC 8301 section 3.1: rsa-sha1 must not be used for verifying.
_KEY_TYPES = {b"rsa-sha256": b"rsa", b"ed25519-sha256": b"ed25519"}
_BARE_LF = re.compile(rb"(?<!\r)\n")
_LINE_END = re.compile(rb"\r?\n")
_BLANK_RUN = re.compile(rb"\s{100}")  # the library's patterns are quadratic in these
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_COLON = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")
_INVISIBLE = bytes(set(range(256)) - set(range(0x21, 0x7F)))

Fields = tuple[tuple[str, str], ...]


class WeakError(ValueError):
    """A signature or a key that must not be believed; its text says why."""


class Verifier:
    """One mail whose signatures are to be checked: its header block, its body (None when only the headers came back),
    and when it came to us.
    """

    def __init__(self, head: bytes, body: bytes | None, at: datetime) -> None:
        self._head = head
        self._body = body
        self._at = at
        self._mail: DKIM | None = None
        self._hashes: dict[bytes, bytes] = {}

    def why_not(self, place: int, record: bytes, needed: frozenset[str], fields: Fields) -> str:
        """Why this signature proves nothing, or "" when it is valid and covers the `needed` fields.

        `fields` is the header block as the rest of the program reads it: the library must read the same.
        """
        return _guarded(lambda: self._check(place, record, needed, fields))

    def _check(self, place: int, record: bytes, needed: frozenset[str], fields: Fields) -> str:
        mail = self._read(fields)
        field = [one for one in mail.headers if one[0].lower() == b"dkim-signature"][place]
        tags = _tags(field[1])
        key = usable_record(record)
        if tags[b"a"] not in _KEY_TYPES or _KEY_TYPES[tags[b"a"]] != key:
            return "its algorithm is too old, or another than its key's"
        self._check_times(tags)
        names = [name.lower() for name in _COLON.split(tags[b"h"].strip())]
        missing = sorted(needed - {name.decode("ascii", "replace") for name in names})
        if len(names) > MAX_SIGNED_NAMES or missing:
            return f"it does not cover {', '.join(missing)}" if missing else "it covers too many fields"
        if self._body is not None and self._body_hash(self._body, tags) != base64.b64decode(tags[b"bh"]):
            return "the body is not the one that was signed"
        # Without `bh` the library leaves the body alone.
        header_only = {name: value for name, value in tags.items() if name != b"bh"}
        valid = mail.verify_sig(header_only, names, field, lambda *_, **__: record)
        return "" if valid is True else "the header is not the one that was signed, or the key is another"

    def _read(self, fields: Fields) -> DKIM:
        if self._mail is None:
            if self._body is not None and len(self._body) > MAX_BODY:
                raise WeakError("the mail is too large to be checked")
            mail = DKIM(self._head.rstrip(b"\r\n") + b"\r\n\r\n", minkey=MIN_MODULUS)
            if _visible_fields(mail.headers) != tuple((_visible(name), _visible(value)) for name, value in fields):
                raise WeakError("its header block can be read in two ways")
            self._mail = mail
        return self._mail

    def _check_times(self, tags: Mapping[bytes, bytes]) -> None:
        """RFC 6376 section 3.5, `x=`; measured at the time the mail came, for it may be read much later."""
        if b"x" in tags and int(tags[b"x"]) < self._at.timestamp():
            raise WeakError("it had run out when the mail came")

    def _body_hash(self, body: bytes, tags: Mapping[bytes, bytes]) -> bytes:
        """RFC 6376 section 3.7, step 1."""
        kind = tags.get(b"c", b"simple/simple").partition(b"/")[2] or b"simple"
        if kind not in self._hashes:
            self._hashes[kind] = hashlib.sha256(canonical_body(body, kind)).digest()
        return self._hashes[kind]


def canonical_body(body: bytes, kind: bytes) -> bytes:
    """RFC 6376 section 3.4.3 and 3.4.4, in linear time whatever the body is."""
    text = _LINE_END.sub(b"\r\n", body) if _BARE_LF.search(body) else body
    if kind == b"simple":
        return _with_one_line_end(text)
    if kind != b"relaxed":
        raise WeakError("its canonicalization is unknown")
    text = text.replace(b"\t", b" ")
    while b"  " in text:  # each turn halves every run
        text = text.replace(b"  ", b" ")
    whole = _with_one_line_end(text.replace(b" \r\n", b"\r\n"))
    return b"" if whole == b"\r\n" else whole


def _with_one_line_end(text: bytes) -> bytes:
    """Without the empty lines at the end; a bare CR is not one of them."""
    if not text.endswith(b"\r\n"):
        return text + b"\r\n"
    bare = text.rstrip(b"\r\n")
    return text[: len(bare) + text[len(bare) :].rfind(b"\r\r") + 1] + b"\r\n"


def why_unusable(record: bytes) -> str:
    """Why a key record must not be used, or ""."""
    return _guarded(lambda: "" if usable_record(record) else "it names no type")


def _guarded(job: Callable[[], str]) -> str:
    try:
        return job()
    except WeakError as weak:
        return str(weak)
    except Exception as error:  # noqa: BLE001 - one of the four places: the library raises what it likes
        return f"it cannot be read ({type(error).__name__})"


def usable_record(record: bytes) -> bytes:
    """The type of key in a TXT record (RFC 6376 section 3.6.1); WeakError when it must not be used."""
    if len(record) > MAX_RECORD:
        raise WeakError("its key record is too long")
    tags = parse_tag_value(record)
    if b"y" in _COLON.split(tags.get(b"t", b"")):
        raise WeakError("its key is only being tested")
    if not {b"*", b"email"}.intersection(_COLON.split(tags.get(b"s", b"*"))):
        raise WeakError("its key is not for mail")
    if not tags.get(b"p"):
        raise WeakError("its key was withdrawn")
    kind: bytes = tags.get(b"k", b"rsa")
    if kind == b"rsa":
        _check_size(parse_public_key(base64.b64decode(tags[b"p"])))
    return kind


def _check_size(key: Mapping[str, int]) -> None:
    if not MIN_MODULUS <= key["modulus"].bit_length() <= MAX_MODULUS:
        raise WeakError(f"its key has {key['modulus'].bit_length()} bits")
    if key["publicExponent"].bit_length() > MAX_EXPONENT:
        raise WeakError("its key has an exponent nobody uses")


def _tags(value: bytes) -> dict[bytes, bytes]:
    if len(value) > MAX_FIELD or _BLANK_RUN.search(value):
        raise WeakError("it is too long")
    tags: dict[bytes, bytes] = parse_tag_value(value)
    if b"l" in tags:
        raise WeakError("it leaves the end of the mail open (l=)")
    # The library would ask the clock for these two.
    validate_signature_fields({name: value for name, value in tags.items() if name not in (b"t", b"x")})
    return tags


def _visible_fields(headers: list[list[bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((_strip(name), _strip(_FOLD.sub(b"", value))) for name, value in headers)


def _visible(text: str) -> bytes:
    return _strip(text.encode("utf-8", "surrogateescape"))


def _strip(text: bytes) -> bytes:
    """What is left for comparison when blanks, controls and 8-bit letters are taken out."""
    return text.translate(None, _INVISIBLE)
