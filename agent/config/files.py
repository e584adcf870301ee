"""Finds and loads the configuration; either everything is right, or ConfigError holds every problem there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tomli

from agent.config import checks
from agent.config.secret import Secrets, exposed, gather
from agent.config.sections import Sections, convert
from agent.model.settings import RelaySettings, Settings, without_secrets

VARIABLE = "OPTOUTD_CONFIG"
PLACES = (Path("config.toml"), Path("/etc/optoutd/config.toml"))


class ConfigError(Exception):
    """The configuration cannot be used; `problems` are single lines that name file, key, fault and mend."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration without fault. `settings` holds no password; they are in `secrets`."""

    settings: Settings
    path: Path
    secrets: Secrets


def find(explicit: Path | None, environ: Mapping[str, str]) -> Path:
    """The file to use: the one named with -c, else $OPTOUTD_CONFIG, else the first that exists of the usual places."""
    named = explicit or (Path(environ[VARIABLE]) if environ.get(VARIABLE) else None)
    if named:
        return named
    for place in PLACES:
        if _exists(place):
            return place
    looked = ", ".join(("-c", f"${VARIABLE}", f"./{PLACES[0]}", str(PLACES[1])))
    raise ConfigError((f"no configuration found (looked at {looked}); begin with: optoutd setup",))


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except PermissionError:
        return True  # reading it then says what is wrong


def load(path: Path | None, environ: Mapping[str, str]) -> Loaded:
    """The whole configuration, or ConfigError."""
    found = find(path, environ)
    problems: list[str] = []
    sections = convert(_tables(found), problems)
    secrets = gather(sections.of(RelaySettings), sections.imap, environ, problems)
    problems += checks.check(sections)
    if _holds_password(sections) and (fault := exposed(found)):
        problems.append(f"password: {fault}")
    if problems:
        raise ConfigError(tuple(f"{found}: {problem}" for problem in problems))
    settings = Settings(**dict(sections.tables), imap=sections.imap)  # type: ignore[arg-type]  # converted by their types
    return Loaded(settings=without_secrets(settings), path=found, secrets=secrets)


def _tables(path: Path) -> Mapping[str, object]:
    try:
        return tomli.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        fault = f"{error.strerror}; name a file that this user may read with -c or ${VARIABLE}"
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fault = f"line {line} is not UTF-8; save the file as UTF-8"
    except tomli.TOMLDecodeError as error:
        fault = f"not valid TOML: {error}; texts stand in quotes, and every line is key = value or [section]"
    raise ConfigError((f"{path}: {fault}",))


def _holds_password(sections: Sections) -> bool:
    relay = sections.of(RelaySettings)
    return bool(relay and relay.password) or any(account.password for account in sections.imap)
