"""Opt-outs: a token or an unsubscribe address is enough by itself; words count only when a person wrote them."""

import re

from agent.classify.evidence import answerable, by_robot, from_sender, token_of
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail, Purpose, Role
from agent.model.proof import Proof
from agent.model.signal import Evidence, Manner, OptOut, OptOutReason, Signal
from agent.rules.catalog import Catalog
from agent.rules.match import Hit
from agent.rules.schema import Kind, Stage

_ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w.-]{1,120}")


def by_token(mail: ParsedMail, proof: Proof) -> tuple[Signal, ...]:
    """A verified u token in a recipient or the Subject: an opt-out whatever else the mail is or says."""
    token = token_of(proof, (Purpose.UNSUBSCRIBE,), ("recipient", "subject"))
    address = mail.sender or _nearest_address(mail)
    if token is None or address is None or mail.dsn is not None or mail.arf is not None:
        return ()
    return (_opt_out(mail, address, from_sender(proof, "token:u", mail.subject, token), Manner.ADDRESS),)


def by_address(mail: ParsedMail, proof: Proof, role: Role | None, catalog: Catalog) -> tuple[Signal, ...]:
    """Mail to an unsubscribe address, or a mail program's own mark on it. Reports and robots that arrive at such an
    address ask for nothing, unless the robot is the mail program doing what its user told it (Apple Mail).
    """
    if mail.sender is None or mail.dsn is not None or mail.arf is not None:
        return ()
    mark = _client_mark(mail, catalog)
    if not mark and (role is not Role.UNSUBSCRIBE or by_robot(mail) or _wants_back(mail, catalog)):
        return ()
    evidence = from_sender(proof, mark or "role:unsubscribe", mail.subject or mail.own_text)
    return (_opt_out(mail, mail.sender, evidence, Manner.ADDRESS),)


def by_keyword(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """A reply whose whole own text is one opt-out keyword; without any text, a Subject that is one."""
    hit = keyword(mail, catalog, Kind.UNSUBSCRIBE)
    if mail.sender is None or hit is None:
        return ()
    evidence = from_sender(proof, f"keyword:{hit.rule.id}", hit.excerpt, confidence=hit.rule.confidence)
    return (_opt_out(mail, mail.sender, evidence, Manner.KEYWORD, hit),)


def by_wording(mail: ParsedMail, proof: Proof, catalog: Catalog) -> tuple[Signal, ...]:
    """Opt-out words inside a person's own sentences; the first rule that is sure, else the first that is likely.

    A text that names somebody else's address asks for somebody else: the sender stays untouched (DESIGN.md section 6).
    """
    hits = catalog.find(Stage.WORDING, mail.own_text)
    if mail.sender is None or not hits or _names_another(mail.own_text, mail.sender):
        return ()
    hit = min(hits, key=lambda one: one.rule.confidence.value != "sure")
    evidence = from_sender(proof, f"wording:{hit.rule.id}", hit.excerpt, confidence=hit.rule.confidence)
    return (_opt_out(mail, mail.sender, evidence, Manner.WORDING, hit),)


def keyword(mail: ParsedMail, catalog: Catalog, kind: Kind) -> Hit | None:
    """The keyword that is all the mail says: its own text, or with an empty body its Subject."""
    said = mail.own_text.strip() or mail.subject
    return next((hit for hit in catalog.find(Stage.KEYWORD, said) if hit.rule.yields.kind is kind), None)


def _names_another(text: str, sender: AddressKey) -> bool:
    named = (parse_address(found.rstrip(".")) for found in _ADDRESS.findall(text)[:20])
    return any(key is not None and key != sender for key in named)


def _wants_back(mail: ParsedMail, catalog: Catalog) -> bool:
    """START sent to the unsubscribe address: the person's own whole text says the opposite of the address."""
    return bool(mail.own_text.strip()) and keyword(mail, catalog, Kind.RESUBSCRIBE) is not None


def _client_mark(mail: ParsedMail, catalog: Catalog) -> str:
    """Apple Mail says it in a header, others in the one sentence they write."""
    if mail.headers.first("X-Apple-Unsubscribe").strip().lower() == "true":
        return "mark:apple"
    if by_robot(mail):
        return ""
    hit = next(iter(catalog.find(Stage.CLIENT, mail.own_text)), None)
    return f"mark:{hit.rule.id}" if hit else ""


def _nearest_address(mail: ParsedMail) -> AddressKey | None:
    """For a mail without exactly one From. The token names the person; this only stands in for him."""
    returned = parse_address(mail.return_path) if mail.return_path else None
    return returned or next(iter(mail.to), None)


def _opt_out(
    mail: ParsedMail, address: AddressKey, evidence: Evidence, manner: Manner, hit: Hit | None = None
) -> OptOut:
    reason = hit.rule.yields.reason if hit else ""
    return OptOut(
        address=address,
        evidence=evidence,
        answerable=answerable(mail),
        manner=manner,
        scope=hit.rule.yields.scope if hit else "all",
        reason=OptOutReason(reason) if reason else None,
    )
