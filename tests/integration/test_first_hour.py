"""docs/tutorial/first-hour.md is run as it stands: its commands, the answers in it, and what it says is printed.

A line `...` in the tutorial stands for any lines, `...` within one for any words.
"""

import os
import re
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.model.settings import TlsMode
from agent.obs.clock import utc_now
from tests.support.dovecot import Dovecot
from tests.support.hosting import ANN, PASSWORD, USER, hosting, letter
from tests.support.imap_intake import account, reading, store
from tests.support.postfix import Postfix

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial" / "first-hour.md").read_text("utf-8")
MOST_COMMANDS = 9
BY_HAND = ("sudo apt", "git clone", "cd ")  # the machine has them done when a test runs
HOST = "mail.shop.example"
WORDS = "Authentication-Results: mx.shop.example; "
SAID_OF = {
    ANN: WORDS + "dkim=pass header.d=buyer.example; dmarc=pass header.from=buyer.example",
    "bob@other.example": WORDS + "dkim=none; dmarc=none header.from=other.example",
    "eve@third.example": WORDS + "dkim=none; dmarc=none header.from=third.example",
}
QUESTION = re.compile(r"^(?:[1-6]/6 |    (?:Its|Not found|A number))[^:\n]*: ?(.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command of the tutorial and what it shows."""

    command: str
    shown: str


def steps() -> dict[str, Step]:
    """Every command of every console block, in order."""
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    found = [Step(command=part.partition("\n")[0], shown=part.partition("\n")[2]) for part in parts]
    return {step.command.removeprefix("./run optoutd ").split()[0]: step for step in found}


STEPS = steps()


class Reader:
    """Somebody who does what the tutorial says, in a folder of his own; the provider is the stand-in."""

    def __init__(self, folder: Path, dovecot: Dovecot, postfix: Postfix) -> None:
        self.folder = folder
        self._servers = {"IMAP": f"localhost:{dovecot.imaps_port}", "SMTP": f"localhost:{postfix.port}"}
        (folder / ".venv").symlink_to(sys.prefix)
        config = {"OPTOUTD_CONFIG": "config.toml", "HOME": str(folder)}  # also root does it as an ordinary user would
        self.environ = {**os.environ, **config, "SSL_CERT_FILE": str(dovecot.certificate)}

    def arguments(self, step: Step) -> list[str]:
        """As ./run calls it."""
        return [".venv/bin/optoutd", *step.command.split()[2:]]

    def does(self, name: str, *, code: int = 0) -> None:
        """Type one command and its answers, and see what the tutorial shows."""
        step = STEPS[name]
        ended = subprocess.run(
            self.arguments(step), cwd=self.folder, env=self.environ, input=self._answers(step), text=True,
            capture_output=True, timeout=120,
        )  # fmt: skip
        seen = self._in_words_of_the_page(ended.stdout)
        assert re.fullmatch(pattern(step.shown), seen), f"{step.command}\n{seen}{ended.stderr}"
        assert ended.returncode == code, ended.stderr

    def _answers(self, step: Step) -> str:
        typed = ""
        for question in QUESTION.finditer(step.shown):
            kind = next((kind for kind in self._servers if kind in question[0]), "")
            answer = PASSWORD if "password" in question[0] else question[1]
            typed += f"{self._servers.get(kind, answer)}\n"
        return typed

    def _in_words_of_the_page(self, text: str) -> str:
        for ours, theirs in (
            (f"{self._servers['SMTP']} takes", f"{HOST}:587 takes"), (self._servers["IMAP"], HOST),
            (self._servers["SMTP"], HOST), ("localhost", HOST), (str(self.folder), "/home/me/optoutd"),
        ):  # fmt: skip
            text = text.replace(ours, theirs)
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    @contextmanager
    def at_work(self) -> Iterator[Callable[[str], None]]:
        """The daemon, until the end of the block; what it gives waits until its log says something."""
        with subprocess.Popen(
            self.arguments(STEPS["run"]), cwd=self.folder, env=self.environ, stderr=subprocess.PIPE, text=True
        ) as daemon:
            try:
                assert daemon.stderr is not None
                log = iter(daemon.stderr)

                def says(word: str) -> None:
                    assert any(word in line for line in log), f"it ended before it said {word}"

                says("imap connected")
                yield says
            finally:
                daemon.terminate()
                daemon.communicate(timeout=30)
        assert daemon.returncode == 0


def pattern(shown: str) -> str:
    """What is shown, as a pattern: `...` alone for any lines, within a line for any words."""
    lines = (
        r"(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + r"\n"
        for line in shown.rstrip("\n").split("\n")
        if shown.strip()
    )
    return "".join(lines)


@pytest.fixture
def provider(servers_installed: None) -> Iterator[tuple[Dovecot, Postfix]]:
    """A hosting provider that checks senders and says so, with our mailbox and Ann's."""
    if not Postfix.available():
        pytest.skip("Postfix runs as root only: run this test as root")
    with hosting(SAID_OF) as servers:
        yield servers


def test_it_is_short_and_names_only_what_is_tried_here() -> None:
    assert len(STEPS) <= MOST_COMMANDS
    assert [name for name, step in STEPS.items() if not step.command.startswith((*BY_HAND, "./run optoutd "))] == []


async def test_the_tutorial_does_what_it_says(provider: tuple[Dovecot, Postfix], tmp_path: Path) -> None:
    dovecot, postfix = provider
    folder = tmp_path / "optoutd"
    folder.mkdir()
    anns = account(
        dovecot.imaps_port, host="localhost", tls=TlsMode.IMPLICIT, ca_file=str(dovecot.certificate), user=ANN
    )
    ours = account(
        dovecot.imaps_port, host="localhost", tls=TlsMode.IMPLICIT, ca_file=str(dovecot.certificate), user=USER
    )
    with smtplib.SMTP("127.0.0.1", postfix.port) as line:
        for number, sender in enumerate(SAID_OF):
            line.send_message(letter(sender, USER, f"Offer {number}", "Good day.\n"))
    async with store(tmp_path / "old") as mailbox, reading(ours, mailbox, now=utc_now):
        await mailbox.holds(len(SAID_OF))
    me = Reader(folder, dovecot, postfix)
    me.does("setup")
    async with store(tmp_path / "ann") as mailbox:
        with me.at_work() as says:
            with smtplib.SMTP("127.0.0.1", postfix.port) as line:
                line.send_message(letter(ANN, USER, "Re: newsletter", "STOP\n"))
            async with reading(anns, mailbox, password="ann", now=utc_now):
                await mailbox.holds(1)
            says("letter_sent")
            me.does("check", code=1)
            me.does("history")
            me.does("status")
    confirmation = mailbox.messages[0].raw.decode()
    assert "Shop Ltd" in confirmation
    assert "1 Harbour Road, Example City" in confirmation
    assert {path.name: oct(path.stat().st_mode)[-3:] for path in folder.iterdir() if path.is_file()} == {
        "config.toml": "600", "sales.password": "600",
    }  # fmt: skip
