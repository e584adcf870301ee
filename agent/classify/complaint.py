"""Feedback reports (RFC 5965): who complained, in the search order that survives redaction; all types are reported,
which of them suppress is the policy's to say.
"""

from collections.abc import Iterator

from agent.classify.evidence import clipped, token_of
from agent.classify.placeholder import is_placeholder
from agent.model.address import AddressKey, parse_address
from agent.model.mail import Headers, ParsedMail, Purpose, Token
from agent.model.proof import Proof
from agent.model.report import Arf
from agent.model.signal import Complaint, Evidence, Signal, Strength
from agent.rules.catalog import Catalog

# Where a token of ours survives in a report, best first: the envelope, the Message-ID, RFC 9477's feedback id, the
# List-Unsubscribe.
_PLACES = (
    ((Purpose.BOUNCE, Purpose.FEEDBACK), ("envelope-id", "return-path")),
    ((Purpose.FEEDBACK,), ("message-id",)),
    ((Purpose.FEEDBACK,), ("feedback-id",)),
    ((Purpose.UNSUBSCRIBE,), ("list-unsubscribe",)),
)
# What the reporter's own servers wrote into the mail they delivered.
_DELIVERY_FIELDS = ("X-Original-To", "Envelope-To", "X-Envelope-To", "X-Rcpt-To", "X-Apparently-To", "Delivered-To")
MAX_RECIPIENTS = 50


def complaints(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """One signal for each person a feedback report names; one without an address when it names nobody."""
    if mail.arf is None:
        return ()
    token = next(filter(None, (token_of(proof, *where) for where in _PLACES)), None)
    people = _people(mail, mail.arf)
    # The token says who it was; several addresses beside it are not all his.
    named: tuple[AddressKey | None, ...] = people[:1] if token else people
    return tuple(_complaint(mail, mail.arf, proof, catalog, token, person) for person in named or (None,))


def _people(mail: ParsedMail, arf: Arf) -> tuple[AddressKey, ...]:
    """The first source that names a real person; a later one is asked only when the earlier is redacted."""
    reported = mail.original or Headers()
    ours = {*mail.to, *_keys(reported.all("From")), *_keys((arf.original_mail_from,))}
    for source in _sources(arf, reported):
        keys = (key for key in _keys(source[:MAX_RECIPIENTS]) if not is_placeholder(key) and key not in ours)
        people = tuple(dict.fromkeys(keys))
        if people:
            return people
    return ()


def _sources(arf: Arf, reported: Headers) -> Iterator[tuple[str, ...]]:
    yield reported.all("X-HmXmrOriginalRecipient")
    removal = arf.feedback_type.startswith("opt-out")
    yield arf.removal_recipients if removal else ()
    yield (*arf.original_rcpt_to, *arf.removal_recipients)
    yield reported.all("To")
    for name in _DELIVERY_FIELDS:
        yield reported.all(name)


def _keys(texts: tuple[str, ...]) -> tuple[AddressKey, ...]:
    return tuple(key for key in (parse_address(_bare(text)) for text in texts) if key is not None)


def _bare(text: str) -> str:
    """`Name <a@b>` without its name; a list of several stays unreadable, which is right: one of them complained."""
    return text[text.rfind("<") :] if text.rstrip().endswith(">") and text.count("@") == 1 else text


def _complaint(
    mail: ParsedMail, arf: Arf, proof: Proof, catalog: Catalog, token: Token | None, person: AddressKey | None
) -> Complaint:
    kind = arf.feedback_type.strip().lower()
    trusted = _trusted(mail, proof, catalog)
    evidence = Evidence(
        rule=f"arf:{kind or 'untyped'}",
        excerpt=clipped(arf.user_agent),
        strength=_strength(trusted, token, person),
        token=token,
        authenticated=proof.authenticated,
    )
    return Complaint(
        address=person,
        evidence=evidence,
        feedback_type=kind,
        verified_reporter=trusted,
        original_message_id=_message_id(mail.original) if mail.original else "",
    )


def _message_id(reported: Headers) -> str:
    """The last one: a server that misses it writes its own above ours."""
    return next(reversed(reported.all("Message-ID")), "")


def _strength(trusted: bool, token: Token | None, person: AddressKey | None) -> Strength:
    if token is not None:
        return Strength.E3
    if person is None:
        return Strength.E0
    return Strength.E2 if trusted else Strength.E1


def _trusted(mail: ParsedMail, proof: Proof, catalog: Catalog) -> bool:
    """RFC 9477 section 3.5 asks for a signature aligned with the From; we also ask that we know the signer."""
    known = (catalog.reporters[signer] for signer in proof.signers if signer in catalog.reporters)
    return proof.authenticated and any(
        not reporter.sender or mail.sender == parse_address(reporter.sender) for reporter in known
    )
