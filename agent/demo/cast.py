"""The mails of the demo: who writes, by which door, and what it is; read from cast.toml and mails/*.eml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from importlib.resources import files
from typing import Annotated

import msgspec
import tomli

from agent.model.mail import Purpose

_TOKEN = re.compile(rb"\{([ubf]):([^}]+)\}")


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mail: its label `kind`, and what it takes to set the scene (`sent`: minted before; `opted_out`: had left)."""

    file: str
    door: Annotated[str, msgspec.Meta(pattern="^(smtp|imap)$")]
    person: str = ""
    kind: str
    what: str
    sender: str = msgspec.field(default="", name="from")
    to: str = ""
    sent: bool = False
    opted_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail ready to be sent: token places filled in, the recipient known."""

    part: Part
    to: str
    raw: bytes


def parts() -> tuple[Part, ...]:
    """Every mail of the demo, in the order in which it is shown."""
    text = (files("agent.demo") / "cast.toml").read_text(encoding="utf-8")
    return tuple(msgspec.convert(tomli.loads(text)["mail"], tuple[Part, ...]))


def write(part: Part, addresses: Mapping[tuple[Purpose, str], str], now: datetime) -> Mail:
    """The mail with `{u:person}` and its kin replaced by that person's token addresses, dated now."""
    raw = (files("agent.demo") / "mails" / f"{part.file}.eml").read_bytes()

    def minted(place: re.Match[bytes]) -> bytes:
        return addresses[Purpose(place[1].decode()), place[2].decode()].encode()

    raw = _TOKEN.sub(minted, raw).replace(b"{date}", format_datetime(now).encode()).replace(b"\n", b"\r\n")
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    found = re.search(r"^To: .*?([^\s<>]+@[^\s<>]+)", head, re.MULTILINE)
    return Mail(part=part, to=part.to or (found[1] if found else ""), raw=raw)
