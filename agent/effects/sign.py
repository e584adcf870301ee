"""Signs letters (DKIM, RFC 6376), where a key of ours is configured; the work is done off the event loop.

The key is read and tried once, at the start: a letter that cannot be signed is never found out one by one.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from agent.model.address import fold_domain
from agent.model.settings import LetterSettings

# Each once more than it occurs: a second From, Subject or Reply-To, put in on the way, breaks the signature
# (RFC 6376 section 8.15).
_SIGNED = (
    b"From", b"To", b"Reply-To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References",
    b"Auto-Submitted", b"MIME-Version", b"Content-Type",
)  # fmt: skip


class SignError(ValueError):
    """The key cannot sign; the message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """One key and where its public half stands."""

    domain: str
    selector: str
    key: bytes = field(repr=False)

    async def signed(self, letter: bytes) -> bytes:
        """The letter with a DKIM-Signature above it."""
        return await asyncio.to_thread(self._sign, letter)

    def _sign(self, letter: bytes) -> bytes:
        import dkim  # only where letters are signed: it is 5 MB

        head = letter.partition(b"\r\n\r\n")[0]
        names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")]
        over = [name for name in _SIGNED for _ in range(names.count(name.lower()) + 1)]
        signature: bytes = dkim.DKIM(letter).sign(
            self.selector.encode("ascii"),
            self.domain.encode("ascii"),
            self.key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=over,
        )
        return signature + letter


def open_signer(letters: LetterSettings, from_domain: str) -> Signer | None:
    """The signer that is configured, or None; SignError when its key is none, OSError when it cannot be read."""
    if not letters.dkim_key_file:
        return None
    from dkim.crypto import UnparsableKeyError, parse_pem_private_key

    key = Path(letters.dkim_key_file).read_bytes()
    try:
        parse_pem_private_key(key)
    except UnparsableKeyError:
        raise SignError(
            f"letters.dkim_key_file: {letters.dkim_key_file} is no RSA key in PEM; make one with: openssl genrsa"
        ) from None
    domain = fold_domain(letters.dkim_domain) or from_domain
    return Signer(domain=domain, selector=letters.dkim_selector, key=key)
