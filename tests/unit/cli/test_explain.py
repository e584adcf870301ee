"""`optoutd explain` and `optoutd rules test` as they are called."""

from pathlib import Path

import pytest

from agent.model.mail import Purpose
from agent.trust.tokens import mint, new_key_line, parse_ring
from tests.unit.cli.conftest import CommandLine

RING = new_key_line("a", b"0" * 32)
TOKEN = mint(parse_ring(RING), Purpose.UNSUBSCRIBE, "b" * 13, "go.kestrel-tools.example")
RULE = """
[[rule]]
id = "house.closed"
stage = "bounce_text"
phrases = ["the doors are closed for good"]
yields = { kind = "bounce", reason = "suspend" }
samples = ["550 The doors are closed for good"]
"""


@pytest.fixture
def mail(tmp_path: Path) -> str:
    file = tmp_path / "one.eml"
    file.write_bytes(
        b"From: ana@buyer.example\r\nTo: " + TOKEN.encode() + b"@go.kestrel-tools.example\r\nSubject: \x1b[2J bye\r\n"
        b"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@buyer.example>\r\n"
        b"Authentication-Results: mx.example; dkim=pass header.d=buyer.example\r\n\r\n"
        b"Please do not unsubscribe me from orders.\r\n\r\n> old words\r\n"
    )
    return str(file)


def test_every_stage_is_shown(optoutd: CommandLine, mail: str) -> None:
    keys = Path(optoutd.settings.store.directory) / "token.keys"
    keys.parent.mkdir(mode=0o700)
    keys.write_text(RING)
    keys.chmod(0o600)
    ended = optoutd("explain", mail)
    assert ended.code == 0
    for words in (
        "from ana@buyer.example",
        "role unsubscribe",
        "| Please do not unsubscribe me",
        f"u (unsubscribe) {'b' * 13} in recipient: verified",
        "From is not proven",
        "refused",
        "unsubscribe of ana@buyer.example: token:u, E3",
        "ana@buyer.example: opt_out, all, for ever",
    ):
        assert words in ended.out
    assert "old words" not in ended.out
    assert "\x1b[2J" not in ended.out  # a mail never steers the terminal


def test_a_report_that_is_no_complaint_is_named(optoutd: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "report.eml"
    head = b"From: tls@reporter.example\nTLS-Report-Domain: kestrel-tools.example\n"
    file.write_bytes(head + b"Content-Type: application/tlsrpt+json\n\n{}\n")
    assert "feedback 'tls-report', which is no complaint" in optoutd("explain", str(file)).out


def test_without_keys_no_token_is_believed_and_none_is_made(optoutd: CommandLine, mail: str) -> None:
    assert "no key ring to try it with" in optoutd("explain", mail).out
    assert not Path(optoutd.settings.store.directory).exists()


def test_mail_of_an_account_is_read_as_there(optoutd: CommandLine, mail: str) -> None:
    with optoutd.config.open("a") as file:
        file.write('[[imap]]\nname = "sales"\nhost = "imap.example"\nuser = "x"\nauthserv_id = "mx.example"\n')
    assert "From is proven" in optoutd("explain", mail, "--account", "sales").out
    assert "From is not proven" in optoutd("explain", mail).out


def test_one_object_a_mail(optoutd: CommandLine, mail: str) -> None:
    (row,) = optoutd("explain", "--json", mail).rows
    assert row["file"] == mail
    stages = row["stages"]
    assert isinstance(stages, dict)
    assert stages["Reports"] == ["none"]
    assert any("opt_out" in line for line in list(stages.values())[-1])


def test_it_needs_no_configuration(optoutd: CommandLine, mail: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPTOUTD_CONFIG")
    optoutd.config.unlink()
    assert "unsubscribe of ana@buyer.example" in optoutd("explain", mail).out
    assert optoutd("explain", f"{mail}.nowhere").code == 2


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (RULE, 0, "files 1, rules 1, faults 0"),
        (
            RULE.replace('good"]\n', 'good", "open"]\n', 1).replace('samples = ["550', 'samples = ["shut", "550'),
            1,
            "shut",
        ),
        ("[[rule]]\nid = 1", 2, "id"),
        (None, 2, "No such file"),
    ],
)
def test_rules_are_tried(optoutd: CommandLine, tmp_path: Path, text: str | None, code: int, words: str) -> None:
    file = tmp_path / "own.toml"
    if text is not None:
        file.write_text(text)
    ended = optoutd("rules", "test", str(file))
    assert ended.code == code
    assert words in ended.out + ended.err


def test_the_configured_rules_are_tried(optoutd: CommandLine, tmp_path: Path) -> None:
    assert optoutd("rules", "test").code == 2
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "own.toml").write_text(RULE)
    with optoutd.config.open("a") as file:
        file.write(f'[rules]\nextra = "{tmp_path}/rules.d"\n')
    assert optoutd("rules", "test").code == 0
