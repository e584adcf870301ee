"""Whom a request is about: the sender, unless it names somebody else's address (DESIGN.md section 6)."""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.classify.weights import Request, Weighed
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail
from agent.model.proof import Proof
from agent.rules.index import Found
from agent.rules.normal import ADDRESS
from agent.rules.speech import Owner
from agent.rules.words import Mark, MarkKind

MAX_NAMED = 20
_REACH = 40  # letters between "please write to" and the address it gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One address a request is about; `sure`: it may be acted on."""

    address: AddressKey
    named: bool
    sure: bool


def targets(
    mail: ParsedMail, proof: Proof, request: Request, weighed: Weighed, public_mail: frozenset[str]
) -> tuple[Target, ...]:
    """Those addresses; the sender alone when the request names none."""
    if mail.sender is None:
        return ()
    sender = Target(address=mail.sender, named=False, sure=True)
    named = tuple(dict.fromkeys(_named(mail, request, weighed)))
    if not named:
        return (sender,)
    others = tuple(
        Target(address=key, named=True, sure=_may_speak_for(mail.sender, key, proof, public_mail))
        for key in named
        if key != mail.sender
    )
    also = mail.sender in named or _includes_writer(request, weighed)
    return (sender, *others) if also or not others else others


def _named(mail: ParsedMail, request: Request, weighed: Weighed) -> Iterator[AddressKey]:
    """The addresses in the sentence of the request; those listed below it, or named before, where it points there."""
    named = _in_sentence(mail, request, weighed, request.sentence)
    if named is not None:
        yield from named
        return
    yield from _listed(mail, request, weighed)
    if any(number == request.sentence for number, _ in weighed.marks(MarkKind.THERE, request.language)):
        before = (_in_sentence(mail, request, weighed, number) for number in reversed(range(request.sentence)))
        yield from next((keys for keys in before if keys is not None), ())


def _in_sentence(mail: ParsedMail, request: Request, weighed: Weighed, number: int) -> list[AddressKey] | None:
    """The addresses in one sentence that are neither ours nor given as the new contact; None where it has none."""
    sentence = weighed.sentences[number]
    places = [at for at, letter in enumerate(sentence.words) if letter == "@"]
    found = _addresses(sentence.text)
    contacts = (
        [mark for mark in _contacts(request, weighed) if _apart(mark, request)] if number == request.sentence else []
    )
    keys = []
    for text, at in zip(found, places, strict=False):
        key = parse_address(text)
        given = any(mark.end <= at + 1 and at - mark.end <= _REACH for mark in contacts)
        if key is not None and not given and key not in mail.to:
            keys.append(key)
    return keys if found else None


def _addresses(text: str) -> list[str]:
    """Those in a text; Hebrew joins "to" to them with a hyphen."""
    return [found.lstrip("-") for found in ADDRESS.findall(text)[:MAX_NAMED]]


def _apart(mark: Found[Owner], request: Request) -> bool:
    """Whether a mark is no part of the request: in "stop sending to @" nothing is asked to be sent there."""
    said = request.found
    return not said.phrase or mark.end <= said.start or said.end <= mark.start


def _listed(mail: ParsedMail, request: Request, weighed: Weighed) -> Iterator[AddressKey]:
    """Addresses that stand alone on the lines below: "please remove:" and a list of them."""
    opened = weighed.sentences[request.sentence].text.rstrip().endswith((":", "："))
    for sentence in weighed.sentences[request.sentence + 1 :] if opened else ():
        found = _addresses(sentence.text)
        if not found or sentence.words.replace("@", "").replace(",", "").strip():
            return
        yield from (key for text in found if (key := parse_address(text)) is not None and key not in mail.to)


def _contacts(request: Request, weighed: Weighed) -> Iterator[Found[Owner]]:
    return (mark for at, mark in weighed.marks(MarkKind.CONTACT, request.language) if at == request.sentence)


def _includes_writer(request: Request, weighed: Weighed) -> bool:
    return any(
        number == request.sentence and isinstance(mark.owner, Mark)
        for number, mark in weighed.marks(MarkKind.ALSO, request.language)
    )


def _may_speak_for(sender: AddressKey, other: AddressKey, proof: Proof, public_mail: frozenset[str]) -> bool:
    """One company, a proven From, and no provider where anybody has a mailbox."""
    one, two = sender.domain, other.domain
    same = one == two or one.endswith(f".{two}") or two.endswith(f".{one}")
    return same and proof.authenticated and not {one, two} & public_mail
