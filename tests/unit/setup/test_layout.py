"""Where things lie, for root and for everybody else; and how a secret is written."""

import os
import pwd
from pathlib import Path

import pytest

from agent.setup.answers import account_name
from agent.setup.layout import SYSTEM, layout, owner_of, write_private

HOME = Path("/home/mei")


def test_root_sets_up_the_service_unless_another_file_is_named() -> None:
    assert layout(None, HOME, root=True).config == SYSTEM
    assert (layout(SYSTEM, HOME, root=True).store, layout(SYSTEM, HOME, root=True).system) == ("", True)
    assert layout(Path("x.toml"), HOME, root=True).store == "/home/mei/.local/share/optoutd"


def test_everybody_else_at_home() -> None:
    place = layout(None, HOME, root=False)
    assert (place.config, place.system) == (Path("config.toml"), False)
    assert (place.store, place.public) == ("/home/mei/.local/share/optoutd", "/home/mei/.local/share/optoutd-public")
    assert place.secret("sales").name == "sales.password"
    assert place.secret("sales").is_absolute()


def test_the_service_s_user_owns_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert owner_of(layout(None, HOME, root=False)) is None
    monkeypatch.setattr(pwd, "getpwnam", lambda name: pwd.struct_passwd((name, "x", 7, 7, "", "/", "/")))
    assert owner_of(layout(None, HOME, root=True)) == "optoutd"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_it_is_given_to_him(tmp_path: Path) -> None:
    write_private(tmp_path / "etc" / "secret", "pw\n", "nobody")
    assert (tmp_path / "etc" / "secret").owner() == "nobody"
    assert (tmp_path / "etc").stat().st_gid == pwd.getpwnam("nobody").pw_gid
    assert oct((tmp_path / "etc").stat().st_mode)[-3:] == "750"


def test_a_secret_is_private_from_the_first_byte(tmp_path: Path) -> None:
    # hazard J1
    path = tmp_path / "new" / "secret"
    (tmp_path / "new").mkdir()
    path.write_text("old")
    path.chmod(0o644)
    (tmp_path / "new" / ".secret.new").write_text("left over from a power cut")
    write_private(path, "pw\n")
    assert (path.read_text(), oct(path.stat().st_mode)[-3:]) == ("pw\n", "600")
    assert [entry.name for entry in path.parent.iterdir()] == ["secret"]


@pytest.mark.parametrize(("mailbox", "name"), [("sales@a.example", "sales"), ("a+b/c@a.example", "a-b-c"),
                                               ("销售@a.example", "mailbox"), ("..@a.example", "mailbox")])  # fmt: skip
def test_the_account_s_name_is_fit_for_a_file(mailbox: str, name: str) -> None:
    assert account_name(mailbox) == name
