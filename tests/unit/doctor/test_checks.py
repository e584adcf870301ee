"""The list itself: order, time-outs, and what of the machine can be said without any configuration."""

import asyncio
import locale
import ssl
from pathlib import Path

import apsw
import pytest

from agent.doctor import checks, examine, machine, without_settings, worst
from agent.doctor.finding import Finding, Findings, Level, ok, warning
from agent.doctor.patient import Patient
from agent.worker.reader import ReaderDown
from tests.unit.doctor.conftest import MakePatient, lines


async def test_a_check_that_hangs_ends_and_keeps_nobody_waiting(
    patient: MakePatient, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = asyncio.Barrier(2)  # each waits for the other: only side by side they end

    async def meets(_: Patient) -> Findings:
        await met.wait()
        return (ok("meets", "well"),)

    async def hangs(_: Patient) -> Findings:
        await asyncio.Event().wait()
        return ()

    monkeypatch.setattr(checks, "DEADLINE_SECONDS", 0.2)
    table = (("one", meets), ("hangs", hangs), ("two", meets), ("quick", lambda _: (ok("quick", "well"),)))
    monkeypatch.setattr(checks, "OF_THE_INSTALLATION", table)
    monkeypatch.setattr(checks, "OF_THE_MACHINE", ())
    found: list[tuple[str, str]] = []
    await examine(patient(), lambda findings: found.extend(lines(findings)))
    assert found == [("ok", "meets"), ("broken", "hangs"), ("ok", "meets"), ("ok", "quick")]


async def test_files_of_somebody_else(patient: MakePatient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Patient) -> Findings:
        raise PermissionError(13, "Permission denied", "/var/lib/optoutd/token.keys")

    async def later(one: Patient) -> Findings:
        return refused(one)

    monkeypatch.setattr(checks, "OF_THE_INSTALLATION", (("keys", refused), ("list", later)))
    monkeypatch.setattr(checks, "OF_THE_MACHINE", ())
    found: list[Finding] = []
    await examine(patient(), found.extend)
    assert lines(tuple(found)) == [("broken", "keys"), ("broken", "list")]
    assert "sudo optoutd doctor" in found[0].mend


def test_the_worst_line_counts() -> None:
    assert worst(()) is Level.OK
    assert worst((ok("a", ""), warning("b", "", ""), ok("c", ""))) is Level.WARNING


class TestMachine:
    def test_this_one_will_do(self) -> None:
        found: list[tuple[str, str]] = []
        without_settings(lambda findings: found.extend(lines(findings)))
        assert [about for level, about in found if level != "broken"][:2] == ["python", "sqlite"]

    def test_letters_of_other_languages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # hazard K11
        monkeypatch.setattr(locale, "getpreferredencoding", lambda do_setlocale: "ANSI_X3.4-1968")
        assert lines(machine.interpreter()) == [("warning", "python")]

    def test_an_old_sqlite(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # hazard E4
        monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.40.1")
        assert lines(machine.sqlite()) == [("broken", "sqlite")]

    def test_no_certificates(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        # hazard B9
        nothing = ssl.DefaultVerifyPaths("", str(tmp_path), "", "", "", "")
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
        (found,) = machine.certificates()
        assert (found.level.value, found.mend) == ("broken", "sudo apt install -y ca-certificates")

    async def test_the_reader_reads(self, patient: MakePatient) -> None:
        assert lines(await machine.reader(patient())) == [("ok", "reader")]

    async def test_a_reader_that_does_not_start(self, patient: MakePatient, monkeypatch: pytest.MonkeyPatch) -> None:
        async def down(_: object) -> None:
            raise ReaderDown("no memory")

        monkeypatch.setattr("agent.worker.reader.Reader.start", down)
        assert lines(await machine.reader(patient())) == [("broken", "reader")]
