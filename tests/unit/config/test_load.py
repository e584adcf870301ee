"""Where the configuration is found, and where passwords come from; none of them ever shows."""

import subprocess
import sys
from pathlib import Path

import pytest

from agent.config import ConfigError, Loaded, Secret, files, find, load, unset_passwords, with_passwords
from agent.model.settings import BounceEvidence, TlsMode

IDENTITY = """
[identity]
company = "Example Exports Ltd"
postal_address = "1 Harbour Road, 12345 Example City"
contact = "sales@example.com"
domains = ["example.com"]
"""
ACCOUNT = """
[[imap]]
name = "far-east.2"
host = "imap.example.com"
user = "sales@example.com"
"""
RELAY = """
[relay]
host = "smtp.example.com"
user = "sales@example.com"
"""


def written(folder: Path, *parts: str) -> Path:
    path = folder / "config.toml"
    path.write_text("".join(parts), encoding="utf-8")
    path.chmod(0o600)
    return path


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def relay_password(loaded: Loaded) -> str | None:
    return loaded.secrets.relay.reveal() if loaded.secrets.relay else None


class TestFind:
    def test_the_named_file_comes_first_even_when_it_is_not_there(self) -> None:
        assert find(Path("named.toml"), {"OPTOUTD_CONFIG": "other.toml"}) == Path("named.toml")
        assert find(None, {"OPTOUTD_CONFIG": "other.toml"}) == Path("other.toml")

    def test_then_the_usual_places_in_their_order(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        system = tmp_path / "system.toml"
        monkeypatch.setattr(files, "PLACES", (Path("config.toml"), system))
        system.touch()
        assert find(None, {}) == system
        Path("config.toml").touch()
        assert find(None, {}) == Path("config.toml")

    def test_none_at_all_names_every_place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "PLACES", (Path("config.toml"), tmp_path / "none.toml"))
        monkeypatch.chdir(tmp_path)
        with pytest.raises(ConfigError) as caught:
            find(None, {"OPTOUTD_CONFIG": ""})
        (problem,) = caught.value.problems
        assert problem == (
            f"no configuration found (looked at -c, $OPTOUTD_CONFIG, ./config.toml, {tmp_path}/none.toml); "
            "begin with: optoutd setup"
        )

    def test_a_named_file_that_is_not_there(self) -> None:
        with pytest.raises(ConfigError, match=r"^gone\.toml: No such file or directory; name a file"):
            load(Path("gone.toml"), {})


class TestLoad:
    def test_values_arrive_in_their_types(self, tmp_path: Path) -> None:
        text = '[policy]\nevidence_bounce = "tokens"\n[smtp]\nlisten = ["127.0.0.1:2525"]\n'
        loaded = load(written(tmp_path, IDENTITY, RELAY, text, ACCOUNT), {})
        assert loaded.path == tmp_path / "config.toml"
        assert loaded.settings.policy.evidence_bounce is BounceEvidence.TOKENS
        assert loaded.settings.smtp.listen == ("127.0.0.1:2525",)
        assert loaded.settings.relay.tls is TlsMode.STARTTLS
        assert [account.name for account in loaded.settings.imap] == ["far-east.2"]

    def test_a_byte_order_mark_does_no_harm(self, tmp_path: Path) -> None:
        assert load(written(tmp_path, "\ufeff", IDENTITY), {}).settings.identity.language == "en"

    def test_only_msgspec_and_tomli_are_loaded(self) -> None:
        heavy = "asyncio apsw click re2 ssl email selectolax publicsuffixlist"
        code = f"import sys, agent.config; print(*(n for n in '{heavy}'.split() if n in sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == ""


class TestPasswords:
    def test_each_source_is_stronger_than_the_one_before(self, tmp_path: Path) -> None:
        literal = written(tmp_path, IDENTITY, RELAY, 'password = "literal"\n')
        assert relay_password(load(literal, {})) == "literal"
        file = private(tmp_path / "relay.pw", "from a file\n")
        by_file = written(tmp_path, IDENTITY, RELAY, f'password_file = "{file}"\n')
        assert relay_password(load(by_file, {})) == "from a file"
        credentials = tmp_path / "credentials"
        credentials.mkdir()
        private(credentials / "relay.password", "a credential")
        environ = {"CREDENTIALS_DIRECTORY": str(credentials)}
        assert relay_password(load(by_file, environ)) == "a credential"
        environ["OPTOUTD_RELAY_PASSWORD"] = "environment"
        assert relay_password(load(by_file, environ)) == "environment"

    def test_an_account_has_its_own_credential_and_variable(self, tmp_path: Path) -> None:
        path = written(tmp_path, IDENTITY, ACCOUNT)
        private(tmp_path / "imap.far-east.2.password", "a credential")
        environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
        assert load(path, environ).secrets.imap["far-east.2"].reveal() == "a credential"
        environ["OPTOUTD_IMAP_FAR_EAST_2_PASSWORD"] = "environment"
        assert load(path, environ).secrets.imap["far-east.2"].reveal() == "environment"

    def test_no_password_shows_anywhere_but_where_it_is_asked_for(self, tmp_path: Path) -> None:  # hazard J3
        text = 'password = "hunter2"\n'
        loaded = load(written(tmp_path, IDENTITY, RELAY, text, ACCOUNT, text), {})
        assert "hunter2" not in f"{loaded!r} {loaded} {loaded.secrets} {loaded.settings}"
        assert f"{Secret('hunter2')}" == "Secret(***)"
        whole = with_passwords(loaded.settings, loaded.secrets)
        assert "hunter2" not in repr(whole)
        assert (whole.relay.password, whole.imap[0].password) == ("hunter2", "hunter2")

    def test_a_missing_password_stops_no_command_and_is_told_by_the_doctor(self, tmp_path: Path) -> None:
        loaded = load(written(tmp_path, IDENTITY, RELAY, ACCOUNT), {})
        assert unset_passwords(loaded.settings, loaded.secrets) == (
            "imap.far-east.2.password: is not set; write password_file, or give the credential "
            "imap.far-east.2.password or OPTOUTD_IMAP_FAR_EAST_2_PASSWORD",
            "relay.password: is not set; write password_file, or give the credential "
            "relay.password or OPTOUTD_RELAY_PASSWORD",
        )
        assert with_passwords(loaded.settings, loaded.secrets) == loaded.settings

    def test_a_relay_without_login_needs_none(self, tmp_path: Path) -> None:
        text = '[relay]\nhost = "127.0.0.1"\nport = 25\ntls = "none"\n'
        loaded = load(written(tmp_path, IDENTITY, text), {})
        assert unset_passwords(loaded.settings, loaded.secrets) == ()

    @pytest.mark.parametrize(
        ("content", "mode", "problem"),
        [
            (b"hunter2\n", 0o640, "is open to others (mode 0640); run: chmod 600"),  # hazard J1
            (b"", 0o600, "does not hold exactly one line"),
            (b"one\ntwo\n", 0o600, "does not hold exactly one line"),
            (b"gr\xfcn", 0o600, "is not UTF-8 text"),
        ],
    )
    def test_a_password_file_that_cannot_serve(self, content: bytes, mode: int, problem: str, tmp_path: Path) -> None:
        file = tmp_path / "relay.pw"
        file.write_bytes(content)
        file.chmod(mode)
        with pytest.raises(ConfigError) as caught:
            load(written(tmp_path, IDENTITY, RELAY, f'password_file = "{file}"\n'), {})
        (line,) = caught.value.problems
        assert problem in line
        assert "hunter2" not in line

    @pytest.mark.parametrize("key", ["key_file", "tls_key"])
    def test_keys_that_others_may_read(self, key: str, tmp_path: Path) -> None:  # hazard J1
        file = tmp_path / "a.key"
        file.touch()
        file.chmod(0o644)
        text = (
            f'[tokens]\nkey_file = "{file}"\n'
            if key == "key_file"
            else f'[smtp]\ntls_cert = "{file}"\ntls_key = "{file}"\n'
        )
        with pytest.raises(ConfigError, match=rf"{key}: .* is open to others \(mode 0644\); run: chmod 6[04]0 "):
            load(written(tmp_path, IDENTITY, text), {})

    def test_a_key_ring_that_is_not_there_yet_is_no_fault(self, tmp_path: Path) -> None:
        text = f'[tokens]\nkey_file = "{tmp_path}/token.keys"\n'
        assert load(written(tmp_path, IDENTITY, text), {}).settings.tokens.key_file
