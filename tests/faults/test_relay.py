"""Every way a relay can fail, told apart: before the final dot it is known, after it only an answer says."""

import shutil
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agent.effects.relay import Answer, Parcel, Verdict, deliver, tls_context
from agent.model.settings import RelaySettings, TlsMode
from tests.support.certificate import self_signed
from tests.support.fake_relay import Deed, FakeRelay
from tests.support.jumping_time import JumpingTime

PARCEL = Parcel(
    sender="bounce@ours.example",
    recipient="anna@example.com",
    message=b"Subject: Hello\r\n\r\n.a line with a dot\r\n.\r\nend\r\n",
    helo="ours.example",
)
PLAIN = RelaySettings(host="127.0.0.1", tls=TlsMode.NONE)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: the TLS tests have no certificate")
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def anchor(certificate: tuple[Path, Path]) -> str:
    return str(certificate[0])


async def marks_nothing() -> None:
    pass


async def send(
    relay: FakeRelay,
    settings: RelaySettings = PLAIN,
    parcel: Parcel = PARCEL,
    hand_over: Callable[[], Awaitable[None]] = marks_nothing,
) -> Answer:
    settings = replace(settings, port=relay.port)
    return await deliver(settings, tls_context(settings), parcel, hand_over)


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with FakeRelay() as relay:
        answer = await send(relay)
    assert answer == Answer(verdict=Verdict.TAKEN, said="250 2.0.0 queued as FAKE1")
    (mail,) = relay.mails
    assert mail.content == PARCEL.message
    assert mail.sender == "MAIL FROM:<bounce@ours.example>"
    assert mail.recipient == "RCPT TO:<anna@example.com>"
    assert relay.commands[0] == "EHLO ours.example"
    assert "STARTTLS" not in relay.verbs


async def test_the_null_return_path() -> None:
    async with FakeRelay() as relay:
        await send(relay, parcel=replace(PARCEL, sender=""))
    assert relay.mails[0].sender == "MAIL FROM:<>"


async def test_the_mark_is_set_between_go_ahead_and_content() -> None:  # hazard G1
    seen: list[tuple[str, int]] = []
    async with FakeRelay() as relay:

        async def mark() -> None:
            seen.append((relay.verbs[-1], len(relay.offered)))

        await send(relay, hand_over=mark)
    assert seen == [("DATA", 0)]


async def test_without_the_mark_nothing_is_sent() -> None:  # hazard G1
    async def broken() -> None:
        raise RuntimeError("no disk")

    async with FakeRelay() as relay:
        with pytest.raises(RuntimeError, match="no disk"):
            await send(relay, hand_over=broken)
    assert relay.offered == []


@pytest.mark.parametrize(
    ("verb", "reply", "verdict"),
    [
        ("CONNECT", "421 4.3.2 too busy", Verdict.LATER),
        ("CONNECT", "554 5.7.1 your network is blocked", Verdict.OURS),
        ("EHLO", "550 5.7.1 who are you", Verdict.OURS),
        ("MAIL", "451 4.3.0 try again", Verdict.LATER),
        ("MAIL", "530 5.7.0 authentication required", Verdict.OURS),
        ("MAIL", "553 5.7.1 sender address rejected: not owned by user", Verdict.OURS),
        ("RCPT", "450 4.2.0 greylisted", Verdict.LATER),
        ("RCPT", "550 5.1.1 user unknown", Verdict.REFUSED),
        ("RCPT", "530 5.7.0 authentication required", Verdict.OURS),
        ("DATA", "451 4.3.0 try again", Verdict.LATER),
        ("DATA", "554 5.6.0 no", Verdict.REFUSED),
        (".", "452 4.2.2 mailbox full", Verdict.LATER),
        (".", "554 5.7.1 looks like spam", Verdict.REFUSED),
        (".", "no reply at all", Verdict.UNKNOWN),
        ("MAIL", "no reply at all", Verdict.LATER),
    ],
)
async def test_what_a_reply_means(verb: str, reply: str, verdict: Verdict) -> None:  # hazard G4
    script = {verb: reply, "HELO": reply} if verb == "EHLO" else {verb: reply}
    async with FakeRelay(script=script) as relay:
        answer = await send(relay)
    assert answer.verdict is verdict
    assert relay.mails == []


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("deed", [Deed.DROP, Deed.SILENT])
async def test_before_the_dot_it_is_tried_again(verb: str, deed: Deed) -> None:  # hazard G2
    time = JumpingTime()
    async with FakeRelay(script={verb: deed}, on_silence=lambda: time.jump(PLAIN.seconds)) as relay:
        answer = await send(relay)
    assert answer.verdict is Verdict.LATER
    assert answer.said
    assert relay.offered == []


@pytest.mark.parametrize("deed", [Deed.DROP, Deed.SILENT])
async def test_after_the_dot_nobody_knows(deed: Deed) -> None:  # hazard G2
    time = JumpingTime()
    async with FakeRelay(script={".": deed}, on_silence=lambda: time.jump(PLAIN.seconds)) as relay:
        answer = await send(relay)
    assert answer.verdict is Verdict.UNKNOWN
    assert len(relay.offered) == 1


async def test_a_tarpit_is_left() -> None:  # hazard G9
    time = JumpingTime()
    slow = PLAIN.seconds / 3  # each command stays within the library's own limit, all together do not
    async with FakeRelay(before_reply=lambda _: time.jump(slow)) as relay:
        answer = await send(relay)
    assert answer.verdict is Verdict.LATER
    assert "DATA" not in relay.verbs


async def test_a_relay_that_is_silent_at_quit_changes_nothing() -> None:
    async with FakeRelay(script={"QUIT": Deed.SILENT}) as relay:
        assert (await send(relay)).verdict is Verdict.TAKEN


async def test_nobody_listens() -> None:
    async with FakeRelay() as relay:
        pass
    answer = await send(relay)
    assert answer.verdict is Verdict.LATER


LOGIN = replace(PLAIN, user="letters@ours.example", password="canary-password")


@pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.IMPLICIT])
async def test_login_over_verified_tls(server_tls: ssl.SSLContext, anchor: str, mode: TlsMode) -> None:  # hazard G7
    settings = replace(LOGIN, tls=mode, ca_file=anchor)
    async with FakeRelay(tls=server_tls, implicit=mode is TlsMode.IMPLICIT) as relay:
        answer = await send(relay, settings)
    assert answer.verdict is Verdict.TAKEN
    expected = ["EHLO", "STARTTLS"] if mode is TlsMode.STARTTLS else []
    assert relay.verbs[: len(expected) + 2] == [*expected, "EHLO", "AUTH"]


@pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.IMPLICIT])
async def test_an_unknown_certificate_gets_no_password(server_tls: ssl.SSLContext, mode: TlsMode) -> None:  # hazard G7
    async with FakeRelay(tls=server_tls, implicit=mode is TlsMode.IMPLICIT) as relay:
        answer = await send(relay, replace(LOGIN, tls=mode))
    assert answer.verdict is Verdict.OURS
    assert "certificate" in answer.said.lower()
    assert "AUTH" not in relay.verbs


async def test_another_hosts_certificate_gets_no_password(tmp_path: Path) -> None:  # hazard G7
    certificate, key = self_signed(tmp_path, "other.example")  # trusted, but not whom we call
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with FakeRelay(tls=context) as relay:
        answer = await send(relay, replace(LOGIN, host="localhost", tls=TlsMode.STARTTLS, ca_file=str(certificate)))
    assert answer.verdict is Verdict.OURS
    assert "localhost" in answer.said
    assert "AUTH" not in relay.verbs


async def test_a_relay_without_starttls_gets_no_password() -> None:  # hazard G7
    async with FakeRelay(extensions=("AUTH PLAIN LOGIN",)) as relay:
        answer = await send(relay, replace(LOGIN, tls=TlsMode.STARTTLS))
    assert answer.verdict is Verdict.OURS
    assert "STARTTLS" in answer.said
    assert relay.verbs[0] == "EHLO"
    assert not {"AUTH", "MAIL"} & set(relay.verbs)


@pytest.mark.parametrize("reply", ["454 4.7.0 tls not available", "502 5.5.1 no"])
async def test_a_relay_that_refuses_starttls_gets_no_password(reply: str) -> None:  # hazard G7
    async with FakeRelay(script={"STARTTLS": reply}) as relay:
        answer = await send(relay, replace(LOGIN, tls=TlsMode.STARTTLS))
    assert answer.verdict is (Verdict.LATER if reply.startswith("4") else Verdict.OURS)
    assert not {"AUTH", "MAIL"} & set(relay.verbs)


async def test_no_password_in_clear_beyond_loopback() -> None:  # hazard G7
    async def never() -> None:
        raise AssertionError

    answer = await deliver(replace(LOGIN, host="relay.example", tls=TlsMode.NONE), None, PARCEL, never)
    assert answer.verdict is Verdict.OURS
    assert "canary" not in answer.said


async def test_a_password_may_go_over_loopback() -> None:
    async with FakeRelay() as relay:
        answer = await send(relay, LOGIN)
    assert answer.verdict is Verdict.TAKEN
    assert "AUTH" in relay.verbs


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("535 5.7.8 bad credentials", Verdict.OURS),
        ("534 5.7.9 application password required", Verdict.OURS),
        ("454 4.7.0 temporary failure", Verdict.LATER),
    ],
)
async def test_a_refused_login(reply: str, verdict: Verdict) -> None:  # hazard G4
    async with FakeRelay(script={"AUTH": reply}) as relay:
        answer = await send(relay, LOGIN)
    assert answer.verdict is verdict
    assert "MAIL" not in relay.verbs


async def test_a_relay_that_knows_no_login() -> None:
    async with FakeRelay(extensions=()) as relay:
        answer = await send(relay, LOGIN)
    assert answer.verdict is Verdict.OURS


@pytest.mark.parametrize(
    "parcel",
    [
        replace(PARCEL, recipient="anna@example.com>\r\nRCPT TO:<eve@example.com"),
        replace(PARCEL, sender="a@ours.example\nDATA"),
        replace(PARCEL, helo="ours.example\r\nMAIL FROM:<x@y.example>"),
        replace(PARCEL, recipient="anna\x00@example.com"),
        replace(PARCEL, recipient="анна@example.com"),
        replace(PARCEL, message=b"Subject: a\nBcc: eve@example.com\r\n\r\n"),
        replace(PARCEL, message=b"Subject: a\rBcc: eve@example.com\r\n\r\n"),
        replace(PARCEL, message=b"Subject: a\r\n\r\nno end"),
    ],
)
async def test_a_smuggled_line_never_leaves(parcel: Parcel) -> None:  # hazard G8
    async with FakeRelay() as relay:
        with pytest.raises(ValueError, match=r"plain ASCII|CRLF"):
            await send(relay, parcel=parcel)
    assert relay.commands == []


async def test_what_the_relay_says_is_bounded_and_printable() -> None:
    async with FakeRelay(script={"RCPT": "550 5.1.1 \x1b[2J\udcff" + "x" * 5000}) as relay:
        answer = await send(relay)
    assert answer.said.isprintable()
    assert len(answer.said) <= 200
