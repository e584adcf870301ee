"""What can go wrong at an IMAP server, sorted by how soon trying again may help; no text here holds an address."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Worry(Enum):
    """What a person has to look at."""

    LOGIN = "login"
    FOLDER = "folder"
    HOST = "host"
    TLS = "tls"
    UNSAFE = "unsafe"
    AFTER = "after"  # stored safely, but the mailbox would not let it be flagged or moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One thing for the operator: which account, what, and how to mend it."""

    account: str
    worry: Worry
    text: str


AlarmCall = Callable[[Alarm], None]


class ImapTrouble(Exception):  # noqa: N818 - trouble is the word: it is expected, and mended by waiting
    """The server or the line failed; trying again soon is right."""


class NotStored(ImapTrouble):
    """Our own store refused a mail: it stays in the mailbox and is fetched again."""


class Mistake(ImapTrouble):
    """Nothing gets better before a person acts: asked again every few minutes, never quickly."""

    def __init__(self, worry: Worry, text: str) -> None:
        super().__init__(text)
        self.worry = worry
        self.text = text


class LoginRefused(Mistake):
    """The server does not take the password; asking often would lock the account."""

    def __init__(self, text: str) -> None:
        super().__init__(Worry.LOGIN, text)


_ADDRESS = re.compile(r"\S+@\S+")


def said(line: bytes | str) -> str:
    """A server's words, short and fit for a log: printable, without addresses."""
    text = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    return _ADDRESS.sub("***", "".join(c if c.isprintable() else " " for c in text[:200])).strip()
