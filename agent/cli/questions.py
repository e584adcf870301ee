"""Questions on a plain terminal, or answered by a pipe: no cursor is moved, and a wrong answer is said at once."""

import sys
from collections.abc import Callable

import click

from agent.cli.books import Mistake
from agent.model.address import fold_domain, parse_address
from agent.setup.servers import IMAPS, read_server


def ask_for(question: str, default: str, fault: Callable[[str], str | None], *, hide: bool = False) -> str:
    """One answer without a fault; where nobody sits, a wrong one ends it all."""
    while True:
        hidden = hide and sys.stdin.isatty()  # else the prompt would wait for a terminal that is none
        text: str = click.prompt(question, default=default or None, hide_input=hidden, show_default=not hide)
        text = text.strip()
        if not sys.stdin.isatty():
            click.echo("" if hide else text)  # so that a record reads like a conversation
        wrong = fault(text)
        if wrong is None:
            return text
        if not sys.stdin.isatty():
            raise Mistake(f"{question.strip()}: {wrong}; nothing was written")
        click.echo(f"    {wrong}")


def no_line(text: str) -> str | None:
    """What is wrong with a line of text."""
    return None if text and text.isprintable() else "one line of text, please"


def no_address(text: str) -> str | None:
    """What is wrong with an address."""
    return None if parse_address(text) else f"{text!r} is no address; write it like sales@example.com"


def no_domains(text: str) -> str | None:
    """What is wrong with a list of domains."""
    wrong = [name for name in split(text) if fold_domain(name) is None or "." not in name]
    return f"{wrong[0]!r} is no domain; write it like example.com" if wrong or not split(text) else None


def no_server(text: str) -> str | None:
    """What is wrong with a server's name and port."""
    server = read_server(text, IMAPS)
    right = server is not None and (fold_domain(server.host) is not None or ":" in server.host)
    return (
        None if right else f"{text!r} is no server; write it like mail.example.com, or with a port mail.example.com:993"
    )


def split(text: str) -> tuple[str, ...]:
    """The parts of a list as people write it."""
    return tuple(name.strip() for name in text.replace(";", ",").split(",") if name.strip())
