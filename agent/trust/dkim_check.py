"""The verdict on each signature that could speak for the From address of a mail that came in (RFC 6376).

A signature counts when every field that will be used is there exactly once and signed. To is used only where no
envelope says whom the mail was for.
"""

from collections import Counter
from collections.abc import Mapping

from agent.mail.front import with_line_feeds
from agent.mail.headers import Block, read_block
from agent.model.dkim import KeyAnswer, KeyState, Result, Verdict
from agent.model.mail import ParsedMail, RawMessage
from agent.model.settings import Limits
from agent.trust.dkim_names import Seal, worth_checking

_USED = frozenset({"from", "subject", "date", "message-id"})

Keys = Mapping[str, KeyAnswer]


def check(mail: ParsedMail, message: RawMessage, keys: Keys, limits: Limits) -> tuple[Verdict, ...]:
    """One verdict for each signature worth checking, topmost first."""
    if mail.sender is None or not mail.headers.first("DKIM-Signature"):
        return ()
    raw = with_line_feeds(message.raw)
    block = read_block(raw, limits)
    seals = worth_checking(block.wire, mail.sender)
    needed = _USED if message.envelope_to else _USED | {"to"}
    why = _unfit(block, needed)
    if why:
        return tuple(Verdict(result=Result.NONE, domain=seal.domain, why=why) for seal in seals)
    return _verify(raw, block, seals, needed, message, keys)


def _unfit(block: Block, needed: frozenset[str]) -> str:
    """What in the header block forbids to believe any signature."""
    if block.defects:
        return f"the header block is broken ({', '.join(block.defects)})"
    counted = Counter(name.lower() for name, _ in block.wire.fields)
    odd = sorted(name for name in needed if counted[name] != 1)
    return f"not exactly one {', '.join(odd)}" if odd else ""


def _verify(
    raw: bytes, block: Block, seals: tuple[Seal, ...], needed: frozenset[str], message: RawMessage, keys: Keys
) -> tuple[Verdict, ...]:
    from agent.trust.dkim_verify import Verifier  # 17 MB that `optoutd classify` and mail without keys never need

    verifier = Verifier(block.raw, raw[block.body_at :], message.received_at)
    verdicts = []
    for seal in seals:
        key = keys.get(seal.key_name)
        if key is None or key.state is not KeyState.FOUND:
            verdicts.append(_without_key(seal, key))
            continue
        why = verifier.why_not(seal.place, key.txt, needed, block.wire.fields)
        verdicts.append(Verdict(result=Result.FAIL if why else Result.PASS, domain=seal.domain, why=why))
    return tuple(verdicts)


def _without_key(seal: Seal, key: KeyAnswer | None) -> Verdict:
    if key is None:
        return Verdict(result=Result.NONE, domain=seal.domain, why="its key was not looked up")
    if key.state is KeyState.TEMPERROR:
        return Verdict(result=Result.TEMPERROR, domain=seal.domain, why="the DNS gave no answer")
    return Verdict(result=Result.FAIL, domain=seal.domain, why="the DNS has no such key")
