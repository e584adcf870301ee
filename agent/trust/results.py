"""Authentication-Results (RFC 8601): only the topmost field, and only of the configured authserv-id, is believed."""

from dataclasses import dataclass

from authres import AuthenticationResultsHeader, AuthResError

from agent.model.address import AddressKey, fold_domain
from agent.trust.align import aligned

MAX_VALUE_CHARS = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the receiving server found; `signers` are all DKIM domains that passed, aligned or not."""

    authenticated: bool = False
    signers: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """One method that passed, and the domain it passed for."""

    method: str
    domain: str


def judge(values: tuple[str, ...], authserv_id: str, sender: AddressKey | None) -> Verdict:
    """The verdict of the topmost field on the single From address; junk is an empty verdict."""
    if not values or not authserv_id:
        return Verdict()
    passed = read(values[0], authserv_id)
    signers = tuple(dict.fromkeys(p.domain for p in passed if p.method == "dkim" and p.domain))
    for one in passed:
        if sender is not None and _speaks_for(one, sender):
            return Verdict(authenticated=True, signers=signers, why=f"{one.method}=pass {one.domain}")
    return Verdict(signers=signers)


def read(value: str, authserv_id: str) -> tuple[Passed, ...]:
    """The methods that passed, or nothing when the field is another server's or cannot be read."""
    if len(value) > MAX_VALUE_CHARS:
        return ()
    try:
        header = AuthenticationResultsHeader.parse_value(" ".join(value.split()))
    except (AuthResError, RecursionError):  # nested comments recurse
        return ()
    if (header.authserv_id or "").lower() != authserv_id.lower():
        return ()
    return tuple(
        Passed(method=result.method.lower(), domain=_domain(result))
        for result in header.results
        if result.method and (result.result or "").lower() == "pass"
    )


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


def _speaks_for(passed: Passed, sender: AddressKey) -> bool:
    if passed.method == "dmarc":
        # A field that names the From it judged must have judged this one; many name none.
        return passed.domain == "" or aligned(passed.domain, sender.domain)
    return passed.method == "dkim" and aligned(passed.domain, sender.domain)
