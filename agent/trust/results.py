"""Authentication-Results (RFC 8601): only the topmost field, and only of the configured authserv-id, is believed."""

from dataclasses import dataclass

from authres import AuthenticationResultsHeader, AuthResError

from agent.model.address import AddressKey, fold_domain
from agent.model.mail import Door, RawMessage
from agent.model.settings import ImapAccount, Settings
from agent.trust.align import aligned

MAX_VALUE_CHARS = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the receiving server found; `signers` are all DKIM domains that passed, aligned or not."""

    authenticated: bool = False
    signers: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the server says of one method, in lower case, and the domain it says it for."""

    method: str
    result: str
    domain: str


def account_of(message: RawMessage, settings: Settings | None) -> ImapAccount | None:
    """The mailbox the mail was read from: only there a server of ours wrote the topmost fields."""
    if settings is None or message.source.door is not Door.IMAP:
        return None
    return next((account for account in settings.imap if account.name == message.source.account), None)


def judge(values: tuple[str, ...], authserv_id: str, sender: AddressKey | None) -> Verdict:
    """The verdict of the topmost field on the single From address; junk is an empty verdict."""
    passed = tuple(found for found in _topmost(values, authserv_id) if found.result == "pass")
    signers = tuple(dict.fromkeys(p.domain for p in passed if p.method == "dkim" and p.domain))
    for one in passed:
        if sender is not None and _speaks_for(one, sender):
            return Verdict(authenticated=True, signers=signers, why=f"{one.method}=pass {one.domain}")
    return Verdict(signers=signers)


def decided(values: tuple[str, ...], authserv_id: str) -> bool:
    """Whether that field has judged the signatures, for or against: then we do not judge them again."""
    return any(
        (found.method == "dkim" and found.result != "temperror")
        or (found.method == "dmarc" and found.result in ("pass", "fail"))
        for found in _topmost(values, authserv_id)
    )


def _topmost(values: tuple[str, ...], authserv_id: str) -> tuple[Found, ...]:
    return read(values[0], authserv_id) if values and authserv_id else ()


def read(value: str, authserv_id: str) -> tuple[Found, ...]:
    """The results of a field, or nothing when it is another server's or cannot be read."""
    if len(value) > MAX_VALUE_CHARS:
        return ()
    try:
        header = AuthenticationResultsHeader.parse_value(" ".join(value.split()))
    except (AuthResError, RecursionError):  # nested comments recurse
        return ()
    if (header.authserv_id or "").lower() != authserv_id.lower():
        return ()
    return tuple(
        Found(method=result.method.lower(), result=(result.result or "").lower(), domain=_domain(result))
        for result in header.results
        if result.method
    )


def written_by(value: str) -> str:
    """The authserv-id of a field, or nothing when it cannot be read."""
    if len(value) > MAX_VALUE_CHARS:
        return ""
    try:
        header = AuthenticationResultsHeader.parse_value(" ".join(value.split()))
    except (AuthResError, RecursionError):  # nested comments recurse
        return ""
    return (header.authserv_id or "").lower()


def _domain(result: object) -> str:
    """`header.d`, else the domain of `header.i` (DKIM), else of `header.from` (DMARC)."""
    found = {
        (prop.type.lower(), prop.name.lower()): prop.value or "" for prop in getattr(result, "properties", None) or ()
    }
    for name in ("d", "i", "from"):
        value = found.get(("header", name), "")
        if value:
            return fold_domain(value.rpartition("@")[2]) or ""
    return ""


def _speaks_for(passed: Found, sender: AddressKey) -> bool:
    if passed.method == "dmarc":
        # A field that names the From it judged must have judged this one; many name none.
        return passed.domain == "" or aligned(passed.domain, sender.domain)
    return passed.method == "dkim" and aligned(passed.domain, sender.domain)
