"""`optoutd demo` on this machine: ends by itself with exit 0, every mail understood as it was meant."""

import os
import re
import subprocess
import sys
from pathlib import Path

from agent.demo.cast import parts


def test_the_demo_understands_all_its_mails(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "agent", "demo"],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=Path(__file__).parents[1],
        env={**os.environ, "COLUMNS": "160", "TMPDIR": str(tmp_path), "NO_COLOR": "1"},
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    said = " ".join(ended.stdout.split())
    count = len(parts())
    assert re.search(rf"{count} mails came in, {count} understood as labelled; \d+ people may not be mailed now", said)
    assert ended.stdout.count("✓") == count
    assert "✗" not in ended.stdout
    assert list(tmp_path.iterdir()) == []  # it leaves nothing behind
