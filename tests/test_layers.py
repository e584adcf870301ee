"""The walls of the house hold: each contract and each ban catches a violation planted on purpose."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent

CONTRACTS = [
    ("mail/planted.py", "import agent.policy.decide", "one way, never sideways"),
    ("policy/planted.py", "import agent.trust.tokens", "one way, never sideways"),
    ("intake/planted.py", "import agent.effects.runner", "one way, never sideways"),
    ("classify/planted.py", "import asyncio", "the pure packages do no I/O"),
    ("render/planted.py", "import random", "the pure packages do no I/O"),
    ("effects/planted.py", "import re2", "the daemon never loads the rules"),
    ("daemon.py", "import agent.classify", "the daemon never loads the rules"),
    ("cli/planted.py", "import sqlite3", "neither sqlite3"),
    ("store/planted.py", "import pickle", "nor pickle"),
]

BANS = [
    ("import sqlite3\n", "apsw is the one SQLite here"),
    ("import pickle\n", "Use msgspec frames"),
    ("import asyncio\n\n\nasync def f() -> None:\n    asyncio.create_task(f())\n", "Use a TaskGroup"),
    ("import time\n\nNOW = time.time()\n", "Pass `now` in"),
    ("import datetime\n\nNOW = datetime.datetime.now(datetime.UTC)\n", "Pass `now` in"),
    ("import urllib.request\n", "Nothing is ever fetched"),
]


@pytest.mark.parametrize(("where", "line", "contract"), CONTRACTS)
def test_contract_catches_a_planted_import(tmp_path: Path, where: str, line: str, contract: str) -> None:
    shutil.copytree(ROOT / "agent", tmp_path / "agent", ignore=shutil.ignore_patterns("data", "__pycache__", "mails"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "agent" / where).open("a", encoding="utf-8") as planted:
        planted.write(f"\n{line}\n")
    done = subprocess.run(
        [BIN / "lint-imports", "--no-cache"],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert contract in done.stdout.partition("Broken contracts")[2]


@pytest.mark.parametrize(("code", "advice"), BANS)
def test_ban_says_what_to_do_instead(code: str, advice: str) -> None:
    done = subprocess.run(
        [BIN / "ruff", "check", "--stdin-filename", "agent/mail/planted.py", "-"],
        cwd=ROOT, input=code, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert advice in done.stdout
