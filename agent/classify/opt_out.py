"""Opt-outs that need no words: a token, an unsubscribe address, a mail program's own mark. Words only add to them."""

from agent.classify.evidence import answerable, by_robot, from_sender, token_of
from agent.classify.spoken import Heard, hear
from agent.model.address import AddressKey, parse_address
from agent.model.mail import ParsedMail, Purpose, Role
from agent.model.proof import Proof
from agent.model.signal import Evidence, Manner, OptOut, OptOutReason, Signal
from agent.rules.catalog import Catalog
from agent.rules.schema import Kind, Stage

# What a person who writes to an unsubscribe address may want instead of leaving.
_INSTEAD = (Kind.PAUSE, Kind.FREQUENCY, Kind.TOPIC, Kind.RESUBSCRIBE)
_BESIDE = (Kind.ERASE, Kind.ACCESS, Kind.COMPLAINT)


def by_token(mail: ParsedMail, proof: Proof) -> tuple[Signal, ...]:
    """A verified u token in a recipient or the Subject: an opt-out whatever else the mail is or says."""
    token = token_of(proof, (Purpose.UNSUBSCRIBE,), ("recipient", "subject"))
    address = mail.sender or _nearest_address(mail)
    if token is None or address is None or mail.dsn is not None or mail.arf is not None:
        return ()
    return (_opt_out(mail, address, from_sender(proof, "token:u", mail.subject, token)),)


def by_address(mail: ParsedMail, proof: Proof, role: Role | None, catalog: Catalog) -> tuple[Signal, ...]:
    """Mail to an unsubscribe address, or a mail program's own mark on it. Reports and robots that arrive at such an
    address ask for nothing, unless the robot is the mail program doing what its user told it (Apple Mail).
    """
    if mail.sender is None or mail.dsn is not None or mail.arf is not None:
        return ()
    mark = _client_mark(mail, catalog)
    if mark:
        return (_opt_out(mail, mail.sender, from_sender(proof, mark, mail.subject or mail.own_text)),)
    if role is not Role.UNSUBSCRIBE or by_robot(mail):
        return ()
    heard = hear(mail, catalog) if mail.own_text.strip() else None
    if heard is not None and heard.says(*_INSTEAD, *_BESIDE, Kind.UNSUBSCRIBE):
        return ()  # the words say it better, also whom it is about
    evidence = from_sender(proof, "role:unsubscribe", mail.subject or mail.own_text)
    return (_opt_out(mail, mail.sender, evidence, _reason(heard)),)


def _reason(heard: Heard | None) -> OptOutReason | None:
    wish = next(iter(heard.wishes), None) if heard else None
    return wish.reason if wish else None


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


def _opt_out(mail: ParsedMail, address: AddressKey, evidence: Evidence, reason: OptOutReason | None = None) -> OptOut:
    return OptOut(address=address, evidence=evidence, answerable=answerable(mail), manner=Manner.ADDRESS, reason=reason)
