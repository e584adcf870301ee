"""`optoutd explain`: stage by stage, what led to the verdict on a mail; changes nothing."""

import os
from dataclasses import replace

import click
import msgspec

from agent.cli.books import Mistake
from agent.cli.classify import message_of
from agent.cli.rules import kit_of
from agent.intake.files import mails
from agent.model.mail import Door, RawMessage
from agent.worker.explain import Section, explain


@click.command("explain")
@click.argument("paths", nargs=-1, required=True, metavar="FILE...")
@click.option("--account", default="", metavar="NAME", help="Read it as mail of this IMAP account.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a mail.")
@click.pass_context
def explain_command(ctx: click.Context, paths: tuple[str, ...], account: str, as_json: bool) -> None:
    """Show stage by stage what a mail is taken for, and why.

    With a configuration it knows your roles, keys and rules; without one it reads like `optoutd classify`.
    """
    kit = kit_of(ctx)
    for path in paths:
        for mail in mails(path):
            if mail.error:
                raise Mistake(f"{mail.name}: {mail.error}")
            sections = explain(_from_account(message_of(mail), account), kit)
            click.echo(_json(mail.name, sections) if as_json else _text(mail.name, sections))


def _from_account(message: RawMessage, account: str) -> RawMessage:
    """What the account's server wrote into the header counts only for mail of that account."""
    if not account:
        return message
    source = replace(message.source, door=Door.IMAP, account=account)
    return replace(message, source=source)


def _text(name: str, sections: tuple[Section, ...]) -> str:
    lines = [click.style(name, bold=True)]
    for section in sections:
        lines += [click.style(section.name, underline=True), *(f"  {line}" for line in section.lines)]
    return "\n".join(lines) + "\n"


def _json(name: str, sections: tuple[Section, ...]) -> str:
    stages = {section.name: section.lines for section in sections}
    shown = os.fsencode(name).decode("utf-8", "backslashreplace")  # JSON knows no other bytes
    return msgspec.json.encode({"file": shown, "stages": stages}).decode()
