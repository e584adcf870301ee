"""From answers to the keys of a configuration, and from a configuration to the answers it was made of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from agent.model.settings import ImapAccount, RelaySettings, TlsMode
from agent.setup.edit import Change, value_of
from agent.setup.layout import Layout
from agent.setup.servers import IMAPS, SUBMISSION, Server, imap_tls, relay_tls


class Tool(Enum):
    """What sends the marketing mail; it decides how it comes to ask the list."""

    POSTFIX = "1"
    PROGRAM = "2"
    TABLE = "3"
    SERVICE = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was asked, and what was found by it."""

    company: str
    postal_address: str
    domains: tuple[str, ...]
    mailbox: str
    imap: Server
    relay: Server
    digest: str = ""
    authserv_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What an earlier configuration says; an empty text is not said."""

    tables: Mapping[str, object]

    def text(self, section: str, key: str) -> str:
        """One value; a list as people write it."""
        value = value_of(self.tables, section, key)
        return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)

    def server(self, section: str, port: int) -> Server | None:
        """Host and port of a section."""
        host, typed = self.text(section, "host"), self.text(section, "port")
        return Server(host=host, port=int(typed) if typed.isdecimal() else port) if host else None

    @property
    def imap(self) -> Server | None:
        """The mailbox's server."""
        return self.server("imap", IMAPS)

    @property
    def relay(self) -> Server | None:
        """The server that takes our letters."""
        return self.server("relay", SUBMISSION)

    @property
    def password_file(self) -> Path | None:
        """Where the mailbox's password lies."""
        name = self.text("imap", "password_file")
        return Path(name) if name else None

    @property
    def has_password(self) -> bool:
        """Whether it names one, here or in a file."""
        return bool(self.text("imap", "password") or self.password_file)


def account_name(mailbox: str) -> str:
    """`sales` of sales@example.com: part of file names, so of few letters."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", mailbox.partition("@")[0]).strip("-._")
    return name[:32] or "mailbox"


def changes(answers: Answers, before: Before, place: Layout, password_file: Path | None) -> tuple[Change, ...]:
    """Every key to set; what an earlier configuration says beyond them is its own business."""
    return (
        *_identity(answers, before),
        *_store(before, place),
        *_mailbox(answers, before, password_file),
        *_relay(answers, before, password_file),
        *((Change(section="digest", key="to", value=answers.digest),) if answers.digest else ()),
    )


def account(answers: Answers, name: str) -> ImapAccount:
    """The mailbox as it would be configured."""
    host, port = answers.imap.host, answers.imap.port
    return ImapAccount(name=name, host=host, port=port, tls=imap_tls(answers.imap), user=answers.mailbox)


def _identity(answers: Answers, before: Before) -> tuple[Change, ...]:
    contact = before.text("identity", "contact") or answers.mailbox
    return (
        Change(section="identity", key="company", value=answers.company),
        Change(section="identity", key="postal_address", value=answers.postal_address),
        Change(section="identity", key="contact", value=contact),
        Change(section="identity", key="domains", value=answers.domains),
    )


def _store(before: Before, place: Layout) -> tuple[Change, ...]:
    wanted = (("directory", place.store), ("public_directory", place.public))
    return tuple(
        Change(section="store", key=key, value=value)
        for key, value in wanted
        if value and not before.text("store", key)
    )


def _mailbox(answers: Answers, before: Before, password_file: Path | None) -> tuple[Change, ...]:
    values: dict[str, str | int | None] = {
        "name": before.text("imap", "name") or account_name(answers.mailbox),
        "host": answers.imap.host,
        "user": answers.mailbox,
    }
    if answers.imap.port != IMAPS or before.text("imap", "port"):
        values["port"] = answers.imap.port
    if imap_tls(answers.imap) is TlsMode.NONE:
        values["tls"] = TlsMode.NONE.value
    if password_file is not None:
        values |= {"password_file": str(password_file), "password": None}
    if answers.authserv_id:
        values["authserv_id"] = answers.authserv_id
    return tuple(Change(section="imap", key=key, value=value) for key, value in values.items())


def _relay(answers: Answers, before: Before, password_file: Path | None) -> tuple[Change, ...]:
    if before.relay == answers.relay and before.text("relay", "user") != answers.mailbox:
        return ()  # a login of its own, or none
    tls = relay_tls(answers.relay)
    values: dict[str, str | int | None] = {"host": answers.relay.host}
    if answers.relay.port != SUBMISSION or before.text("relay", "port"):
        values["port"] = answers.relay.port
    if tls is not RelaySettings().tls or before.text("relay", "tls"):
        values["tls"] = tls.value
    if tls is not TlsMode.NONE:
        values["user"] = answers.mailbox
        if password_file is not None:
            values |= {"password_file": str(password_file), "password": None}
    return tuple(Change(section="relay", key=key, value=value) for key, value in values.items())
