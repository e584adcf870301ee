"""Keys made here and mail signed with them by dkimpy, as a sender would."""

import base64
import functools
import subprocess
from dataclasses import dataclass

import dkim
from nacl.encoding import Base64Encoder
from nacl.signing import SigningKey

from agent.model.dkim import KeyAnswer, KeyState

HEAD = (
    b"From: Ana <ana@buyer.example>\r\nTo: sales@exporter.example\r\nSubject: Re: Offer\r\n"
    b"Message-ID: <1@buyer.example>\r\nDate: Mon, 02 Mar 2026 08:59:00 +0000\r\n"
)
MAIL = HEAD + b"\r\nSTOP\r\n"
ALL_FIELDS = (b"from", b"to", b"subject", b"message-id", b"date")


@dataclass(frozen=True)
class Signer:
    """A private key, and the record that would stand in the DNS."""

    algorithm: bytes
    private: bytes
    record: bytes
    domain: bytes = b"buyer.example"
    selector: bytes = b"s1"

    def answer(self, **changes: object) -> KeyAnswer:
        """The record as it comes from the DNS."""
        name = f"{self.selector.decode()}._domainkey.{self.domain.decode()}"
        fields: dict[str, object] = {"name": name, "state": KeyState.FOUND, "txt": self.record} | changes
        return KeyAnswer(**fields)  # type: ignore[arg-type]

    def sign(
        self, mail: bytes = MAIL, fields: tuple[bytes, ...] = ALL_FIELDS, *, body: bytes = b"relaxed",
        length: bool = False,
    ) -> bytes:  # fmt: skip
        """The mail with its signature on top."""
        field = dkim.DKIM(mail).sign(
            self.selector, self.domain, self.private, signature_algorithm=self.algorithm,
            canonicalize=(b"relaxed", body), include_headers=list(fields), length=length,
        )  # fmt: skip
        return bytes(field) + mail


@functools.cache
def rsa(bits: int = 2048) -> Signer:
    """A fresh RSA key."""
    private = subprocess.run(
        ["openssl", "genrsa", "-traditional", str(bits)], capture_output=True, check=True
    ).stdout  # fmt: skip
    der = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=private, capture_output=True, check=True
    ).stdout  # fmt: skip
    return Signer(algorithm=b"rsa-sha256", private=private, record=b"v=DKIM1; k=rsa; p=" + base64.b64encode(der))


@functools.cache
def ed25519() -> Signer:
    """A fresh Ed25519 key (RFC 8463)."""
    key = SigningKey.generate()
    public = key.verify_key.encode(Base64Encoder)
    private = key.encode(Base64Encoder)
    return Signer(algorithm=b"ed25519-sha256", private=private, record=b"v=DKIM1; k=ed25519; p=" + public)


def fat_record(bits: int) -> bytes:
    """The record of a key whose modulus and exponent have so many bits: a hostile one costs ten seconds and more."""
    number = _der(0x02, b"\x00" + b"\xff" * (bits // 8))
    return b"v=DKIM1; p=" + base64.b64encode(_der(0x30, number + number))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    length = bytes([len(content)]) if len(content) < 128 else bytes([0x80 | len(size)]) + size
    return bytes([tag]) + length + content
