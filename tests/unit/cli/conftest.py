"""The command line as it is called, in this process: what it printed and how it ended."""

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.cli import main
from agent.config import load
from agent.model.settings import Settings
from agent.store.db import Db, open_db
from agent.store.public import open_public

CONFIG = """
[identity]
company = "Kestrel Tools Ltd"
postal_address = "4 Mill Lane, Sheffield S3 8SG"
contact = "sales@kestrel-tools.example"
domains = ["kestrel-tools.example"]

[store]
directory = "{folder}/store"
public_directory = "{folder}/public"
busy_seconds = 1

[addresses]
unsubscribe = ["unsubscribe@kestrel-tools.example"]
token_domain = "go.kestrel-tools.example"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a call ended."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def rows(self) -> list[dict[str, object]]:
        """What `--json` printed, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


class CommandLine:
    """`call("check", "a@b.example")` ends as the program would; `config` is the file it finds by its variable."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[bytes], config: Path) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.config = config

    def __call__(self, *args: str, stdin: bytes = b"") -> Ended:
        self._monkeypatch.setattr(sys, "argv", ["optoutd", *args])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), "utf-8"))
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        out, err = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(code=ended.value.code, raw=out, err=err.decode())

    def suppress(self, address: str, *more: str) -> Ended:
        return self("suppress", address, "--why", "asked by telephone", "--by", "Mei", *more)

    def lift(self, address: str, *more: str) -> Ended:
        return self("lift", address, "--why", "wrote to us", "--by", "Mei", *more)

    @property
    def settings(self) -> Settings:
        return load(self.config, {}).settings

    def public_rows(self) -> set[tuple[str, str, str]]:
        """Address, scope and state of what suppression.db says at this moment."""
        public = open_public(self.settings.store)
        try:
            if not public.file.connection.pragma("user_version"):  # nothing was published yet
                return set()
            rows = public.file.connection.execute("SELECT address, scope, state FROM suppressed")
            return {(str(address), str(scope), str(state)) for address, scope, state in rows}
        finally:
            public.close()


@pytest.fixture
def optoutd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> CommandLine:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(folder=tmp_path))
    monkeypatch.setenv("OPTOUTD_CONFIG", str(config))
    monkeypatch.chdir(tmp_path)
    return CommandLine(monkeypatch, capsysbinary, config)


@pytest.fixture
def db(optoutd: CommandLine) -> Iterator[Db]:
    """The same store, held open beside the command as the daemon holds it."""
    opened = open_db(optoutd.settings.store)
    yield opened
    opened.close()
