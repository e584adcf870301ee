"""STARTTLS: begun once, new enough, and renewed without a restart; plain mail comes in whatever happens to it."""

import asyncio
import shutil
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from agent.intake.smtp import Listener, ListenError
from agent.intake.smtp.tls import expires
from agent.model.settings import Settings
from tests.support.certificate import self_signed
from tests.unit.intake.smtp_door import PATIENCE, Door, door, settings

pytestmark = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificates of these tests")


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    certificate, key = self_signed(tmp_path)
    return settings(tls_cert=str(certificate), tls_key=str(key))


def client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def test_mail_over_tls(config: Settings) -> None:
    async with door(config) as opened, opened.peer() as peer:
        await peer.send(b"EHLO remote.test\r\n")
        lines = [await peer.line() for _ in range(5)]
        assert "250-STARTTLS" in lines
        await peer.starttls(client())
        assert (await peer.say("MAIL FROM:<a@remote.test>")).startswith("503")  # RFC 3207 section 4.2: start afresh
        await peer.send(b"EHLO remote.test\r\n")
        lines = [await peer.line() for _ in range(4)]
        assert not any("STARTTLS" in line or "AUTH" in line for line in lines)
        await peer.mail()
        assert (await peer.data()).startswith("250")
        assert (await peer.say("QUIT")).startswith("221")
        assert await peer.rest() == b""
    assert len(opened.sink.messages) == 1


async def test_second_starttls_and_auth_are_refused(config: Settings) -> None:
    async with door(config) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.starttls(client())
        await peer.say("EHLO remote.test")
        assert (await peer.say("STARTTLS")).startswith("503")
        assert (await peer.say("AUTH PLAIN AGEAYg==")).startswith("502")


async def test_what_is_sent_before_the_handshake_is_thrown_away(config: Settings) -> None:
    """CVE-2024-34083."""
    async with door(config) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.send(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@remote.test>\r\n")
        assert (await peer.reply()).startswith("220")
        await peer.writer.start_tls(client())
        assert (await peer.say("RCPT TO:<leave@example.com>")).startswith("503")
        await peer.say("EHLO remote.test")
        assert (await peer.say("RCPT TO:<leave@example.com>")).startswith("503")


async def test_old_tls_is_refused(config: Settings) -> None:
    old = client()
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with door(config) as opened:
        async with opened.peer() as peer:
            await peer.say("EHLO remote.test")
            assert (await peer.say("STARTTLS")).startswith("220")
            with pytest.raises(OSError):  # hazard A15
                await peer.writer.start_tls(old)
        await opened.deserted()


async def test_garbage_instead_of_a_handshake_is_closed(config: Settings) -> None:
    async with door(config) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.say("STARTTLS")
        await peer.send(b"garbage garbage garbage\r\n")  # hazard A15
        await peer.rest()
        await opened.deserted()


@pytest.mark.parametrize("limit", ["idle_seconds", "session_seconds"])
async def test_silence_instead_of_a_handshake_is_closed(config: Settings, limit: str) -> None:
    short = settings(tls_cert=config.smtp.tls_cert, tls_key=config.smtp.tls_key, **{limit: 1})
    async with door(short) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.say("STARTTLS")
        assert await peer.rest() == b""  # hazard A15
        await opened.deserted()


async def test_stop_in_a_handshake(config: Settings) -> None:
    async with door(config) as opened, opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.say("STARTTLS")


async def test_peer_that_leaves_in_a_handshake(config: Settings) -> None:
    async with door(config) as opened:
        for leave in ("reset", "end"):
            async with opened.peer() as peer:
                await peer.say("EHLO remote.test")
                await peer.say("STARTTLS")
                if leave == "end":
                    peer.writer.write_eof()
                    await peer.rest()
            await opened.deserted()


async def _certificate(opened: Door) -> bytes:
    async with opened.peer() as peer:
        await peer.say("EHLO remote.test")
        await peer.starttls(client())
        found = peer.writer.get_extra_info("ssl_object")
        assert isinstance(found, ssl.SSLObject | ssl.SSLSocket)
        octets = found.getpeercert(binary_form=True)
        assert octets
        return octets


async def test_certificate_is_renewed_without_a_restart(config: Settings, tmp_path: Path) -> None:
    async with door(config) as opened, opened.peer() as before:
        first = await _certificate(opened)
        self_signed(tmp_path)
        assert await _certificate(opened) == first
        opened.listener.reload()
        second = await _certificate(opened)  # hazard A16
        assert second != first
        shutil.copy(config.smtp.tls_key, config.smtp.tls_cert)  # no certificate at all
        opened.listener.reload()
        assert await _certificate(opened) == second
        await before.begin()
        assert (await before.data()).startswith("250")


async def test_key_of_another_certificate_does_not_replace_one_that_works(config: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    _, key = self_signed(other)
    async with door(config) as opened:
        first = await _certificate(opened)
        shutil.copy(key, config.smtp.tls_key)
        opened.listener.reload()
        assert await _certificate(opened) == first  # hazard A16


async def test_certificate_that_cannot_be_read_is_said_at_the_start() -> None:
    with pytest.raises(BaseExceptionGroup) as caught:
        async with asyncio.timeout(PATIENCE), door(settings(tls_cert="/nowhere/cert.pem")):
            raise AssertionError
    assert caught.group_contains(ListenError, match="smtp.tls_cert, smtp.tls_key: /nowhere/cert.pem cannot be used")


@pytest.mark.parametrize(("days", "warned"), [(15, False), (13, True), (-1, True)])
async def test_a_certificate_that_ends_soon_is_said(
    config: Settings, days: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    end = expires(config.smtp.tls_cert)
    listener = Listener(config, None, free_bytes=None, now=lambda: end - timedelta(days=days))
    assert ("certificate_expires" in caplog.messages) is warned  # hazard A15
    caplog.clear()
    listener.reload()
    assert ("certificate_expires" in caplog.messages) is warned


async def test_plain_mail_comes_in_although_tls_is_there(config: Settings) -> None:
    async with door(config) as opened, opened.peer() as peer:
        await peer.begin()
        assert (await peer.data()).startswith("250")  # hazard A15
    assert len(opened.sink.messages) == 1
