"""`optoutd setup`: six questions, and a configuration that works."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import click
import tomli

from agent.cli.books import Mistake
from agent.cli.doctor import diagnose
from agent.cli.questions import ask_for, no_address, no_domains, no_line, no_server, split
from agent.config import ConfigError, load
from agent.config.files import VARIABLE
from agent.doctor import Level
from agent.intake.imap.hints import ANYWHERE, login_hint
from agent.intake.imap.look import look
from agent.intake.imap.trouble import ImapTrouble, LoginRefused
from agent.model.address import fold_domain
from agent.obs.clock import utc_now
from agent.resolve.records import ask
from agent.setup.answers import Answers, Before, Tool, account, account_name, changes
from agent.setup.edit import EditError, difference, edited
from agent.setup.layout import Layout, layout, owner_of, write_private
from agent.setup.servers import IMAPS, SUBMISSION, Server, find, reachable, read_server
from agent.store.errors import StoreError
from agent.store.work_lock import at_work
from agent.trust.align import aligned

HEAD = """\
# The configuration of optoutd, written by `optoutd setup`; it may be changed by hand, and setup run again.
# Every other key with its default: optoutd config example

"""
TRIES = 3
KEEP = "(kept)"
UNIT = Path("/etc/systemd/system/optoutd.service")
TOOLS = """\
5/6 What sends your newsletters?
    1  Postfix on this machine, or a program that hands its mail to it
    2  a program on this machine that can look into a database (Mautic, listmonk, own scripts)
    3  Outlook, Foxmail or another mail program, with a list from Excel or a CRM
    4  a service on the web (Mailchimp, Brevo, Alibaba)"""

_NUMBERS = tuple(tool.value for tool in Tool)
ASKING = {
    Tool.POSTFIX: "Let Postfix refuse who has left: docs/how-to/behind-postfix.md",
    Tool.PROGRAM: "Let the program look into suppression.db before it mails: docs/reference/suppression-file.md",
    Tool.TABLE: "Before each mailing: {command} scrub LIST.csv -o CLEAN.csv",
    Tool.SERVICE: "Before each mailing, export its list: {command} scrub LIST.csv -o CLEAN.csv, and load CLEAN.csv",
}


@click.command()
@click.pass_context
def setup(ctx: click.Context) -> int:
    """Ask six questions, find the servers, write the configuration, try it; exit 1 when a part does not work yet."""
    place = layout(_named(ctx), Path.home(), root=os.geteuid() == 0)
    before_text = _read(place.config)
    before = Before(tables=_tables(place.config, before_text))
    try:
        answers, password, tool = _ask_all(before, place)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise Mistake("the answers ended before the questions did; nothing was written") from None
    secret = place.secret(before.text("imap", "name") or account_name(answers.mailbox)) if password else None
    text = _edited(place, before_text, answers, before, secret)
    if not _agreed(place, before_text, text, secret):
        click.echo("Nothing was written.")
        return 1
    _write(place, text, secret, password)
    level = _tried(place)
    _next_steps(answers, place, tool)
    return 1 if level is Level.BROKEN else 0


def _named(ctx: click.Context) -> Path | None:
    named = ctx.find_root().obj or os.environ.get(VARIABLE)
    return Path(named) if named else None


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{path}: cannot be read: {error}") from None


def _tables(path: Path, text: str) -> dict[str, object]:
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise Mistake(f"{path}: not valid TOML: {error}; mend it, or move it away and run setup again") from None


def _ask_all(before: Before, place: Layout) -> tuple[Answers, str, Tool]:
    if before.tables:
        click.echo(f"{place.config} is there already; Enter keeps what stands in brackets.\n")
    company = ask_for("1/6 Your company's name, as buyers know it", before.text("identity", "company"), no_line)
    postal_address = ask_for("    Its postal address, in one line", before.text("identity", "postal_address"), no_line)
    domains = ask_for("2/6 Your domain (several with commas)", before.text("identity", "domains"), no_domains)
    mailbox = ask_for("3/6 The mailbox your buyers answer to", before.text("imap", "user"), no_address)
    imap, relay, names = _servers(before, mailbox)
    answers = Answers(
        company=company, postal_address=postal_address, domains=split(domains), mailbox=mailbox, imap=imap,
        relay=relay,
    )  # fmt: skip
    password, judge = _password(before, answers)
    if any(aligned(judge, name) for name in (imap.host, mailbox.rpartition("@")[2], *names) if judge):
        answers = replace(answers, authserv_id=judge)
        click.echo(f"    It takes the password; what {judge} finds out about senders is used.")
    click.echo(TOOLS)
    tool = Tool(ask_for("    A number", "", lambda text: None if text in _NUMBERS else "type 1, 2, 3 or 4"))
    digest = ask_for("6/6 Your own address, for reports", before.text("digest", "to") or mailbox, no_address)
    return replace(answers, digest=digest), password, tool


def _servers(before: Before, mailbox: str) -> tuple[Server, Server, tuple[str, ...]]:
    """Both servers, and the names its provider goes by."""
    domain = mailbox.rpartition("@")[2]
    if before.imap and before.relay and before.text("imap", "user") == mailbox:
        return before.imap, before.relay, ()
    found = asyncio.run(find(fold_domain(domain) or domain, ask, reachable))
    provider = found.provider
    if provider is not None and not provider.passwords:
        raise Mistake(f"{provider.hint}. Then run setup again; nothing was written")
    if found.imap and found.relay:
        click.echo(f"    Servers: {found.imap} and {found.relay} ({found.how})")
    imap, relay = found.imap, found.relay
    if imap is None:
        typed = ask_for("    Not found by itself. Its IMAP server", "", no_server)
        imap = read_server(typed, IMAPS)
    if relay is None:
        typed = ask_for("    Its outgoing server (SMTP)", imap.host if imap else "", no_server)
        relay = read_server(typed, SUBMISSION)
    assert imap is not None
    assert relay is not None
    return imap, relay, (*provider.hosts, *provider.mx) if provider else ()


def _password(before: Before, answers: Answers) -> tuple[str, str]:
    """A password the server takes, or the best we have (empty: the old one stays), and who judges senders there."""
    kept = before.has_password and before.text("imap", "user") == answers.mailbox
    hint = login_hint(answers.imap.host)
    if hint != ANYWHERE:
        click.echo(f"    {hint}")
    question = "4/6 Its password" + (" (Enter keeps the old one)" if kept else "")
    password = ""
    for _ in range(TRIES):
        password = ask_for(question, KEEP if kept else "", lambda _: None, hide=True)
        if password == KEEP:
            return "", ""
        fault, judge = asyncio.run(_looked(answers, password))
        if fault is None:
            return password, judge
        click.echo(f"    {fault}")
        if not sys.stdin.isatty() or not isinstance(fault, LoginRefused):
            break
    return password, ""


async def _looked(answers: Answers, password: str) -> tuple[Exception | None, str]:
    try:
        seen = await look(account(answers, account_name(answers.mailbox)), password, utc_now())
    except (ImapTrouble, OSError) as trouble:
        return trouble, ""
    return None, seen.judge


def _edited(place: Layout, old: str, answers: Answers, before: Before, secret: Path | None) -> str:
    wanted = changes(answers, before, place, secret)
    try:
        return edited(old or HEAD, wanted)
    except EditError as error:
        lines = "\n".join(f"  [{one.section}] {one.line}" for one in wanted if one.value is not None)
        raise Mistake(f"{place.config}: {error}; nothing was written. Set these by hand:\n{lines}") from None


def _agreed(place: Layout, old: str, new: str, secret: Path | None) -> bool:
    replaced = (f"+a new password in {secret}",) if secret is not None and secret.exists() else ()
    lines = (*difference(old, new), *replaced) if old else replaced
    if not lines:
        return True
    click.echo(f"\nWhat changes in {place.config}:\n")
    for line in lines:
        click.echo(f"  {line}")
    agreed = click.confirm("\nWrite it?", default=False)
    if not sys.stdin.isatty():
        click.echo()
    return agreed


def _write(place: Layout, text: str, secret: Path | None, password: str) -> None:
    owner = owner_of(place)
    try:
        if secret is not None:
            write_private(secret, password + "\n", owner)
            click.echo(f"\n{secret}: the password, for you alone")
        write_private(place.config, text, owner)
    except OSError as error:
        raise Mistake(f"{error.filename or place.config}: cannot be written: {error.strerror}") from None
    click.echo(f"{place.config}: written\n")


def _tried(place: Layout) -> Level:
    try:
        return diagnose(load(place.config, os.environ))
    except ConfigError as wrong:
        for line in wrong.problems:
            click.echo(f"{Level.BROKEN.value}  {line}")
        return Level.BROKEN


def _next_steps(answers: Answers, place: Layout, tool: Tool) -> None:
    command = "./run optoutd" if sys.argv[0] == ".venv/bin/optoutd" else "optoutd"
    click.echo(f"""
Next:
  1. {_start(place, command)}
  2. Write STOP to {answers.mailbox} from a private address; a minute later ask:
     {command} check YOUR-PRIVATE-ADDRESS
  3. {ASKING[tool].format(command=command)}""")


def _start(place: Layout, command: str) -> str:
    """A daemon that runs already read the old file, and reads it at its start alone."""
    service = place.system and UNIT.exists()
    if _runs(place):
        again = "sudo systemctl restart optoutd" if service else f"stop it (Ctrl-C), then: {command} run"
        return f"It is running, and does not know this yet. Restart it:  {again}"
    return f"Start it:  {'sudo systemctl enable --now optoutd' if service else f'{command} run'}"


def _runs(place: Layout) -> bool:
    try:
        return at_work(load(place.config, os.environ).settings.store)
    except (ConfigError, StoreError, OSError):  # the doctor has said so
        return False
