"""systemd accepts the units without a word, they are locked up tightly, and fit the sysusers and tmpfiles beside."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "systemd"
UNIT, BACKUP, TIMER = (FOLDER / f"optoutd{end}" for end in (".service", "-backup.service", "-backup.timer"))
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def service(path: Path = UNIT) -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # as the documentation of configparser has it
    unit.read(path)
    return unit["Service"]


@needs_systemd
@pytest.mark.parametrize("path", [UNIT, BACKUP, TIMER], ids=lambda path: path.name)
def test_systemd_accepts_the_unit_without_a_word(path: Path, tmp_path: Path) -> None:
    for one in (UNIT, BACKUP):
        # Where the program lies differs from machine to machine.
        text = one.read_text().replace(f"ExecStart={service(one)['ExecStart']}", "ExecStart=/bin/true")
        (tmp_path / one.name).write_text(text)
    (tmp_path / TIMER.name).write_text(TIMER.read_text())
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / path.name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # Unknown keys are warnings only: the exit code alone would pass them.
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("path", [UNIT, BACKUP], ids=lambda path: path.name)
def test_the_exposure_is_low(path: Path) -> None:  # hazard K1
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager", str(path)]
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


def test_the_backup_finds_what_the_service_writes() -> None:  # hazard E10
    backup, target = service(BACKUP), "/var/backups/optoutd"
    for key in ("User", "Group", "SupplementaryGroups", "UMask", "StateDirectory", "StateDirectoryMode", "LimitCORE"):
        assert backup[key] == service()[key]
    assert backup["ExecStart"] == f"/opt/optoutd/bin/optoutd backup --keep 7 {target}"
    assert backup["ReadWritePaths"] == target
    made = f"d {target} 0700 {backup['User']} {backup['Group']} -"
    assert made in (FOLDER / "optoutd.tmpfiles").read_text().splitlines()
    assert "\nPersistent=true\n" in TIMER.read_text()
