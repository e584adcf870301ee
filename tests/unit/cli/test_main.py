"""How every call of optoutd starts and ends: where the configuration is found, exit codes, and a light start."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from agent.cli import optoutd as group
from tests.unit.cli.conftest import CommandLine

# What only some commands need; `--version`, `--help` and a mistake must not wait for it.
SERVERS = {"aiosmtpd", "aioimaplib", "aiosmtplib", "pymap"}
READING = {"agent.rules", "agent.classify", "re2", "selectolax"}
HEAVY = (
    SERVERS | READING | {"agent.store", "agent.daemon", "apsw", "asyncio", "dns", "dkim", "rich", "msgspec", "tomli"}
)


def loaded(*args: str, env: dict[str, str] | None = None) -> set[str]:
    """The modules a call has loaded when it ends."""
    script = (
        "import sys\nfrom agent.cli import main\nsys.argv = ['optoutd', *sys.argv[1:]]\n"
        "try:\n    main()\nfinally:\n    print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, env=env, check=False)
    return set(ended.stderr.splitlines())


@pytest.mark.parametrize("args", [("--version",), ("--help",), ("chekc",)])
def test_the_start_loads_nothing_heavy(args: tuple[str, ...]) -> None:
    modules = loaded(*args)
    assert "agent.cli" in modules
    assert not modules & HEAVY


def test_check_loads_neither_rules_nor_servers(optoutd: CommandLine) -> None:
    modules = loaded("-c", str(optoutd.config), "check", "ann@orchard.example")
    assert "apsw" in modules
    assert not modules & (READING | SERVERS | {"rich"})


def test_version(optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTOUTD_CONFIG", "/nowhere")
    ended = optoutd("--version")
    assert (ended.code, ended.out) == (0, f"optoutd, version {version('optoutd')}\n")


def test_no_command_shows_them_all(optoutd: CommandLine) -> None:
    ended = optoutd()
    assert ended.code == 2
    assert ended.err.startswith("Usage: optoutd ")
    assert optoutd("--help").code == 0


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["chekc"], "No such command 'chekc'. (try: optoutd --help)"),
        (["check"], "Missing argument 'ADDRESS...|-'. (try: optoutd check --help)"),
        (["quarantine", "show", "x"], "Invalid value for 'NUMBER': 'x' is not a valid integer. "
                                      "(try: optoutd quarantine show --help)"),
        (["-c"], "Option '-c' requires an argument."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_two(optoutd: CommandLine, args: list[str], line: str) -> None:
    ended = optoutd(*args)
    assert (ended.code, ended.out, ended.err) == (2, "", f"optoutd: {line}\n")


class TestConfiguration:
    """-c, then $OPTOUTD_CONFIG, then ./config.toml; every problem is a mistake of the user."""

    @pytest.fixture
    def elsewhere(self, optoutd: CommandLine) -> Path:
        """The same configuration beside the first, with another store."""
        other = optoutd.config.with_name("other.toml")
        other.write_text(optoutd.config.read_text().replace("/store", "/other"))
        return other

    def test_the_option_comes_first(self, optoutd: CommandLine, elsewhere: Path) -> None:
        assert optoutd("-c", str(elsewhere), "config", "check").out == f"{elsewhere}: no problem found\n"
        assert optoutd("--config", str(elsewhere), "list").code == 0
        assert (elsewhere.parent / "other" / "optoutd.db").exists()
        assert not (elsewhere.parent / "store").exists()

    def test_then_the_variable(self, optoutd: CommandLine, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPTOUTD_CONFIG", str(elsewhere))
        assert optoutd("config", "check").out == f"{elsewhere}: no problem found\n"

    def test_then_the_folder_we_are_in(self, optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPTOUTD_CONFIG")
        assert optoutd("config", "check").out == "config.toml: no problem found\n"

    @pytest.mark.parametrize("args", [["list"], ["check", "a@b.example"], ["rebuild"], ["quarantine", "list"], ["run"]])
    def test_without_one_every_command_says_so(self, optoutd: CommandLine, args: list[str]) -> None:
        ended = optoutd("-c", "nowhere.toml", *args)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("optoutd: nowhere.toml: No such file or directory; ")


class TestOurFault:
    """A store that cannot be used is exit 3, never a yes or a no."""

    @pytest.mark.parametrize(
        "args",
        [["check", "a@b.example"], ["suppress", "a@b.example", "--why", "w", "--by", "b"], ["history", "a@b.example"]],
    )
    def test_a_damaged_store(self, optoutd: CommandLine, args: list[str]) -> None:
        store = optoutd.config.parent / "store"
        store.mkdir(mode=0o700)
        (store / "optoutd.db").write_bytes(b"this is no database, and long enough to be looked at " * 100)
        (store / "optoutd.db").chmod(0o600)
        ended = optoutd(*args)
        assert (ended.code, ended.out) == (3, "")
        assert ended.err.startswith(f"optoutd: {store}/optoutd.db: ")
        assert ended.err.count("\n") == 1

    def test_a_store_open_to_others(self, optoutd: CommandLine) -> None:
        (optoutd.config.parent / "store").mkdir(mode=0o755)
        ended = optoutd("list")
        assert ended.code == 3
        assert "chmod 700" in ended.err


def test_output_that_nobody_reads_is_neither_yes_nor_no(optoutd: CommandLine) -> None:
    """`optoutd list | head` ends quietly, as a program does that SIGPIPE ended."""
    many = b"".join(b"a%d@orchard.example\n" % number for number in range(4000))
    reader = subprocess.Popen(["head", "-c", "1"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert reader.stdin is not None
    ended = subprocess.run(
        [sys.executable, "-m", "agent", "-c", str(optoutd.config), "check", "-"],
        input=many, stdout=reader.stdin, stderr=subprocess.PIPE, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    reader.stdin.close()
    reader.wait()
    assert (ended.returncode, ended.stderr) == (141, b"")


class TestConfigAfterTheCommand:
    """`optoutd run -c FILE` means what it looks like, for every command."""

    @pytest.mark.parametrize(
        "args",
        [
            ("check", "a@b.example", "-c", "{}"), ("list", "--config", "{}"), ("quarantine", "list", "-c", "{}"),
            ("quarantine", "-c", "{}", "list"), ("config", "check", "-c", "{}"), ("verify", "-c", "{}"),
        ],
    )  # fmt: skip
    def test_it_is_found_there(
        self, args: tuple[str, ...], optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert optoutd("rebuild").code == 0
        monkeypatch.setenv("OPTOUTD_CONFIG", "/nowhere")
        assert optoutd(*(arg.format(optoutd.config) for arg in args)).code == 0

    def test_the_last_one_named_counts(self, optoutd: CommandLine) -> None:
        assert optoutd("-c", "/nowhere", "config", "check", "-c", str(optoutd.config)).code == 0
        assert optoutd("-c", str(optoutd.config), "config", "check", "-c", "/nowhere").code == 2

    def test_a_file_that_is_not_there_is_named(self, optoutd: CommandLine) -> None:
        ended = optoutd("run", "-c", "nowhere.toml")
        assert (ended.code, ended.err.partition(";")[0]) == (2, "optoutd: nowhere.toml: No such file or directory")

    def test_every_command_takes_it(self) -> None:
        for command in every(group):
            assert any("-c" in parameter.opts for parameter in command.params), command.name


def every(of: click.Group) -> Iterator[click.Command]:
    ctx = click.Context(of)
    for name in of.list_commands(ctx):
        command = of.get_command(ctx, name)
        assert command is not None
        yield command
        if isinstance(command, click.Group):
            yield from every(command)
