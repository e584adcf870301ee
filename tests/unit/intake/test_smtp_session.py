"""One conversation: what is taken, what is refused, and that no mail is ever lost or split by it."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from agent.intake.smtp import recipients
from agent.intake.smtp.connection import TOO_MANY_ERRORS, TOO_MUCH_TALK
from agent.intake.smtp.data import Fault
from agent.intake.smtp.hooks import MAX_RECIPIENTS
from agent.intake.smtp.session import patience
from agent.model.mail import Purpose, Role
from agent.store.errors import StoreFull
from tests.unit.intake.smtp_door import NOW, PATIENCE, FakeSink, door, settings, token
from tests.unit.intake.test_smtp_data import ODD_ENDS


async def test_a_mail_comes_through_whole() -> None:
    raw = b"Subject: stop\r\n\r\n..dot\r\n\xff\xfe 8bit\r\n"
    async with door() as opened, opened.peer() as peer:
        assert (await peer.begin("Anna@Remote.test", token(Purpose.UNSUBSCRIBE))).startswith("354")
        assert await peer.data(raw.replace(b"..dot", b"...dot")) == "250 2.0.0 Stored as 1"
        assert (await peer.say("QUIT")).startswith("221")
        assert await peer.rest() == b""
    (message,) = opened.sink.messages
    assert message.raw == raw
    assert (message.envelope_from, message.envelope_to) == ("Anna@Remote.test", (token(Purpose.UNSUBSCRIBE),))
    assert (message.role, message.peer, message.received_at) == (Role.UNSUBSCRIBE, "127.0.0.1", NOW)


@pytest.mark.parametrize(
    ("elapsed", "received", "left"),
    [
        (0, 0, 300),
        (299, 0, 1),
        (300, 0, 0.001),  # hazard A3
        (299, 299, 1.598),  # a byte a second
        (600, 300_000, 300),  # 500 octets a second
        (1_000, 10**9, 300),
    ],
)
def test_patience_with_a_mail_on_its_way(elapsed: float, received: int, left: float) -> None:
    assert patience(300, elapsed, received) == pytest.approx(left)


async def test_null_sender_is_empty() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.begin("", token(Purpose.BOUNCE))  # hazard A13
        assert (await peer.data()).startswith("250")
    assert opened.sink.messages[0].envelope_from == ""
    assert opened.sink.messages[0].role is Role.BOUNCE


async def test_several_mails_in_one_session_share_nothing() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.begin("a@remote.test", "leave@example.com", "sales@example.com", "leave@example.com")
        await peer.data(b"1\r\n")
        await peer.mail("", "bounces@example.com")
        await peer.data(b"2\r\n")
    one, two = opened.sink.messages
    assert (one.envelope_to, one.role, one.raw) == (("leave@example.com", "sales@example.com"), None, b"1\r\n")
    assert (two.envelope_to, two.role, two.raw) == (("bounces@example.com",), Role.BOUNCE, b"2\r\n")


async def test_ehlo_offers_what_there_is() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.send(b"EHLO remote.test\r\n")
        lines = [await peer.line() for _ in range(4)]
    assert lines == ["250-mx.example.com", "250-SIZE 1000000", "250-8BITMIME", "250 HELP"]  # hazard A14


async def test_pipelined_mails_and_commands_after_the_dot() -> None:
    """RFC 2920 section 3.1: what follows the dot in one packet is the next commands."""
    mail = b"MAIL FROM:<a@remote.test>\r\nRCPT TO:<leave@example.com>\r\nDATA\r\nX: %d\r\n.\r\n"
    async with door() as opened, opened.peer() as peer:
        await peer.send(b"EHLO remote.test\r\n" + mail % 1 + mail % 2 + b"QUIT\r\n")
        said = (await peer.rest()).decode()
    assert [message.raw for message in opened.sink.messages] == [b"X: 1\r\n", b"X: 2\r\n"]
    assert "Stored as 2" in said
    assert said.endswith("221 Bye\r\n")


@pytest.mark.parametrize("odd", ODD_ENDS)
async def test_no_second_mail_is_smuggled_in(odd: bytes) -> None:
    second = b"MAIL FROM:<evil@remote.test>\r\nRCPT TO:<leave@example.com>\r\nDATA\r\nEvil: 1\r\n"
    async with door() as opened, opened.peer() as peer:
        await peer.begin()
        assert await peer.data(b"A: b\r\n\r\ntext" + odd + second) == Fault.BARE.value  # hazard A1
        assert (await peer.say("NOOP")).startswith("250")
    assert opened.sink.messages == []


async def test_bare_cr_is_refused_and_the_session_goes_on() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.begin()
        assert await peer.data(b"X: y\rFrom: victim@bank.test\r\n\r\n") == Fault.BARE.value  # hazard A2
        await peer.mail()
        assert (await peer.data()).startswith("250")
    assert len(opened.sink.messages) == 1


async def test_long_lines_are_taken() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.begin()
        assert (await peer.data(b"a" * 60_000 + b"\r\n")).startswith("250")
        await peer.mail()
        assert await peer.data(b"a" * 70_000 + b"\r\n") == Fault.LONG_LINE.value
    assert len(opened.sink.messages) == 1


async def test_too_big_is_said_at_mail_and_at_the_dot() -> None:
    async with door(settings(message_bytes=10_000)) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        assert (await peer.say("MAIL FROM:<a@remote.test> SIZE=10001")).startswith("552")  # hazard A6
        await peer.mail()
        assert await peer.data(b"a" * 98 + b"\r\n" + b"b\r\n" * 3400) == Fault.TOO_BIG.value
        await peer.mail()
        assert (await peer.data()).startswith("250")
    assert len(opened.sink.messages) == 1


async def test_too_much_mail_at_once_is_for_later() -> None:
    """Eight full-sized mails may be on their way; what is above is deferred, and memory stays bounded."""
    sink = FakeSink()
    sink.go_on.clear()
    async with door(settings(message_bytes=10_000), sink) as opened, opened.peer() as peer:
        async with asyncio.TaskGroup() as tasks:

            async def fill() -> None:
                async with opened.peer() as other:
                    await other.begin()
                    assert (await other.data(b"a" * 9_900 + b"\r\n")).startswith("250")

            waiting = [tasks.create_task(fill()) for _ in range(8)]
            async with asyncio.timeout(PATIENCE):
                for _ in waiting:
                    await sink.arrivals.get()
            await peer.begin()
            assert await peer.data(b"a\r\n" * 1000) == Fault.CROWDED.value
            sink.go_on.set()
        await peer.mail()
        assert (await peer.data()).startswith("250")
    assert len(sink.messages) == 9


async def test_many_header_lines_are_stored_and_never_deferred() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.begin()
        assert (await peer.data(b"A: b\r\n" * 100_000 + b"\r\n")).startswith("250")  # hazard A7
    assert len(opened.sink.messages[0].raw) == 600_002


async def test_relay_is_refused_on_the_wire() -> None:
    async with door(settings(errors=100)) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.say("MAIL FROM:<a@remote.test>")
        for trick in ("<victim@remote.test>", "<victim%remote.test@example.com>", '<"victim@remote.test"@example.com>'):
            assert await peer.say(f"RCPT TO:{trick}") == recipients.FOREIGN  # hazard A10
        for trick in (
            "<@example.com:victim@remote.test>",
            "victim@remote.test",
            "<victim@remote.test",
            "<a b@example.com>",
        ):
            assert (await peer.say(f"RCPT TO:{trick}")).startswith(("553", "421"))
            if trick.startswith("<victim"):
                break
        assert (await peer.say("DATA")).startswith(("503", "421"))


async def test_guessing_recipients_ends_the_session() -> None:
    async with door(settings(errors=100)) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.say("MAIL FROM:<a@remote.test>")
        replies = [await peer.say(f"RCPT TO:<user{number}@example.com>") for number in range(6)]
        assert [reply[:3] for reply in replies] == ["550"] * 5 + ["421"]  # hazard A11
        assert await peer.rest() == b""


async def test_a_hundred_recipients_then_later() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.say("MAIL FROM:<a@remote.test>")
        for number in range(MAX_RECIPIENTS):
            assert (await peer.say(f"RCPT TO:<{token(Purpose.BOUNCE, number)}>")).startswith("250")
        assert (await peer.say("RCPT TO:<leave@example.com>")).startswith("452 4.5.3")
        await peer.say("DATA")
        assert (await peer.data()).startswith("250")
    assert len(opened.sink.messages[0].envelope_to) == MAX_RECIPIENTS


async def test_callout_probe_is_answered() -> None:
    """P53: gateways ask whether our return path takes mail, from the null sender, and then leave."""
    async with door() as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.say("MAIL FROM:<>")
        assert await peer.say(f"RCPT TO:<{token(Purpose.BOUNCE)}>") == recipients.OK
        assert (await peer.say("RSET")).startswith("250")
        assert (await peer.say("DATA")).startswith("503")


@pytest.mark.parametrize("free", [1_499_999, 199_999_999])
async def test_little_disk_defers_at_mail(free: int) -> None:
    async with door(free_bytes=lambda: free) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        assert (await peer.say("MAIL FROM:<a@remote.test>")).startswith("452 4.3.1")  # hazard A17
        assert (await peer.say("RCPT TO:<leave@example.com>")).startswith("503")


async def test_full_store_defers_at_the_dot() -> None:
    sink = FakeSink(error=StoreFull("disk"))
    async with door(sink=sink) as opened, opened.peer() as peer:
        await peer.begin()
        assert (await peer.data()).startswith("452 4.3.1")  # hazard A17
        sink.error = None
        await peer.mail()
        assert (await peer.data()).startswith("250")


async def test_busy_store_defers() -> None:
    sink = FakeSink()
    sink.go_on.clear()
    async with door(settings(busy_seconds=1), sink) as opened, opened.peer() as peer:
        await peer.begin()
        assert (await peer.data()).startswith("451 4.3.0")  # hazard A22
        sink.go_on.set()


def _raise() -> int:
    raise RuntimeError("secret path /etc/x\r\n250 injected")


async def test_bug_at_mail_is_temporary(caplog: pytest.LogCaptureFixture) -> None:
    async with door(free_bytes=_raise) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        reply = await peer.say("MAIL FROM:<a@remote.test>")
        assert reply.startswith("451 4.3.0 Local trouble")  # hazard A21
        assert "secret" not in reply
        assert (await peer.say("NOOP")).startswith("250")
    assert any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("hook", ["handle_EHLO", "handle_MAIL", "handle_RCPT"])
async def test_bug_at_any_hook_is_temporary(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> str:
        raise RuntimeError("geheim\r\n250 injected")

    if hook == "handle_EHLO":

        async def broken_ehlo(
            self: object, server: object, session: object, envelope: object, name: str, said: object
        ) -> str:
            raise RuntimeError("geheim\r\n250 injected")

        monkeypatch.setattr(f"agent.intake.smtp.hooks.Hooks.{hook}", broken_ehlo)
    else:
        monkeypatch.setattr(f"agent.intake.smtp.hooks.Hooks.{hook}", broken)
    async with door() as opened, opened.peer() as peer:
        replies = []
        for command in ("EHLO remote.test", "MAIL FROM:<a@remote.test>", "RCPT TO:<leave@example.com>"):
            await peer.send(command.encode() + b"\r\n")
            while True:
                line = await peer.line()
                replies.append(line)
                if line[3:4] != "-":
                    break
            if replies[-1].startswith("451"):
                break
        assert replies[-1].startswith("451 4.3.0 Local trouble")  # hazard A21
        assert not any("geheim" in line or "injected" in line for line in replies)


async def test_bug_in_the_store_is_temporary() -> None:
    sink = FakeSink(error=RuntimeError("secret\r\n250 injected"))
    async with door(sink=sink) as opened, opened.peer() as peer:
        await peer.begin()
        assert (await peer.data()).startswith("451 4.3.0 Local trouble")  # hazard A21
        assert (await peer.say("NOOP")).startswith("250")
        sink.error = None
        await peer.mail()
        assert (await peer.data()).startswith("250")


async def test_peer_that_drops_does_not_stop_the_store(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    sink = FakeSink()
    sink.go_on.clear()
    async with door(sink=sink) as opened:
        async with opened.peer() as peer:
            await peer.begin()
            await peer.send(b"Subject: stop\r\n\r\n.\r\n")
            async with asyncio.timeout(PATIENCE):
                await sink.arrivals.get()
        await opened.deserted()
        assert sink.messages == []
        sink.go_on.set()
        async with asyncio.timeout(PATIENCE):
            await sink.stored.wait()
    assert len(sink.messages) == 1  # hazard A20
    assert [r.getMessage() for r in caplog.records if r.name == "optoutd.smtp"] == ["broken_off"]


async def test_peer_that_drops_in_data_leaves_nothing() -> None:
    async with door() as opened:
        async with opened.peer() as peer:
            await peer.begin()
            await peer.send(b"Subject: stop\r\n\r\nhalf a mail\r\n")
        await opened.deserted()
    assert opened.sink.messages == []


async def test_half_closed_peer_leaves_nothing_unfinished() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.begin()
        await peer.send(b"Subject: stop\r\n\r\nhalf a mail\r\n")
        peer.writer.write_eof()
        assert await peer.rest() == b""
    assert opened.sink.messages == []


@pytest.mark.parametrize(
    "make",
    [
        lambda number: "",
        lambda number: "JUNK",
        lambda number: "MAIL",
        lambda number: "RCPT TO:<a@b>",
        lambda number: "\x00\x01\x02",
        lambda number: "caf\u00e9",
        lambda number: "NOOP " + "x" * 600,
    ],
)
async def test_eight_errors_end_the_session(make: Callable[[int], str]) -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.send("".join(make(number) + "\r\n" for number in range(100)).encode())  # hazard A9
        lines = (await peer.rest()).decode().splitlines()
    assert len(lines) <= 8
    assert lines[-1] in (TOO_MANY_ERRORS, "502 5.5.1 Too many unrecognized commands, goodbye.")


@pytest.mark.parametrize("command", ["NOOP", "RSET", "VRFY a", "HELP", "EHLO x", "HELO x"])
async def test_talk_without_a_mail_ends_the_session(command: str) -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.send(f"{command}\r\n".encode() * 1000)  # hazard A9
        said = (await peer.rest()).decode().splitlines()
    assert said[-1] == TOO_MUCH_TALK
    assert len(said) <= 260


async def test_nothing_is_done_after_421() -> None:
    mail = b"EHLO x\r\nMAIL FROM:<a@remote.test>\r\nRCPT TO:<leave@example.com>\r\nDATA\r\nX: 1\r\n.\r\n"
    async with door(settings(errors=1)) as opened, opened.peer() as peer:
        await peer.send(b"JUNK\r\n" + mail)
        assert await peer.rest() == TOO_MANY_ERRORS.encode() + b"\r\n"
    assert opened.sink.messages == []


async def test_replies_hold_no_control_characters() -> None:
    async with door(settings(errors=100)) as opened, opened.peer() as peer:
        for evil in ("X\x1b[31m\x07", "JUNK\r250 injected", "VRFY a\x00b\x7f", "EHLO a\x1bb", "HELP \x1b[2J"):
            await peer.send(evil.encode() + b"\r\n")  # hazard A26
            while True:
                line = await peer.line()
                assert line.isprintable()
                assert not line.startswith("250 injected")
                if line[3:4] != "-":
                    break


async def test_log_lines_hold_no_control_characters(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with door(settings(errors=100)) as opened, opened.peer() as peer:
        await peer.say("EHLO a\x1b[31m")
        for evil in ("MAIL FROM:<a\x1b@remote.test>", "MAIL FROM:<a\u202e@remote.test>"):
            assert (await peer.say(evil))[0] == "5"  # hazard A26
        await peer.mail()
        assert (await peer.data()).startswith("250")
    assert all(record.getMessage().isprintable() for record in caplog.records if record.name == "optoutd.smtp")


async def test_aiosmtpd_writes_no_addresses(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with door() as opened, opened.peer() as peer:
        await peer.begin("anna@remote.test")
        await peer.data()
    assert "anna" not in caplog.text


async def test_command_limits_are_each_sessions_own() -> None:
    async with door(settings(errors=100)) as opened, opened.peer() as peer:
        for _ in range(30):
            await peer.say("EHLO remote.test")
        async with opened.peer():
            assert (await peer.say("MAIL FROM:<" + "a" * 600 + "@remote.test>")).startswith("500")
            assert (await peer.say("MAIL FROM:<" + "a" * 495 + "@remote.test>")).startswith("250")


async def test_proxy_header_is_an_error_and_changes_no_peer() -> None:
    async with door() as opened, opened.peer() as peer:
        assert (await peer.say("PROXY TCP4 192.0.2.1 192.0.2.2 1 25")).startswith("500")  # hazard A25
        await peer.begin()
        await peer.data()
    assert opened.sink.messages[0].peer == "127.0.0.1"


@pytest.mark.parametrize("verb", ["GET / HTTP/1.1", "POST / HTTP/1.1", "PUT /x HTTP/1.0", "CONNECT a:1 HTTP/1.1"])
async def test_http_is_sent_away(verb: str) -> None:
    mail = b"EHLO x\r\nMAIL FROM:<a@remote.test>\r\nRCPT TO:<leave@example.com>\r\nDATA\r\nX: 1\r\n.\r\n"
    async with door() as opened, opened.peer() as peer:
        await peer.send(verb.encode() + b"\r\nHost: mx.example.com\r\n\r\n" + mail)  # hazard A24
        assert (await peer.rest()).startswith(b"554")
    assert opened.sink.messages == []


@pytest.mark.parametrize(
    "argument",
    [
        "FROM:<",
        "FROM:<a@b",
        "FROM:a@b>",
        "FROM:<a@@b>",
        "FROM:<@b>",
        "FROM:<a@b>x",
        "FROM:<a@b><c@d>",
        "FROM:<(c)a@b>",
        'FROM:<"a@b>',
        'FROM:<"a\\"@b>',
        "FROM:<a@[>",
        "FROM:<[]>",
        "FROM:<;>",
        "FROM:<a@b;c>",
        "FROM:<=?utf-8?q?a?=@b c>",
        "FROM:",
        "FROM",
        "",
        "TO:<a@b>",
    ],
)
async def test_junk_addresses_are_permanent_errors_and_no_trouble(argument: str) -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        assert (await peer.say(f"MAIL {argument}"))[:3] in ("501", "553")


@pytest.mark.parametrize(
    "parameters",
    ["AUTH=<>", "RET=HDRS ENVID=x", "REQUIRETLS", "MT-PRIORITY=3", "SMTPUTF8", "BODY=BINARYMIME", "SIZE=x"],
)
async def test_parameters_that_were_not_offered(parameters: str) -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        assert (await peer.say(f"MAIL FROM:<a@remote.test> {parameters}"))[:3] in ("501", "555")  # hazard A14


async def test_eight_bit_mail() -> None:
    async with door() as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        assert (await peer.say("MAIL FROM:<a@remote.test> BODY=8BITMIME")).startswith("250")  # hazard A14
        await peer.say("RCPT TO:<leave@example.com>")
        await peer.say("DATA")
        assert (await peer.data("Отписаться\r\n".encode())).startswith("250")
    assert opened.sink.messages[0].raw.decode() == "Отписаться\r\n"
