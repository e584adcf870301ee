"""What no single type can say: which settings contradict each other, and which name something that is not there."""

import ipaddress
import os
import re
from collections.abc import Iterator
from pathlib import Path

from agent.config import own_keys
from agent.config.named import file_faults, host_faults, is_domain, loopback, password_faults, quoted, unreadable
from agent.config.secret import exposed, variable_name
from agent.config.sections import Sections
from agent.model.address import parse_address
from agent.model.mail import Role
from agent.model.metrics_place import place_of
from agent.model.settings import (
    Addresses,
    After,
    DigestSettings,
    DkimSettings,
    Identity,
    ImapAccount,
    LetterSettings,
    MetricsSettings,
    RelaySettings,
    RulesSettings,
    SmtpSettings,
    TlsMode,
    TokenSettings,
)
from agent.trust.relay import is_network

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:\s]+):(?P<port>[0-9]{1,5})")
_WRITE_ADDRESS = "write one address, such as sales@example.com"
_WRITE_DOMAIN = "write a domain, such as example.com"


def check(sections: Sections) -> Iterator[str]:
    """Every contradiction among the sections that are right in themselves."""
    if identity := sections.of(Identity):
        yield from _identity(identity)
    if addresses := sections.of(Addresses):
        yield from _addresses(addresses)
    if tokens := sections.of(TokenSettings):
        yield from _tokens(tokens)
    yield from _servers(sections)
    if letters := sections.of(LetterSettings):
        yield from _letters(letters)
    if rules := sections.of(RulesSettings):
        yield from _rules(rules)
    yield from _operator(sections)
    for account in sections.imap:
        yield from _account(account)
    yield from _names(sections.imap)


def _operator(sections: Sections) -> Iterator[str]:
    if (digest := sections.of(DigestSettings)) and digest.to and parse_address(digest.to) is None:
        yield f"digest.to: {quoted(digest.to)} is not an address; {_WRITE_ADDRESS}"
    if metrics := sections.of(MetricsSettings):
        try:
            place_of(metrics.listen)
        except ValueError as fault:
            yield f"metrics.listen: {quoted(metrics.listen)} {fault}"


def _servers(sections: Sections) -> Iterator[str]:
    if smtp := sections.of(SmtpSettings):
        yield from _smtp(smtp)
    if relay := sections.of(RelaySettings):
        yield from _relay(relay)
    if dkim := sections.of(DkimSettings):
        yield from _dkim(dkim)


def _identity(identity: Identity) -> Iterator[str]:
    for key, value in (("company", identity.company), ("postal_address", identity.postal_address)):
        if not value.strip() or not value.isprintable():
            yield f"identity.{key}: must be one line of text; every letter carries it"
    if parse_address(identity.contact) is None:
        yield f"identity.contact: {quoted(identity.contact)} is not an address; {_WRITE_ADDRESS}"
    if not identity.domains:
        yield f"identity.domains: is empty; {_WRITE_DOMAIN}, so that your own people are never suppressed"
    for domain in identity.domains:
        if not is_domain(domain):
            yield f"identity.domains: {quoted(domain)} is not a domain; {_WRITE_DOMAIN}"


def _addresses(addresses: Addresses) -> Iterator[str]:
    roles: dict[str, Role] = {}
    for role in Role:
        for text in addresses.of(role):
            key = parse_address(text)
            if key is None:
                yield f"addresses.{role.value}: {quoted(text)} is not an address; {_WRITE_ADDRESS}"
            elif (other := roles.setdefault(str(key), role)) is not role:
                yield f"addresses.{role.value}: {key} is also in addresses.{other.value}; keep it in one of the two"
    if addresses.token_domain and not is_domain(addresses.token_domain):
        yield f"addresses.token_domain: {quoted(addresses.token_domain)} is not a domain; {_WRITE_DOMAIN}"


def _tokens(tokens: TokenSettings) -> Iterator[str]:
    path = Path(tokens.key_file)  # one that is not there yet is made at the first start
    if tokens.key_file and unreadable(path) is None and (fault := exposed(path)):
        yield f"tokens.key_file: {fault}"


def _smtp(smtp: SmtpSettings) -> Iterator[str]:
    for text in smtp.listen:
        found = _LISTEN.fullmatch(text)
        if not found or int(found["port"]) > 65535:
            yield f'smtp.listen: {quoted(text)} is not host:port; write, for example, "127.0.0.1:2525" or "[::1]:2525"'
    if smtp.hostname and not is_domain(smtp.hostname):
        yield f"smtp.hostname: {quoted(smtp.hostname)} is not a host name; write one, such as mail.example.com"
    yield from _trusted(smtp.trusted_relays)
    for key, value, other, partner in (
        ("tls_cert", smtp.tls_cert, "tls_key", smtp.tls_key),
        ("tls_key", smtp.tls_key, "tls_cert", smtp.tls_cert),
    ):
        if value and not partner:
            yield f"smtp.{key}: is set without smtp.{other}; STARTTLS needs both"
        yield from file_faults(f"smtp.{key}", value)
    key_file = Path(smtp.tls_key)
    # The group may read it: web servers on the same machine often share it.
    if smtp.tls_key and unreadable(key_file) is None and (fault := exposed(key_file, 0o007)):
        yield f"smtp.tls_key: {fault}"


def _trusted(relays: tuple[str, ...]) -> Iterator[str]:
    """Of a relay by SMTP both must be known: where it comes from, and how it calls itself."""
    networks = [text for text in relays if is_network(text)]
    names = [text for text in relays if text not in networks]
    for text in names:
        if not is_domain(text):
            yield f"smtp.trusted_relays: {quoted(text)} is neither an address nor a host name; write one of the two"
    if relays and not (networks and names):
        missing = "its host name, as its Received lines show it" if networks else "the address it connects from"
        yield f"smtp.trusted_relays: names a relay by half; add {missing}"


def _dkim(dkim: DkimSettings) -> Iterator[str]:
    for text in dkim.resolver:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            yield f'dkim.resolver: {quoted(text)} is not an address; write one, such as "9.9.9.9", or leave it empty'
    for fault in own_keys.faults(dkim):
        yield f"dkim.own: {fault}"


def _relay(relay: RelaySettings) -> Iterator[str]:
    if relay.host:
        yield from host_faults("relay.host", relay.host)
    login = bool(relay.user or relay.password or relay.password_file)
    if relay.tls is TlsMode.NONE and relay.host and not loopback(relay.host):
        yield f"relay.tls: none is for loopback only, and {relay.host} is not; write starttls or implicit"
    elif relay.tls is TlsMode.NONE and login:
        yield "relay.tls: none would send the password in clear; write starttls or implicit, or take the login out"
    yield from password_faults("relay", relay.password, relay.password_file)
    yield from file_faults("relay.ca_file", relay.ca_file)


def _letters(letters: LetterSettings) -> Iterator[str]:
    for key, value in (
        ("from_address", letters.from_address),
        ("reply_to", letters.reply_to),
        ("envelope_from", letters.envelope_from),
    ):
        if value and parse_address(value) is None:
            yield f"letters.{key}: {quoted(value)} is not an address; {_WRITE_ADDRESS}"
    yield from _letters_dkim(letters)


def _letters_dkim(letters: LetterSettings) -> Iterator[str]:
    name = letters.dkim_key_file
    if bool(name) != bool(letters.dkim_selector):
        given, missing = ("dkim_key_file", "dkim_selector") if name else ("dkim_selector", "dkim_key_file")
        yield f"letters.{given}: is set without letters.{missing}; a signature needs both"
    for key, value in (("dkim_selector", letters.dkim_selector), ("dkim_domain", letters.dkim_domain)):
        if value and not is_domain(value):
            yield f"letters.{key}: {quoted(value)} is not a domain name; write it as it stands in the DNS"
    yield from file_faults("letters.dkim_key_file", name)
    # The group may read it: mail servers on the same machine often share it.
    if name and unreadable(Path(name)) is None and (fault := exposed(Path(name), 0o007)):
        yield f"letters.dkim_key_file: {fault}"
    if name and unreadable(Path(name)) is None:
        from agent.effects.sign import SignError, open_signer  # with a key alone: a command need not load what signs

        try:
            open_signer(letters, "")
        except SignError as error:
            yield str(error)


def _rules(rules: RulesSettings) -> Iterator[str]:
    folder = Path(rules.extra)
    if rules.extra and not (folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)):
        yield f"rules.extra: {rules.extra} is no directory that this user may read; make it, or leave rules.extra out"


def _account(account: ImapAccount) -> Iterator[str]:
    place = f"imap.{account.name}"
    if not _NAME.fullmatch(account.name):
        yield f"{place}.name: may hold letters, digits and . _ - only, at most 64; it is part of file names"
    yield from host_faults(f"{place}.host", account.host)
    if not account.user:
        yield f"{place}.user: is empty; write the login, as a rule the whole address"
    yield from _account_tls(place, account)
    yield from password_faults(place, account.password, account.password_file)
    yield from file_faults(f"{place}.ca_file", account.ca_file)
    yield from _folders(place, account)


def _account_tls(place: str, account: ImapAccount) -> Iterator[str]:
    match account.tls:
        case TlsMode.STARTTLS:
            yield f"{place}.tls: starttls is not supported for IMAP; write implicit, and port = 993"
        case TlsMode.NONE if not loopback(account.host):
            yield f"{place}.tls: none is for loopback only, and {account.host} is not; write implicit, and port = 993"
        case _:
            pass


def _folders(place: str, account: ImapAccount) -> Iterator[str]:
    if not account.folder:
        yield f'{place}.folder: is empty; write folder = "INBOX"'
    if account.after is After.MOVE and not account.move_to:
        yield f'{place}.move_to: is empty, and after is "move"; write the folder that stored mail is moved to'
    elif account.after is After.MOVE and account.move_to in (account.folder, account.junk_folder):
        yield f"{place}.move_to: is a folder that is read; write another one"
    if account.junk_folder and account.junk_folder == account.folder:
        yield f"{place}.junk_folder: is the same as folder; leave it out"


def _names(accounts: tuple[ImapAccount, ...]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for account in accounts:
        variable = variable_name(account.name)  # names that differ in case or punctuation only would share it
        if variable in seen:
            yield f"imap.{account.name}.name: is too like the account {quoted(seen[variable])}; give each its own name"
        seen.setdefault(variable, account.name)
