"""Each wrong configuration says exactly what is wrong and what to do: tests/bad_configs/NAME.toml, NAME.expected.

A first comment that begins with `mode 644` gives the file that mode; all others are private. To write the expected
messages anew: delete NAME.expected, run this test once, and read what it wrote.
"""

import os
import re
from pathlib import Path

import pytest

from agent.config import ConfigError, load

FOLDER = Path(__file__).parents[2] / "bad_configs"
FILES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("source", FILES, ids=lambda source: source.stem)
def test_a_wrong_configuration_says_what_is_wrong(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = source.read_bytes()
    mode = re.match(rb"# mode (\d+)", content)
    copy = tmp_path / source.name
    copy.write_bytes(content)
    copy.chmod(int(mode[1], 8) if mode else 0o600)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(Path(source.name), {})
    said = "".join(problem + "\n" for problem in caught.value.problems)
    expected = source.with_suffix(".expected")
    if not expected.exists():
        expected.write_text(said)
        pytest.fail(f"{expected.name} was missing and is now written: read it")
    assert said == expected.read_text()


def test_every_problem_is_one_line_with_file_fault_and_mend() -> None:
    for expected in FOLDER.glob("*.expected"):
        for line in expected.read_text().splitlines():
            assert line.startswith(f"{expected.stem}.toml: ")
            assert "; " in line


def test_there_is_a_case_for_each_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.expected")} == {path.stem for path in FILES}
    assert len(FILES) >= 12


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="Permission denied; name a file"):
        load(path, {})
