"""Our own DKIM signature on a returned original: proof that we wrote this mail to this one person, not long ago.

Only the header block comes back, so the body is left out of the check; therefore nothing is concluded but the
address in the signed To. Laws: exactly one From, To, Message-ID and Date, all signed; one address in To; Date at most
30 days old. That each returned mail proves a bounce only once is kept by the send log.
"""

from collections import Counter
from datetime import datetime, timedelta

from agent.mail.addresses import single_sender
from agent.mail.headers import Block, read_block
from agent.mail.thread import written_at
from agent.model.address import AddressKey
from agent.model.dkim import KeyAnswer
from agent.model.settings import Limits
from agent.trust.dkim_names import MAX_SIGNATURES, Seal, read_seals

MAX_AGE = timedelta(days=30)
CLOCK_SLACK = timedelta(days=1)

_NEEDED = frozenset({"from", "to", "message-id", "date"})


def proven_recipient(
    original: bytes, own: tuple[KeyAnswer, ...], at: datetime, limits: Limits
) -> tuple[AddressKey | None, str]:
    """Whom a returned header block of ours was written to, or None; and in words why. No words: not signed by us."""
    if not original or not own:
        return None, ""
    block = read_block(original, limits)
    keys = {key.name: key for key in own}
    seals = [seal for seal in read_seals(block.wire.all("DKIM-Signature")) if seal.key_name in keys]
    if not seals:
        return None, ""
    person = single_sender(block.wire.all("To"))  # as strict with To as with From: one address, nothing ambiguous
    why = _unfit(block, person, at) or _invalid(block, seals[:MAX_SIGNATURES], keys, at)
    if why:
        return None, f"own signature: {why}"
    return person, f"own signature {seals[0].domain}"


def _unfit(block: Block, person: AddressKey | None, at: datetime) -> str:
    if block.defects:
        return f"the returned header block is broken ({', '.join(block.defects)})"
    counted = Counter(name.lower() for name, _ in block.wire.fields)
    odd = sorted(name for name in _NEEDED if counted[name] != 1)
    if odd or person is None:
        return f"not exactly one {', '.join(odd) or 'person in To'}"
    written = written_at(block.headers)
    if written is None or not at - MAX_AGE <= written <= at + CLOCK_SLACK:
        return "the returned mail is too old, or has no date"
    return ""


def _invalid(block: Block, seals: list[Seal], keys: dict[str, KeyAnswer], at: datetime) -> str:
    from agent.trust.dkim_verify import Verifier  # see dkim_check

    verifier = Verifier(block.raw, None, at)
    why = ""
    for seal in seals:
        why = verifier.why_not(seal.place, keys[seal.key_name].txt, _NEEDED, block.wire.fields)
        if not why:
            return ""
    return why
