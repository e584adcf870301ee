"""Passwords: where they may come from, which source wins, and that no log or traceback can show one.

The later wins: `password` in the file, `password_file`, a systemd credential, the environment.
"""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.model.settings import ImapAccount, RelaySettings, Settings

CREDENTIALS = "CREDENTIALS_DIRECTORY"  # set by systemd for LoadCredential=
RELAY = "relay.password"


class Secret:
    """A text that does not show itself."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for the one call that hands it to a server."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The passwords that were found: of the relay, and of each IMAP account by its name."""

    relay: Secret | None = None
    imap: Mapping[str, Secret] = field(default_factory=dict)


def gather(
    relay: RelaySettings | None, accounts: tuple[ImapAccount, ...], environ: Mapping[str, str], problems: list[str]
) -> Secrets:
    """Every password from the strongest source that has it; a file that cannot serve is added to `problems`."""
    outgoing = _find("relay", relay.password, relay.password_file, RELAY, environ, problems) if relay else None
    incoming = {
        account.name: secret
        for account in accounts
        if (secret := _find(
            f"imap.{account.name}", account.password, account.password_file, credential_name(account), environ, problems
        ))
    }  # fmt: skip
    return Secrets(relay=outgoing, imap=incoming)


def unset_passwords(settings: Settings, secrets: Secrets) -> tuple[str, ...]:
    """One line for each server that needs a password and has none; a command that logs in nowhere may run without."""
    missing = [
        f"imap.{account.name}.password: {_advice(credential_name(account))}"
        for account in settings.imap
        if account.name not in secrets.imap
    ]
    if settings.relay.host and settings.relay.user and secrets.relay is None:
        missing.append(f"relay.password: {_advice(RELAY)}")
    return tuple(missing)


def with_passwords(settings: Settings, secrets: Secrets) -> Settings:
    """The settings as the doors and the relay want them: each password, whatever its source, in `password`."""
    accounts = tuple(
        replace(account, password=secret.reveal()) if (secret := secrets.imap.get(account.name)) else account
        for account in settings.imap
    )
    relay = replace(settings.relay, password=secrets.relay.reveal()) if secrets.relay else settings.relay
    return replace(settings, imap=accounts, relay=relay)


def credential_name(account: ImapAccount) -> str:
    """The systemd credential that holds an account's password."""
    return f"imap.{account.name}.password"


def variable_name(credential: str) -> str:
    """The environment variable that holds a password, for example OPTOUTD_IMAP_SALES_PASSWORD."""
    return "OPTOUTD_" + re.sub(r"[^A-Z0-9]", "_", credential.upper())


def exposed(path: Path, mask: int = 0o077) -> str | None:
    """What is wrong with a file that holds a secret when others than its owner may use it."""
    mode = stat.S_IMODE(path.stat().st_mode)
    return f"{path} is open to others (mode {mode:04o}); run: chmod {mode & ~mask:o} {path}" if mode & mask else None


def _advice(credential: str) -> str:
    return f"is not set; write password_file, or give the credential {credential} or {variable_name(credential)}"


def _find(
    place: str, literal: str, file: str, credential: str, environ: Mapping[str, str], problems: list[str]
) -> Secret | None:  # fmt: skip
    text = literal
    if file:
        text = _read(f"{place}.password_file", Path(file), problems)
        if text and (fault := exposed(Path(file))):
            problems.append(f"{place}.password_file: {fault}")
    folder = environ.get(CREDENTIALS, "")
    if folder and (path := Path(folder) / credential).is_file():
        text = _read(f"{place}.password", path, problems)
    text = environ.get(variable_name(credential), "") or text
    return Secret(text) if text else None


def _read(place: str, path: Path, problems: list[str]) -> str:
    try:
        text = path.read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        problems.append(f"{place}: {path}: {error.strerror}; write the path of a file that this user may read")
        return ""
    except UnicodeDecodeError:
        problems.append(f"{place}: {path} is not UTF-8 text; write the password into it as one line of plain text")
        return ""
    if not text or "\n" in text:
        problems.append(f"{place}: {path} does not hold exactly one line; write the password into it, alone")
    return text
