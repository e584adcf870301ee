"""What the DNS said about the keys of a mail's signatures, and the verdict on each signature (RFC 6376, RFC 8601)."""

from dataclasses import dataclass
from enum import Enum


class KeyState(Enum):
    """How a look-up ended."""

    FOUND = "txt"
    NONE = "nxdomain"  # no such name, or no TXT record there
    TEMPERROR = "temperror"  # no answer for now: nothing may be concluded from it


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAnswer:
    """One key record. `name` is `selector._domainkey.domain`, in lower case, without the last dot."""

    name: str
    state: KeyState
    txt: bytes = b""


class Result(Enum):
    """The words of RFC 8601 section 2.7.1 that matter here."""

    PASS = "pass"
    FAIL = "fail"
    TEMPERROR = "temperror"
    NONE = "none"  # not looked at: it could prove nothing, or its key was not looked up


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one signature is worth, and why."""

    result: Result
    domain: str
    why: str = ""

    def __str__(self) -> str:
        return f"dkim={self.result.value} {self.domain}" + (f": {self.why}" if self.why else "")
