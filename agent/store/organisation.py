"""Whether two addresses belong to one company: one organisational domain, which is no public mail provider's."""

from functools import cache
from importlib.resources import files

import tomli

from agent.model.address import AddressKey
from agent.trust.align import aligned, organisational


def same(one: AddressKey | None, other: AddressKey) -> bool:
    """Whether a colleague speaks; at a public provider nobody is anybody's colleague."""
    if one is None or one == other:
        return False
    return aligned(one.domain, other.domain) and organisational(one.domain) not in _public()


@cache
def _public() -> frozenset[str]:
    text = (files("agent") / "data" / "public_mail.toml").read_text("utf-8")
    return frozenset(tomli.loads(text)["domains"])
