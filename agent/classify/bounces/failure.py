"""One recipient that was not reached, and the two ways a text becomes the address of one."""

import re

import msgspec

from agent.model.address import AddressKey, parse_address
from agent.model.report import RecipientReport

MAX_RECIPIENTS = 100

# What no mail system accepts may still be in somebody's list: such an address fails, and that is worth saying.
_UNMAILABLE = re.compile(r"([^\s<>@]{1,480})@([^\s<>()\[\],;:\\\"@]{1,255})")


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """`report` is what was said of this recipient alone; what the notice says of all is asked where it is silent."""

    address: AddressKey
    report: RecipientReport
    delayed: bool = False


def address_of(text: str) -> AddressKey | None:
    """The address a report names; one that breaks the syntax is kept as it was written, for it was written to."""
    key = parse_address(text)
    if key is not None:
        return key
    match = _UNMAILABLE.fullmatch(text.strip().strip("<>"))
    if match is None or not match[0].isascii() or match[1][0] in "|/":  # a pipe or a file is nobody
        return None
    return AddressKey(local=match[1].lower(), domain=match[2].lower().rstrip("."), raw=match[0])
