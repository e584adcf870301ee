"""Where things lie: for root where a service has them, else at home; and how secrets are written."""

import os
import pwd
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SYSTEM = Path("/etc/optoutd/config.toml")
USER = "optoutd"  # whose the service is, see systemd/optoutd.sysusers


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The configuration, the folder of its secrets, and the two directories; empty ones are the defaults."""

    config: Path
    store: str = ""
    public: str = ""

    @property
    def system(self) -> bool:
        """Whether this is the service of the machine."""
        return self.config == SYSTEM

    def secret(self, name: str) -> Path:
        """Where a password lies; its name holds nothing that a path could stumble over."""
        return self.config.absolute().with_name(f"{name}.password")


def layout(named: Path | None, home: Path, *, root: bool) -> Layout:
    """For root the service, unless another file is named."""
    if root and named in (None, SYSTEM):
        return Layout(config=SYSTEM)
    share = home / ".local" / "share"
    return Layout(
        config=named or Path("config.toml"), store=str(share / "optoutd"), public=str(share / "optoutd-public")
    )


def write_private(path: Path, text: str, owner: str | None = None) -> None:
    """The whole file or the old one, readable by its owner alone."""
    _folder(path.parent, owner)
    fresh = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    made = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(made, "w", encoding="utf-8") as opened:
        os.fchmod(made, 0o600)
        if owner is not None:
            entry = pwd.getpwnam(owner)
            os.fchown(made, entry.pw_uid, entry.pw_gid)
        opened.write(text)
        opened.flush()
        os.fsync(made)
    fresh.replace(path)


def _folder(folder: Path, owner: str | None) -> None:
    """Made where it is missing, as systemd/optoutd.tmpfiles would: root's, and its owner's group may look in."""
    if folder.is_dir():
        return
    folder.mkdir(mode=0o750, parents=True)
    if owner is not None:
        os.chown(folder, -1, pwd.getpwnam(owner).pw_gid)


def owner_of(place: Layout) -> str | None:
    """The user of the service, where it exists."""
    try:
        return pwd.getpwnam(USER).pw_name if place.system else None
    except KeyError:
        return None
