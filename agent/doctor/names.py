"""What the DNS says of us: a working resolver, and the domain whose mail is to come here."""

import asyncio
import socket

from agent.doctor.finding import Finding, Findings, broken, ok, warning
from agent.doctor.patient import Patient
from agent.model.address import parse_address
from agent.resolve.records import Records, Said, ask

NULL_MX = ("",)  # "." without its dot


async def resolver(patient: Patient) -> Findings:
    """It knows a name that always exists."""
    name = patient.settings.policy.dns_known_name
    said = (await ask(name, "A")).said
    if said is Said.FOUND:
        return (ok("dns", f"{name} is known"),)
    return (
        warning("dns", f"the resolver of this machine does not know {name}, which always exists",
                "see /etc/resolv.conf; until then signatures and dead domains cannot be checked"),
    )  # fmt: skip


async def domains(patient: Patient) -> Findings:
    """Every domain whose mail is to come to our own listener."""
    settings = patient.settings
    if not settings.smtp.listen:
        return ()
    plain = (*settings.addresses.unsubscribe, *settings.addresses.bounce, *settings.addresses.complaint)
    ours = [key.domain for key in map(parse_address, plain) if key is not None]
    names = dict.fromkeys(name for name in (settings.addresses.token_domain.lower(), *ours) if name)
    found = await asyncio.gather(*(_domain(name) for name in names))
    return tuple(finding for findings in found for finding in findings)


async def _domain(name: str) -> Findings:
    mx, txt = await asyncio.gather(ask(name, "MX"), ask(name, "TXT"))
    return (await _points_here(name, mx), *_spf(name, txt))


async def _points_here(name: str, mx: Records) -> Finding:
    about, mend = f"domain {name}", f"add to its DNS: {name}. MX 10 the-name-of-this-machine."
    match mx.said:
        case Said.UNSURE:
            return warning(about, "the DNS does not answer", "try again in a minute; see the line dns")
        case Said.NO_NAME:
            return broken(about, "the name is not in the DNS: opt-outs sent to it are lost", mend)
        case Said.NONE:
            return broken(about, "it has no MX record: opt-outs sent to it may be lost", mend)
        case Said.FOUND if mx.texts == NULL_MX:
            return broken(about, "its MX says that it takes no mail", mend)
        case Said.FOUND:
            return await _is_here(about, mx.texts)


async def _is_here(about: str, hosts: tuple[str, ...]) -> Finding:
    answers = await asyncio.gather(*(ask(host, kind) for host in hosts for kind in ("A", "AAAA")))
    addresses = [text for answer in answers for text in answer.texts]
    shown = ", ".join(hosts)
    if not addresses:
        return broken(about, f"its MX {shown} has no address", "add an A record for it to the DNS")
    if any(map(is_ours, addresses)):
        return ok(about, f"its MX {shown} is this machine")
    said = f"its MX {shown} is at {', '.join(addresses[:4])}, which is no address of this machine itself"
    return warning(about, said, "right where this machine stands behind an address translation or its own relay")


def _spf(name: str, txt: Records) -> Findings:
    if txt.said in (Said.UNSURE, Said.NO_NAME) or any(text.lower().startswith("v=spf1") for text in txt.texts):
        return ()
    mend = f'add to its DNS: {name}. TXT "v=spf1 mx -all" (and what else sends in its name)'
    return (warning(f"domain {name}", "it has no SPF record: letters from it may be taken for spam", mend),)


def is_ours(address: str) -> bool:
    """Whether this machine has the address: only then it can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as tried:
            tried.bind((address, 0))
    except OSError:
        return False
    return True
