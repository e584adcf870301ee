"""`setup` answered from a pipe: a configuration that loads, a second run that loses nothing, no silent harm."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.cli import setup as command
from agent.config import load
from agent.intake.imap.hints import of_domain
from agent.intake.imap.look import Judged, Seen
from agent.intake.imap.trouble import LoginRefused
from agent.setup.layout import Layout
from agent.setup.servers import Server, Servers
from agent.store.db import open_db
from agent.store.work_lock import WorkLock
from tests.unit.cli.conftest import CommandLine, Ended

IMAP, RELAY = Server(host="mail.shop.example", port=993), Server(host="mail.shop.example", port=465)
ANSWERS = ("Shop Ltd", "1 Harbour Road", "shop.example; shop.test", "sales@shop.example", "pw", "3", "me@shop.example")


@pytest.fixture
def fresh(optoutd: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """Nothing is configured, the provider announces its servers and takes the password, all parts work."""
    optoutd.config.unlink()
    monkeypatch.setenv("HOME", str(optoutd.config.parent))
    monkeypatch.setattr("agent.cli.setup.find", finding(Servers(imap=IMAP, relay=RELAY, how="by SRV")))
    monkeypatch.setattr("agent.cli.setup.look", looking())
    monkeypatch.setattr("agent.doctor.checks.OF_THE_INSTALLATION", ())
    monkeypatch.setattr("agent.doctor.checks.OF_THE_MACHINE", ())
    return optoutd


def finding(servers: Servers) -> Callable[..., object]:
    async def find(*_: object) -> Servers:
        return servers

    return find


def looking(judge: str = "", refusals: int = 0) -> Callable[..., object]:
    """A mailbox that refuses the first passwords."""
    refused: list[object] = []

    async def look(*_: object) -> Seen:
        if len(refused) < refusals:
            refused.append(None)
            raise LoginRefused("the server refused the login: wrong")
        newest = tuple(Judged(by=judge, sender=f"{name}.example") for name in "abc")
        return Seen(newest=newest, newest_at=None, unread=0, unread_since=None, doubts=())

    return look


def answered(optoutd: CommandLine, *answers: str) -> Ended:
    return optoutd("setup", stdin="".join(f"{answer}\n" for answer in answers).encode())


def test_six_answers_make_a_configuration(fresh: CommandLine) -> None:
    ended = answered(fresh, *ANSWERS)
    assert (ended.code, ended.err) == (0, "")
    loaded = load(fresh.config, {})
    settings = loaded.settings
    assert settings.identity.company == "Shop Ltd"
    assert settings.identity.domains == ("shop.example", "shop.test")
    box = settings.imap[0]
    assert (box.host, box.user, box.name) == ("mail.shop.example", "sales@shop.example", "sales")
    assert (settings.relay.port, settings.relay.tls.value) == (465, "implicit")
    assert settings.digest.to == "me@shop.example"
    assert settings.store.directory == f"{fresh.config.parent}/.local/share/optoutd"
    assert loaded.secrets.relay is not None
    assert (loaded.secrets.imap["sales"].reveal(), loaded.secrets.relay.reveal()) == ("pw", "pw")


def test_nobody_else_reads_what_is_written_and_nobody_sees_the_password(fresh: CommandLine) -> None:
    # hazard J1
    # hazard J3
    ended = answered(fresh, *(answer if answer != "pw" else "s3cret-word" for answer in ANSWERS))
    files = [path for path in fresh.config.parent.iterdir() if path.is_file()]
    modes = {path.name: oct(path.stat().st_mode)[-3:] for path in files}
    assert modes == {"config.toml": "600", "sales.password": "600"}
    assert "s3cret-word" not in ended.out + ended.err + fresh.config.read_text()


def test_the_next_steps_fit_the_tool(fresh: CommandLine) -> None:
    said = {}
    for tool in "1234":
        fresh.config.unlink(missing_ok=True)
        (fresh.config.parent / "sales.password").unlink(missing_ok=True)
        said[tool] = answered(fresh, *ANSWERS[:5], tool, ANSWERS[6]).out.partition("\nNext:")[2]
    assert "behind-postfix" in said["1"]
    assert "suppression-file" in said["2"]
    assert "scrub" in said["3"]
    assert "scrub" in said["4"]


def test_a_daemon_that_runs_has_to_be_told(fresh: CommandLine) -> None:
    assert "Start it:  optoutd run" in answered(fresh, *ANSWERS).out
    store = load(fresh.config, {}).settings.store
    open_db(store).close()
    lock = WorkLock(store)
    lock.demand()
    said = answered(fresh, "Shop and Sons", "", "", "", "", "2", "", "y").out.partition("\nNext:")[2]
    lock.release()
    assert "It is running, and does not know this yet. Restart it:  stop it (Ctrl-C), then: optoutd run" in said
    assert "Start it" not in said


def test_a_second_run_shows_the_difference_and_keeps_what_it_does_not_know(fresh: CommandLine) -> None:
    answered(fresh, *ANSWERS)
    by_hand = fresh.config.read_text().replace("[relay]", "# our own note\n[policy]\nreview_hours = 48\n\n[relay]")
    fresh.config.write_text(by_hand)
    ended = answered(fresh, "Shop and Sons", "", "", "", "", "2", "", "y")
    assert ended.code == 0
    assert '-company = "Shop Ltd"' in ended.out
    assert '+company = "Shop and Sons"' in ended.out
    assert fresh.config.read_text() == by_hand.replace('"Shop Ltd"', '"Shop and Sons"')
    assert (fresh.config.parent / "sales.password").read_text() == "pw\n"


@pytest.mark.parametrize("reply", ["n", ""])
def test_no_means_no(reply: str, fresh: CommandLine) -> None:
    answered(fresh, *ANSWERS)
    before = fresh.config.read_text()
    ended = answered(fresh, "Another", "", "", "", "new password", "2", "", reply)
    assert (ended.code, fresh.config.read_text()) == (1, before)
    assert "a new password in" in ended.out
    assert (fresh.config.parent / "sales.password").read_text() == "pw\n"


def test_the_same_answers_change_nothing_and_ask_nothing(fresh: CommandLine) -> None:
    answered(fresh, *ANSWERS)
    before = fresh.config.read_text()
    ended = answered(fresh, "", "", "", "", "", "3", "")
    assert (ended.code, fresh.config.read_text()) == (0, before)


def test_a_password_in_the_file_moves_to_its_own(fresh: CommandLine) -> None:
    answered(fresh, *ANSWERS)
    text = fresh.config.read_text()
    secret = f'password_file = "{fresh.config.parent}/sales.password"'
    fresh.config.write_text(text.replace(secret, 'password = "geheim"'))
    ended = answered(fresh, "", "", "", "", "pw2", "3", "", "y")
    assert (ended.code, fresh.config.read_text()) == (0, text)
    assert "geheim" not in ended.out


class TestServers:
    """Found by themselves, or asked for."""

    def test_what_is_not_found_is_asked_for(self, fresh: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("agent.cli.setup.find", finding(Servers()))
        ended = answered(fresh, *ANSWERS[:4], "box.shop.example", "", *ANSWERS[4:])
        assert ended.code == 0
        settings = load(fresh.config, {}).settings
        assert settings.imap[0].host == "box.shop.example"
        assert (settings.relay.host, settings.relay.port) == ("box.shop.example", 587)

    def test_a_provider_without_passwords_is_told_at_once(
        self, fresh: CommandLine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("agent.cli.setup.find", finding(Servers(provider=of_domain("outlook.com"))))
        ended = answered(fresh, *ANSWERS)
        assert (ended.code, fresh.config.exists()) == (2, False)
        assert "OAuth" in ended.err

    def test_a_provider_says_which_password_it_wants(self, fresh: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
        box = Server(host="imap.gmail.com", port=993)
        servers = Servers(imap=box, relay=RELAY, provider=of_domain("gmail.com"))
        monkeypatch.setattr("agent.cli.setup.find", finding(servers))
        assert "app password" in answered(fresh, *ANSWERS).out


@pytest.mark.parametrize(("judge", "used"), [("mx.shop.example", True), ("mx.elsewhere.example", False)])
def test_who_judges_senders_must_belong_to_the_provider(
    judge: str, used: bool, fresh: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.cli.setup.look", looking(judge))
    answered(fresh, *ANSWERS)
    assert load(fresh.config, {}).settings.imap[0].authserv_id == (judge if used else "")


def test_a_refused_password_is_told_and_the_rest_is_written(
    fresh: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.cli.setup.look", looking(refusals=1))
    ended = answered(fresh, *ANSWERS)
    assert "refused the login" in ended.out
    assert fresh.config.exists()


@pytest.mark.parametrize(
    ("number", "answer", "word"),
    [(0, "a\x07b", "one line"), (2, "no domain", "no domain"), (3, "sales", "no address"), (5, "9", "type 1")],
)
def test_a_wrong_answer_from_a_pipe_ends_it(number: int, answer: str, word: str, fresh: CommandLine) -> None:
    answers = [*ANSWERS]
    answers[number] = answer
    ended = answered(fresh, *answers)
    assert (ended.code, fresh.config.exists()) == (2, False)
    assert word in ended.err
    assert ended.err.endswith("nothing was written\n")


def test_answers_that_end_too_early(fresh: CommandLine) -> None:
    ended = answered(fresh, *ANSWERS[:3])
    assert (ended.code, fresh.config.exists()) == (2, False)
    assert "nothing was written" in ended.err


@pytest.mark.parametrize("text", ["not toml", 'identity.company = "x"\n'])
def test_a_file_that_cannot_be_changed_is_left_alone(text: str, fresh: CommandLine) -> None:
    fresh.config.write_text(text)
    ended = answered(fresh, *ANSWERS)
    assert (ended.code, fresh.config.read_text()) == (2, text)


def test_what_is_wrong_in_the_rest_of_the_file_is_told(fresh: CommandLine) -> None:
    fresh.config.write_text("[polcy]\nreview_hours = 48\n")
    ended = answered(fresh, *ANSWERS, "y")
    assert ended.code == 1
    assert "did you mean policy?" in ended.out


def test_a_place_that_cannot_be_written(fresh: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = fresh.config.parent / "file"
    blocked.touch()
    monkeypatch.setattr("agent.cli.setup.layout", lambda *_, **__: Layout(config=blocked / "config.toml"))
    monkeypatch.setattr("agent.cli.setup._read", lambda _: "")
    ended = answered(fresh, *ANSWERS)
    assert ended.code == 2
    assert "cannot be written" in ended.err


def test_at_a_terminal_a_wrong_answer_is_asked_again(fresh: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter((*ANSWERS[:3], "sales", ANSWERS[3], "old", "older", "pw", *ANSWERS[5:]))
    hidden: list[bool] = []

    def prompt(_: str, default: str | None = None, hide_input: bool = False, **__: object) -> str:
        hidden.append(hide_input)
        return next(answers) or default or ""

    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True), argv=(".venv/bin/optoutd",))
    monkeypatch.setattr("click.prompt", prompt)
    monkeypatch.setattr("agent.cli.questions.sys", terminal)
    monkeypatch.setattr("agent.cli.setup.sys", terminal)
    monkeypatch.setattr("agent.cli.setup.look", looking(refusals=2))
    ended = fresh("setup")
    assert (ended.code, ended.err) == (0, "")
    assert hidden == [False] * 5 + [True] * 3 + [False] * 2
    assert "./run optoutd run" in ended.out
    assert (fresh.config.parent / "sales.password").read_text() == "pw\n"


def test_root_sets_up_the_service(fresh: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system = tmp_path / "etc" / "config.toml"
    monkeypatch.setattr("agent.setup.layout.SYSTEM", system)
    monkeypatch.setattr("agent.cli.setup.os.geteuid", lambda: 0)
    monkeypatch.setattr("agent.cli.setup.owner_of", lambda _: None)
    monkeypatch.delenv("OPTOUTD_CONFIG")
    monkeypatch.setattr("agent.cli.setup.UNIT", tmp_path)
    ended = answered(fresh, *ANSWERS)
    assert (ended.code, ended.err) == (0, "")
    assert load(system, {}).settings.store.directory == "/var/lib/optoutd"
    assert "sudo systemctl enable --now optoutd" in ended.out
    assert command.HEAD in system.read_text()
