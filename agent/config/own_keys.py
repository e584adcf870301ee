"""The public keys our own mail is signed with: each entry of `dkim.own` names its DNS name and its file.

The file holds what is at hand: the record as the DNS shows it, the zone file that opendkim-genkey writes, or a public
key in PEM. A private key is refused: this program has no use for it.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from agent.model.dkim import KeyAnswer, KeyState
from agent.model.settings import DkimSettings

_NAME = re.compile(r"[a-z0-9_.-]+\._domainkey\.[a-z0-9_.-]+\.[a-z0-9-]+")
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END")
_QUOTED = re.compile(r'"([^"]*)"')
_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410 section 4: what stands before the 32 octets
_WRITE = 'write the name of its DNS record and a file, such as "mail._domainkey.example.com /etc/optoutd/mail.txt"'


class OwnKeyError(ValueError):
    """An entry that cannot be used; its text says why and what to do."""


def read_own_keys(dkim: DkimSettings) -> tuple[KeyAnswer, ...]:
    """The keys; OwnKeyError for the first that cannot be used."""
    return tuple(_read(entry) for entry in dkim.own)


def faults(dkim: DkimSettings) -> Iterator[str]:
    """What is wrong with each entry."""
    for entry in dkim.own:
        try:
            _check(_read(entry))
        except OwnKeyError as wrong:
            yield str(wrong)


def record_of(text: str) -> bytes:
    """The key record that a file means."""
    pem = _PEM.search(text)
    if pem and "PRIVATE" in pem[1]:
        raise OwnKeyError("holds a private key; write the public one: openssl pkey -in FILE -pubout")
    if pem:
        der = base64.b64decode("".join(pem[2].split()))
        kind, key = ("ed25519", der[len(_ED25519) :]) if der.startswith(_ED25519) else ("rsa", der)
        return f"v=DKIM1; k={kind}; p={base64.b64encode(key).decode('ascii')}".encode("ascii")
    return "".join(_QUOTED.findall(text) or text.split("\n")).strip().encode("ascii", "replace")


def _read(entry: str) -> KeyAnswer:
    name, _, file = entry.partition(" ")
    name, file = name.lower().rstrip("."), file.strip()
    if not _NAME.fullmatch(name) or not file:
        raise OwnKeyError(f'"{entry[:60]}" is not understood; {_WRITE}')
    try:
        record = record_of(Path(file).read_text("utf-8"))
    except OSError as error:
        raise OwnKeyError(f"{file}: {error.strerror}; write the path of a file that this user may read") from None
    except OwnKeyError as wrong:
        raise OwnKeyError(f"{file} {wrong}") from None
    except ValueError:
        raise OwnKeyError(f"{file} holds no key; write a key record or a public key in PEM") from None
    return KeyAnswer(name=name, state=KeyState.FOUND, txt=record)


def _check(key: KeyAnswer) -> None:
    from agent.trust.dkim_verify import why_unusable  # with dkimpy, which nothing else here needs

    why = why_unusable(key.txt)
    if why:
        raise OwnKeyError(
            f"{key.name}: the key of its file cannot be used: {why}; write the record as the DNS shows it"
        )
