"""Logging in: never in the clear, never to a server that forbids it, and known by name to those who ask for one."""

from importlib.metadata import version

from agent.intake.imap.connection import Connection
from agent.intake.imap.folders import quote
from agent.intake.imap.hints import login_hint
from agent.intake.imap.trouble import ImapTrouble, LoginRefused, Mistake, Worry
from agent.model.settings import ImapAccount

# RFC 5530: the server is busy or broken; the password may well be right.
_PASSING = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "[OVERQUOTA]", "TOO MANY SIMULTANEOUS")


async def log_in(connection: Connection, account: ImapAccount, password: str) -> None:
    """LOGIN, then CAPABILITY again, then ID where it is offered."""
    if connection.has("LOGINDISABLED"):  # RFC 3501 section 6.2.3; a stripped STARTTLS looks like this too
        raise Mistake(Worry.UNSAFE, "the server allows no login on this connection; the password was not sent")
    try:
        credentials = quote(account.user), quote(password)
    except ValueError:
        raise Mistake(Worry.LOGIN, "user or password holds a line break or a NUL") from None
    answer = await connection.ask("LOGIN", *credentials)
    if not answer.ok:
        if any(mark in answer.text.upper() for mark in _PASSING):
            raise ImapTrouble(f"the server takes no login now: {answer.text}")
        raise LoginRefused(f"the server refused the login: {answer.text}. {login_hint(account.host)}")
    connection.logged_in()
    await connection.learn_capabilities()
    if connection.has("ID"):
        await _introduce(connection)


async def _introduce(connection: Connection) -> None:
    """RFC 2971. NetEase opens no folder to a client that did not say its name, and takes no blanks inside the brackets;
    what others answer does not matter.
    """
    await connection.ask("ID", f'("name" "optoutd" "version" {quote(version("optoutd"))} "vendor" "optoutd")')
