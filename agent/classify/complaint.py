"""Feedback reports (RFC 5965): who complained, in the search order that survives redaction; all types are reported,
which of them suppress is the policy's to say.
"""

from agent.classify.evidence import clipped, token_of
from agent.classify.placeholder import is_placeholder
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail, Purpose, Token
from agent.model.proof import Proof
from agent.model.report import Arf
from agent.model.signal import Complaint, Evidence, Signal, Strength
from agent.rules.catalog import Catalog

# Where a token of ours survives in a report, best first: the envelope, the Message-ID, the List-Unsubscribe.
_PLACES = (
    ((Purpose.BOUNCE, Purpose.FEEDBACK), ("envelope-id", "return-path")),
    ((Purpose.FEEDBACK,), ("message-id",)),
    ((Purpose.UNSUBSCRIBE,), ("list-unsubscribe",)),
)
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
    original = mail.original
    sources = (
        original.all("X-HmXmrOriginalRecipient") if original else (),
        (*arf.original_rcpt_to, *arf.removal_recipients),
        original.all("To") if original else (),
    )
    for source in sources:
        keys = (parse_address(_bare(text)) for text in source[:MAX_RECIPIENTS])
        people = tuple(dict.fromkeys(key for key in keys if key is not None and not is_placeholder(key)))
        if people:
            return people
    return ()


def _bare(text: str) -> str:
    """`Name <a@b>` without its name; a list of several stays unreadable, which is right: one of them complained."""
    return text[text.rfind("<") :] if text.rstrip().endswith(">") and text.count("@") == 1 else text


def _complaint(
    mail: ParsedMail, arf: Arf, proof: Proof, catalog: Catalog, token: Token | None, person: AddressKey | None
) -> Complaint:
    kind = arf.feedback_type.strip().lower()
    trusted = _trusted(proof, catalog)
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
        original_message_id=mail.original.first("Message-ID") if mail.original else "",
    )


def _strength(trusted: bool, token: Token | None, person: AddressKey | None) -> Strength:
    if token is not None:
        return Strength.E3
    if person is None:
        return Strength.E0
    return Strength.E2 if trusted else Strength.E1


def _trusted(proof: Proof, catalog: Catalog) -> bool:
    """RFC 9477 section 3.5 asks for a signature aligned with the From; we also ask that we know the signer."""
    return proof.authenticated and any(signer in catalog.reporters for signer in proof.signers)
