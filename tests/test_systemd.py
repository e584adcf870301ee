"""systemd accepts the unit without a word, it is locked up tightly, and it fits the sysusers and tmpfiles beside it."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "systemd"
UNIT = FOLDER / "optoutd.service"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # as the documentation of configparser has it
    unit.read(UNIT)
    return unit["Service"]


@needs_systemd
def test_systemd_accepts_the_unit_without_a_word(tmp_path: Path) -> None:
    copy = tmp_path / UNIT.name
    # Where the program lies differs from machine to machine.
    copy.write_text(UNIT.read_text().replace(f"ExecStart={service()['ExecStart']}", "ExecStart=/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Unknown keys are warnings only: the exit code alone would pass them.
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_the_exposure_is_low() -> None:  # hazard K1
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(UNIT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_no_core_is_written_and_no_right_is_held() -> None:
    assert service()["LimitCORE"] == "0"  # hazard J2
    assert service()["CapabilityBoundingSet"] == ""
    assert service()["StateDirectoryMode"] == "0700"  # hazard K8


def test_it_is_started_again_and_watched() -> None:
    text = UNIT.read_text()
    for line in ("Restart=always", "RestartSec=2", "StartLimitIntervalSec=0"):  # hazard K4
        assert f"\n{line}\n" in text
    for line in ("Type=notify", "WatchdogSec=60", "ExecReload=/bin/kill -HUP $MAINPID"):  # hazards K3, K5
        assert f"\n{line}\n" in text
    for line in ("MemoryMax=512M", "OOMPolicy=continue", "KillMode=mixed"):  # hazard K6
        assert f"\n{line}\n" in text


def test_users_groups_and_directories_are_made_beside_it() -> None:
    made = {
        tuple(line.split()[:2]) for line in (FOLDER / "optoutd.sysusers").read_text().splitlines() if line[0] != "#"
    }
    assert ("u", service()["User"]) in made
    assert ("g", service()["SupplementaryGroups"]) in made
    public = f"d {service()['ReadWritePaths']} 2770 {service()['User']} {service()['SupplementaryGroups']} -"
    assert public in (FOLDER / "optoutd.tmpfiles").read_text().splitlines()
