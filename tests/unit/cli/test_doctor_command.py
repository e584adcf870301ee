"""`doctor` as it is called: its lines, its JSON, its exit codes."""

import pytest

from agent.doctor.finding import Findings, broken, ok, warning
from tests.unit.cli.conftest import CommandLine

OK, WARNING = ok("disk", "9 GB free"), warning("dns", "slow", "wait")
BROKEN = broken("relay", "refuses", "optoutd setup")


@pytest.mark.parametrize(
    ("findings", "code"), [((OK,), 0), ((OK, WARNING), 1), ((BROKEN, WARNING, OK), 3), ((), 0)]
)  # fmt: skip
def test_the_worst_line_is_the_exit_code(
    findings: Findings, code: int, optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.doctor.checks.OF_THE_MACHINE", ())
    monkeypatch.setattr("agent.doctor.checks.OF_THE_INSTALLATION", (("all", lambda _: findings),))
    ended = optoutd("doctor")
    assert (ended.code, ended.err) == (code, "")
    rows = optoutd("doctor", "--json").rows
    assert [row["level"] for row in rows] == [one.level.value for one in findings]
    assert all(set(row) == {"about", "level", "said", "mend"} for row in rows)


def test_a_line_and_its_mend(optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.doctor.checks.OF_THE_MACHINE", ())
    monkeypatch.setattr("agent.doctor.checks.OF_THE_INSTALLATION", (("all", lambda _: (OK, BROKEN)),))
    assert optoutd("doctor").out == "ok       disk: 9 GB free\nbroken   relay: refuses\n         -> optoutd setup\n"


def test_a_wrong_configuration_is_a_finding_too(optoutd: CommandLine) -> None:
    optoutd.config.write_text("[identity]\ncompany = 3\n")
    ended = optoutd("doctor", "--json")
    assert (ended.code, ended.err) == (3, "")
    problems = [row for row in ended.rows if row["about"] == "configuration"]
    assert len(problems) == 4
    assert all(row["mend"] for row in problems)


def test_the_whole_list_on_an_installation_without_a_network(optoutd: CommandLine) -> None:
    """Every real check runs; nothing is made on the way."""
    ended = optoutd("doctor", "--json")
    abouts = {row["about"] for row in ended.rows}
    assert {"python", "sqlite", "configuration", "disk", "store", "list", "daemon", "reader", "dns", "relay"} <= abouts
    assert ended.code == 3, "no mail comes in"
    assert not (optoutd.config.parent / "store").exists()
