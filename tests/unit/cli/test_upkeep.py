"""mint, config, quarantine, rebuild, run: the commands of the operator's day, and how each ends."""

import pytest
import tomli

from agent.model.mail import Door, Purpose, RawMessage, Source
from agent.obs.clock import utc_now
from agent.store import inbox, sent
from agent.store.db import Db
from agent.store.key_file import load_ring
from agent.trust import tokens
from tests.unit.cli.conftest import CommandLine

ANN = "ann@orchard.example"
RAW = b"Subject: \xff\r\n\r\nbytes \x00 as they came\r\n"


class TestMint:
    def test_prints_headers_and_keeps_the_mail_in_the_send_log(self, optoutd: CommandLine, db: Db) -> None:
        ended = optoutd("mint", "Ann@Orchard.example", "--list", "garden", "--campaign", "spring", "--json")
        assert ended.code == 0
        (row,) = ended.rows
        known = sent.find(db, str(row["token"]))
        assert known is not None
        assert (str(known.address), known.list, known.campaign, known.letter) == (ANN, "garden", "spring", False)
        ring = load_ring(optoutd.settings, db)
        addresses = {
            purpose: f"{tokens.mint(ring, purpose, known.id, 'go.kestrel-tools.example')}@go.kestrel-tools.example"
            for purpose in Purpose
        }
        leave = addresses[Purpose.UNSUBSCRIBE]
        assert row["Return-Path"] == f"<{addresses[Purpose.BOUNCE]}>"
        assert row["List-Unsubscribe"] == f"<mailto:{leave}?subject=unsubscribe:{leave.partition('@')[0]}>"
        assert row["Message-ID"] == f"<{addresses[Purpose.FEEDBACK]}>"

    def test_without_json_the_headers_can_be_pasted(self, optoutd: CommandLine) -> None:
        lines = optoutd("mint", ANN).out.splitlines()
        assert [line.partition(": ")[0] for line in lines] == ["Return-Path", "List-Unsubscribe", "Message-ID"]

    def test_needs_one_address_and_a_token_domain(self, optoutd: CommandLine) -> None:
        assert "is a whole domain" in optoutd("mint", "@orchard.example").err
        text = optoutd.config.read_text()
        optoutd.config.write_text(text.replace('token_domain = "go.kestrel-tools.example"', ""))
        ended = optoutd("mint", ANN)
        assert ended.code == 2
        assert ended.err.startswith("optoutd: addresses.token_domain is empty")


class TestConfig:
    def test_check_finds_nothing_wrong(self, optoutd: CommandLine) -> None:
        ended = optoutd("config", "check")
        assert (ended.code, ended.out) == (0, f"{optoutd.config}: no problem found\n")

    def test_check_tells_every_problem_in_one_go(self, optoutd: CommandLine) -> None:
        optoutd.config.write_text(optoutd.config.read_text() + "\n[relay]\nprot = 25\n\n[web]\nx = 1\n")
        ended = optoutd("config", "check")
        assert ended.code == 2
        assert "prot" in ended.err
        assert "web" in ended.err
        assert not ended.out

    def test_check_misses_a_password(self, optoutd: CommandLine) -> None:
        account = '[[imap]]\nname = "sales"\nhost = "imap.example.com"\nuser = "sales@example.com"\n'
        optoutd.config.write_text(optoutd.config.read_text() + account)
        ended = optoutd("config", "check")
        assert ended.code == 2
        assert "imap.sales" in ended.out
        ended = optoutd("run")
        assert ended.code == 2
        assert ended.err.startswith(f"optoutd: {optoutd.config}: ")

    def test_example_needs_no_configuration(self, optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPTOUTD_CONFIG", "/nowhere")
        ended = optoutd("config", "example")
        assert ended.code == 0
        assert tomli.loads(ended.out)["identity"]["company"]


def test_run_without_a_door_is_a_mistake(optoutd: CommandLine) -> None:
    ended = optoutd("run")
    assert ended.code == 2
    assert ended.err == f"optoutd: {optoutd.config}: no door is open: name an [[imap]] account or smtp.listen\n"


@pytest.fixture
def number(db: Db) -> int:
    """A mail that was set aside."""
    now = utc_now()
    message = RawMessage(
        source=Source(door=Door.SMTP, reference="smtp:1"), envelope_from="ann@orchard.example", envelope_to=(),
        peer="192.0.2.1", raw=RAW, received_at=now,
    )  # fmt: skip
    with db.transaction():
        number = inbox.accept(db, message)
        inbox.set_aside(db, number, "the reader died", now)
    return number


class TestQuarantine:
    def test_list(self, optoutd: CommandLine, number: int) -> None:
        ended = optoutd("quarantine", "list")
        assert ended.code == 0
        assert ended.out.startswith(f"{number}: ")
        assert ended.out.endswith(f"from {ANN}, {len(RAW)} bytes: the reader died\n")
        (row,) = optoutd("quarantine", "list", "--json").rows
        assert (row["id"], row["why"], row["size"]) == (number, "the reader died", len(RAW))

    def test_list_of_nothing(self, optoutd: CommandLine) -> None:
        assert optoutd("quarantine", "list").out == "nothing is in quarantine\n"
        assert optoutd("quarantine", "list", "--json").out == ""

    def test_show_gives_the_very_bytes(self, optoutd: CommandLine, number: int) -> None:
        assert optoutd("quarantine", "show", str(number)).raw == RAW

    def test_retry_gives_it_back_to_the_daemon(self, optoutd: CommandLine, db: Db, number: int) -> None:
        assert optoutd("quarantine", "retry", str(number)).code == 0
        assert inbox.quarantine_list(db) == ()
        with db.transaction():
            (taken,) = inbox.take(db, optoutd.settings.limits, utc_now())
        assert (taken.id, taken.attempts, taken.message.raw) == (number, 1, RAW)

    def test_drop_forgets_the_bytes(self, optoutd: CommandLine, db: Db, number: int) -> None:
        assert optoutd("quarantine", "drop", str(number)).code == 0
        assert inbox.quarantine_list(db) == ()
        with db.transaction():
            assert inbox.take(db, optoutd.settings.limits, utc_now()) == ()

    @pytest.mark.parametrize("verb", ["show", "retry", "drop"])
    def test_a_number_that_is_not_there_is_a_mistake(self, optoutd: CommandLine, verb: str) -> None:
        ended = optoutd("quarantine", verb, "7")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == "optoutd: no mail 7 is in quarantine; `optoutd quarantine list` shows what is\n"


def test_rebuild_writes_the_list_anew(optoutd: CommandLine) -> None:
    optoutd.suppress(ANN)
    (optoutd.config.parent / "public" / "suppression.db").unlink()
    ended = optoutd("rebuild")
    assert (ended.code, ended.out) == (0, f"{optoutd.config.parent}/public/suppression.db: 1 rows written\n")
    assert optoutd.public_rows() == {(ANN, "all", "opt_out")}
