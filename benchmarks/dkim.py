"""What one hostile mail costs the reader in CPU time, and what an honest one does: `python -m benchmarks.dkim`.

Each line reads a whole mail (parse, prove) three times and shows the slowest; the attacks must stay below 0.2 s.
"""

import sys
import time
from collections.abc import Iterator

from agent.mail.parse import parse
from agent.model.dkim import KeyAnswer
from agent.model.settings import Limits
from agent.trust.assess import assess
from agent.trust.dkim_names import names_wanted
from tests.unit.mails import raw
from tests.unit.trust.signing import HEAD, MAIL, Signer, ed25519, fat_record, rsa
from tests.unit.trust.test_assess import SETTINGS

MOST_SECONDS = 0.2
LIMITS = Limits()

Case = tuple[str, bytes, KeyAnswer]


def cases() -> Iterator[Case]:
    """Name, mail and key of each."""
    key = rsa().answer()
    seal = rsa().sign().partition(b"From: Ana")[0]
    yield "honest, RSA 2048", rsa().sign(), key
    yield "honest, RSA 4096", rsa(4096).sign(), rsa(4096).answer()
    yield "honest, Ed25519", ed25519().sign(), ed25519().answer()
    yield "honest, 1.9 MB", _signed_body(rsa(), b"x" * 70 + b"\r\n", 26_000), key
    for bits in (16_384, 32_768):
        yield f"key of {bits} bits", rsa().sign(), rsa().answer(txt=fat_record(bits))
    yield "key and exponent of 4088 bits", rsa().sign(), rsa().answer(txt=fat_record(4_088))
    yield "40 KB of blanks in the body", _unsigned_body(b" " * 40_000 + b"x", 1), key
    yield "1 MB of blank lines", _unsigned_body(b" " * 990 + b"\r\n", 1_000), key
    yield "1.9 MB of lines of one blank", _unsigned_body(b" \r\n", 630_000), key
    yield "1.9 MB of empty lines", _unsigned_body(b"\r\n", 950_000), key
    yield "1,000 signatures", seal * 1_000 + MAIL, key
    yield "60 signatures below the limits", seal * 60 + MAIL, key
    yield "5 signatures, 1.9 MB", seal * 5 + HEAD + b"\r\n" + (b"x" * 70 + b"\r\n") * 26_000, key
    yield "40 KB of blanks in a signature", seal.replace(b"h=", b"h=" + b" " * 40_000, 1) + MAIL, key
    yield "3,000 names in h=", seal.replace(b"h=from", b"h=" + b":".join([b"ab"] * 2_500) + b":from", 1) + MAIL, key


def _signed_body(signer: Signer, line: bytes, times: int) -> bytes:
    return signer.sign(HEAD + b"\r\n" + line * times + b"\r\n")


def _unsigned_body(line: bytes, times: int) -> bytes:
    """With five signatures of another body: the library itself would take seconds to make one of this."""
    return rsa().sign().partition(b"From: Ana")[0] * 5 + HEAD + b"\r\n" + line * times + b"\r\n"


def seconds(mail: bytes, key: KeyAnswer) -> tuple[float, str]:
    """The slowest of three readings, and what was found."""
    slowest, found = 0.0, ""
    for _ in range(3):
        message = raw()
        message = type(message)(
            source=message.source,
            envelope_from=None,
            envelope_to=(),
            peer="",
            raw=mail,
            received_at=message.received_at,
        )
        begun = time.process_time()
        names_wanted(message, SETTINGS)
        proof = assess(parse(message, LIMITS), message, None, None, (key,))
        slowest = max(slowest, time.process_time() - begun)
        found = "; ".join(proof.why[:1]) or "nothing"
    return slowest, found


def main() -> int:
    """Print a table; 1 when a line is too slow."""
    too_slow = 0
    seconds(rsa().sign(), rsa().answer())  # loads the library
    for name, mail, key in cases():
        spent, found = seconds(mail, key)
        too_slow += spent >= MOST_SECONDS
        print(f"{name:34} {spent * 1000:8.1f} ms   {found[:80]}")
    print(f"at most {MOST_SECONDS * 1000:.0f} ms each: {'no' if too_slow else 'yes'}")
    return 1 if too_slow else 0


if __name__ == "__main__":
    sys.exit(main())
