"""The way out: does the relay take our letters? Nothing is sent to find out."""

import ssl

from agent.config import with_passwords
from agent.doctor import clocks
from agent.doctor.finding import Findings, broken, ok, warning
from agent.doctor.patient import Patient
from agent.effects.relay import Answer, Verdict, knock, tls_context
from agent.effects.send_letter import from_address
from agent.intake.imap.hints import login_hint
from agent.model.address import parse_address
from agent.model.settings import Settings


async def relay(patient: Patient) -> Findings:
    """Greeting, TLS, login and our sender address, then RSET."""
    settings = with_passwords(patient.settings, patient.loaded.secrets)
    box = settings.relay
    if not box.host:
        return (warning("relay", "no relay is named: letters are written, but wait", "optoutd setup"),)
    if box.user and patient.loaded.secrets.relay is None:
        return ()  # the configuration's line says so
    try:
        tls = tls_context(box)
    except (OSError, ssl.SSLError) as error:
        return (broken("relay", f"ca_file {box.ca_file} cannot be used: {error}", "name a file of certificates"),)
    helo = settings.smtp.hostname or from_address(settings).rpartition("@")[2]
    answer = await knock(box, tls, sender(settings), helo)
    if answer.verdict is Verdict.TAKEN:
        said = f"{box.host}:{box.port} takes {'the login and ' if box.user else ''}mail from {sender(settings) or '<>'}"
        return (ok("relay", said), *clocks.by_greeting(answer.said, patient.now()))
    return (broken("relay", f"{box.host}:{box.port} refuses: {answer.said}", _mend(settings, answer)),)


def sender(settings: Settings) -> str:
    """An address of the kind our letters leave from (see effects/send_letter.py)."""
    fixed = settings.letters.envelope_from
    if fixed:
        return "" if fixed == "<>" else fixed
    if settings.addresses.token_domain:
        return f"postmaster@{settings.addresses.token_domain}"
    return settings.relay.user if parse_address(settings.relay.user) else ""


def _mend(settings: Settings, answer: Answer) -> str:
    if answer.verdict is Verdict.LATER:
        return "is the name right, and may this machine connect to it? Many hosters close port 25: use 587 or 465"
    return f"check host, port, tls, user and password of [relay]. {login_hint(settings.relay.host)}"
