"""Files, owners, room: each fault is told with the command that mends it."""

import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config import Secrets
from agent.doctor import places
from agent.model.settings import SmtpSettings
from agent.store.db import Db
from tests.support.imap_intake import account
from tests.unit.doctor.conftest import MakePatient, lines

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
NOBODY = pwd.getpwnam("nobody")


class TestConfiguration:
    def test_right(self, patient: MakePatient) -> None:
        assert lines(places.configuration(patient(imap=(account(1),)))) == [("ok", "configuration")]

    def test_no_door_and_no_password(self, patient: MakePatient) -> None:
        assert lines(places.configuration(patient())) == [("broken", "configuration")]
        one = patient(imap=(account(1),))
        bare = replace(one, loaded=replace(one.loaded, secrets=Secrets()))
        (found,) = places.configuration(bare)
        assert found.said == "imap.sales.password is not set"
        assert "password_file" in found.mend

    def test_open_to_others(self, patient: MakePatient) -> None:
        # hazard J1
        one = patient(smtp=SmtpSettings(listen=("127.0.0.1:25",)))
        one.loaded.path.chmod(0o666)
        (found,) = places.configuration(one)
        assert (found.level.value, found.mend) == ("warning", f"chmod go-w {one.loaded.path}")


class TestStore:
    def test_private(self, db: Db, patient: MakePatient) -> None:
        assert lines(places.store_files(patient())) == [("ok", "store")]

    def test_wider(self, db: Db, patient: MakePatient) -> None:
        # hazard E14
        db.path.chmod(0o644)
        (found,) = places.store_files(patient())
        assert (found.level.value, found.mend) == ("broken", f"chmod 600 {db.path}")

    @ROOT_ONLY
    def test_of_two_owners(self, db: Db, patient: MakePatient) -> None:
        os.chown(db.path, NOBODY.pw_uid, -1)
        found = places.store_files(patient())
        assert ("broken", f"sudo chown root {db.path}") in [(one.level.value, one.mend) for one in found]


class TestList:
    def test_for_its_group(self, db: Db, patient: MakePatient) -> None:
        assert lines(places.public_files(patient())) == [("ok", "list")]

    def test_closed_to_the_group_or_open_to_all(self, db: Db, patient: MakePatient) -> None:
        path = Path(patient().settings.store.public_directory) / "suppression.db"
        one = patient()
        path.chmod(0o600)
        assert [("warning", f"chmod g+rw {path}")] == [(f.level.value, f.mend) for f in places.public_files(one)]
        path.chmod(0o664)
        assert [("broken", f"chmod 660 {path}")] == [(f.level.value, f.mend) for f in places.public_files(one)]


class TestPostfix:
    """Postfix reads the list as a user of its own (hazard K8)."""

    @pytest.fixture
    def installed(self, db: Db, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        """Postfix is there, as nobody; the folder of its maps."""
        monkeypatch.setattr(pwd, "getpwnam", lambda _: NOBODY)
        monkeypatch.setattr(places, "MAPS", tmp_path / "postfix")
        (tmp_path / "postfix").mkdir()
        return tmp_path / "postfix"

    def test_not_allowed(self, installed: Path, patient: MakePatient, tmp_path: Path) -> None:
        (found,) = places.postfix(patient())
        assert found.level.value == "warning"
        assert found.mend.startswith("sudo adduser postfix ")
        (installed / "map.cf").write_text(f"dbpath = {tmp_path}/public/suppression.db\n")
        assert lines(places.postfix(patient())) == [("broken", "postfix")], "a map that fails stops all mail"

    def test_not_installed(self, patient: MakePatient, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(name: str) -> pwd.struct_passwd:
            raise KeyError(name)

        monkeypatch.setattr(pwd, "getpwnam", missing)
        assert places.postfix(patient()) == ()

    def test_who_may(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        me = pwd.getpwuid(os.geteuid())
        file = tmp_path / "list"
        file.touch(0o660)
        assert places.may_use(me, file)
        file.chmod(0o400)
        assert not places.may_use(me, file)
        stranger = pwd.struct_passwd((*NOBODY[:2], 4_000_000, 4_000_000, *NOBODY[4:]))
        monkeypatch.setattr(os, "getgrouplist", lambda *_: [file.stat().st_gid])
        file.chmod(0o060)
        monkeypatch.setattr(Path, "parents", property(lambda _: ()))
        assert places.may_use(stranger, file)
        file.chmod(0o606)
        assert not places.may_use(stranger, file), "the group's bits count, whatever the others' say"


def test_room(patient: MakePatient) -> None:
    # hazard E9
    store = patient().settings.store
    assert lines(places.disk(patient())) == [("ok", "disk")]
    assert lines(places.disk(patient(store=replace(store, free_bytes=10**18)))) == [("broken", "disk")] * 2
    free = os.statvfs("/").f_bavail * os.statvfs("/").f_frsize
    found = places.disk(patient(store=replace(store, free_bytes=free // 2)))
    assert {one.level.value for one in found} == {"warning"}
