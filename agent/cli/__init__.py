"""The command `optoutd`: one thin module per group, loaded only when it is called.

Exit codes: 0 done or yes, 1 no, 2 the user's mistake in one clear line, 3 our fault.
"""

import importlib
import os
import sys
from types import TracebackType

import click

_COMMANDS = {
    "setup": ("agent.cli.setup", "setup", "Six questions; writes the configuration."),
    "doctor": ("agent.cli.doctor", "doctor", "Try every part; say what is broken and the mend."),
    "run": ("agent.cli.daemon", "run", "The daemon: read mail, honour it, confirm it."),
    "status": ("agent.cli.status", "status", "Queues, doors, what waits, what came today."),
    "demo": ("agent.cli.demo", "demo", "The whole job on embedded parts; no root, no network."),
    "classify": ("agent.cli.classify", "classify", "Say what mails mean; no configuration needed."),
    "explain": ("agent.cli.explain", "explain_command", "Show stage by stage what led to the verdict on a mail."),
    "rules": ("agent.cli.rules", "rules", "Try rule files on their own samples."),
    "check": ("agent.cli.people", "check", "May these addresses be mailed? 0 yes, 1 no."),
    "suppress": ("agent.cli.people", "suppress", "Stop marketing mail to an address."),
    "lift": ("agent.cli.people", "lift", "Take a suppression back."),
    "list": ("agent.cli.people", "list_suppressed", "Who may not be mailed now."),
    "history": ("agent.cli.people", "history", "Everything known of an address."),
    "review": ("agent.cli.review", "review", "Decide about mail that is unsure."),
    "tickets": ("agent.cli.tickets", "tickets", "Requests about personal data, and tasks."),
    "import-mail": ("agent.cli.import_mail", "import_mail", "Honour old mail: Maildir, mbox, .eml files."),
    "import": ("agent.cli.import_contacts", "import_contacts", "Take contacts from a spreadsheet."),
    "export": ("agent.cli.export", "export", "Who may not be mailed, as CSV."),
    "scrub": ("agent.cli.scrub", "scrub", "Take the suppressed out of a mailing list."),
    "mint": ("agent.cli.mint", "mint", "Token addresses and headers for one marketing mail."),
    "config": ("agent.cli.config", "config", "Check the configuration."),
    "quarantine": ("agent.cli.quarantine", "quarantine", "Mail that was set aside."),
    "evidence": ("agent.cli.evidence", "evidence", "What proves how a request was honoured, in one file."),
    "verify": ("agent.cli.verify", "verify", "Is the record whole, and the public list right? 0 yes, 1 no."),
    "backup": ("agent.cli.backup", "backup", "A verified copy of the store and its keys."),
    "restore": ("agent.cli.backup", "restore", "Make a backup the store again."),
    "rebuild": ("agent.cli.rebuild", "rebuild", "Write suppression.db anew from optoutd.db."),
}


STOPPED = 130  # as a shell calls a program that Ctrl-C ended
NOBODY_READS = 141  # likewise one whose output nobody reads any more: `optoutd list | head`

_CONFIG = "config_path"
_CONFIG_HELP = "Configuration; else $OPTOUTD_CONFIG, ./config.toml, /etc/optoutd/config.toml."


def _take_config(command: click.Command) -> None:
    """-c after the command means the same as before it: nobody has to remember which of the two it is."""
    if any(parameter.name == _CONFIG for parameter in command.params):
        return
    command.params.append(
        click.Option(("-c", "--config", _CONFIG), hidden=True, expose_value=False, callback=_named_here, metavar="FILE")
    )
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        _take_config(below)


def _named_here(ctx: click.Context, _: click.Parameter, path: str | None) -> None:
    if path is not None:
        ctx.find_root().obj = path


class _LazyGroup(click.Group):
    """Names and help lines without importing what stands behind them: the start stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        _take_config(command)
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            code = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:  # before click makes it a 1, which means no
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(NOBODY_READS)
        return code

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="optoutd", prog_name="optoutd")
@click.option(
    "-c",
    "--config",
    _CONFIG,
    metavar="FILE",
    help=_CONFIG_HELP,
)
@click.pass_context
def optoutd(ctx: click.Context, config_path: str | None) -> None:
    """Honour every opt-out, bounce and complaint that comes by mail."""
    ctx.obj = config_path


def main() -> None:
    """Run the command line; every ending is an exit code and, for a mistake, one clear line."""
    sys.excepthook = _our_fault
    try:
        code = optoutd.main(prog_name="optoutd", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as wrong:
        print(wrong.format_message(), file=sys.stderr)  # noqa: T201 - all there is to say to no command at all
        sys.exit(2)
    except click.UsageError as wrong:
        where = f" (try: {wrong.ctx.command_path} --help)" if wrong.ctx else ""
        sys.exit(_say(f"{wrong.format_message()}{where}", 2))
    except click.ClickException as wrong:
        sys.exit(_say(wrong.format_message(), wrong.exit_code))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(_say("stopped", STOPPED))
    sys.exit(code if isinstance(code, int) else 0)


def _our_fault(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A bug: Python itself would end with 1, which here means no."""
    sys.__excepthook__(kind, error, trace)
    _say("this is a fault of the program, not yours; the lines above belong into a report of it", 3)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(3)


def _say(line: str, code: int) -> int:
    print(f"optoutd: {line}", file=sys.stderr)  # noqa: T201 - the one line an error says
    return code
