"""What every command that touches the store does: load the configuration, become its owner, open, act, publish."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from agent.config import ConfigError, Loaded, load
from agent.model.address import AddressKey, parse_key
from agent.model.settings import Settings
from agent.obs.clock import utc_now
from agent.store.db import Db, open_db
from agent.store.errors import StoreError, translated
from agent.store.public import open_public, publish


class OurFault(click.ClickException):
    """Something of ours is broken: exit 3."""

    exit_code = 3


class Mistake(click.ClickException):
    """The user's mistake, in one clear line: exit 2."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The open store and the settings it was opened with."""

    settings: Settings
    db: Db

    def publish(self) -> None:
        """Bring the public file up to what was just committed."""
        public = open_public(self.settings.store)
        try:
            publish(self.db, public, utc_now())
        finally:
            public.close()


def configured(ctx: click.Context) -> Loaded:
    """The configuration the command line names, or every problem of it, one a line."""
    named = ctx.find_root().obj
    try:
        return load(Path(named) if named else None, os.environ)
    except ConfigError as wrong:
        raise Mistake("\n".join(wrong.problems)) from None


@contextmanager
def opened(ctx: click.Context) -> Iterator[Books]:
    """The store of the configuration, opened as its owner."""
    loaded = configured(ctx)
    try:
        become_owner(Path(loaded.settings.store.directory))
        db = open_db(loaded.settings.store)
        try:
            with translated(str(db.path)):
                yield Books(settings=loaded.settings, db=db)
        finally:
            db.close()
    except StoreError as wrong:
        raise OurFault(str(wrong)) from None


def become_owner(directory: Path) -> None:
    """As root, act as the owner of the store: files made by root would lock the daemon out."""
    if os.geteuid() != 0 or not directory.exists():
        return
    owner = directory.stat().st_uid
    if owner:
        entry = pwd.getpwuid(owner)
        os.initgroups(entry.pw_name, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(owner)


def address_of(text: str) -> AddressKey:
    """An address or `@domain` as typed, or the mistake in it."""
    key = parse_key(text)
    if key is None:
        raise Mistake(f"{text!r} is not an address; write name@domain, or @domain for a whole domain")
    return key
