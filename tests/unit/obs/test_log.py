"""Every log line is one JSON object, and above debug it tells nothing about a person."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door
from agent.model.settings import LogLevel
from agent.obs.log import MAX_TEXT, OURS, event, mask, setup

LOG = logging.getLogger("agent.intake.smtp")
CANARY = "anna.schmidt"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root, raising = logging.getLogger(), logging.raiseExceptions
    touched = [root, *(logging.getLogger(name) for name in OURS)]
    handlers, levels = root.handlers[:], [logger.level for logger in touched]
    yield
    root.handlers[:] = handlers
    for logger, level in zip(touched, levels, strict=True):
        logger.setLevel(level)
    logging.raiseExceptions = raising


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    lines = stream.getvalue().splitlines()
    assert all(line.isprintable() for line in lines)
    return [json.loads(line) for line in lines]


def at(level: LogLevel) -> io.StringIO:
    stream = io.StringIO()
    setup(level, stream)
    return stream


def key(text: str) -> AddressKey:
    found = parse_address(text)
    assert found is not None
    return found


def test_a_line_says_when_what_and_to_which_mail() -> None:
    stream = at(LogLevel.INFO)
    event(LOG, "accepted", inbox=12, bytes=5120, door=Door.SMTP, tls=None)
    (line,) = written(stream)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "agent.intake.smtp",
        "event": "accepted",
        "inbox": 12,
        "bytes": 5120,
        "door": "smtp",
        "tls": None,
    }


def test_a_field_never_replaces_what_the_line_is_about() -> None:
    stream = at(LogLevel.INFO)
    event(LOG, "accepted", logger="forged", time="never")
    (line,) = written(stream)
    assert line["logger"] == "agent.intake.smtp"
    assert line["time"] != "never"


@pytest.mark.parametrize(
    "text",
    [
        "anna.schmidt@example.com",
        "<anna.schmidt@example.com>",
        "to=anna.schmidt@example.com",
        "bounces+anna.schmidt=example.com@lists.example",
        '"anna.schmidt x"@example.com',
        "mailto:anna.schmidt@example.com?subject=x",
        "550 5.1.1 <anna.schmidt@example.com>: user unknown",
        "'anna.schmidt@example.com'",
        "x" * (4 * MAX_TEXT - 20) + " anna.schmidt" + "y" * 40 + "@example.com",
    ],
)
def test_addresses_are_masked_above_debug(text: str) -> None:  # hazard J3
    stream = at(LogLevel.INFO)
    event(LOG, "seen", peer=text)
    LOG.warning("seen %s", text)
    logging.getLogger("aiosmtplib").error("seen %s", text)
    assert CANARY not in stream.getvalue()
    assert len(written(stream)) == 3


def test_an_address_key_is_masked_too() -> None:  # hazard J3
    stream = at(LogLevel.INFO)
    event(LOG, "seen", to=key("anna.schmidt@example.com"))
    assert written(stream)[0]["to"] == "a***@example.com"


def test_debug_shows_addresses() -> None:
    stream = at(LogLevel.DEBUG)
    event(LOG, "seen", to=key("anna.schmidt@example.com"))
    assert written(stream)[0]["to"] == "anna.schmidt@example.com"


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("anna@example.com", "a***@example.com"),
        ("@example.com", "***@example.com"),
        ("ж@example.com", "ж***@example.com"),
        ("no address", "no address"),
    ],
)
def test_mask(address: str, masked: str) -> None:
    assert mask(address) == masked


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.DEBUG])
def test_libraries_speak_from_warning_on(level: LogLevel) -> None:  # hazard J3
    stream = at(level)
    for name in ("mail.log", "aiosmtplib", "aioimaplib.aioimaplib", "asyncio"):
        logging.getLogger(name).info("data: AUTH PLAIN c2VjcmV0")
        logging.getLogger(name).warning("slow")
    assert [line["event"] for line in written(stream)] == ["slow"] * 4


def test_level_is_obeyed() -> None:
    stream = at(LogLevel.WARNING)
    event(LOG, "accepted")
    event(LOG, "halted", level=logging.ERROR)
    assert [line["event"] for line in written(stream)] == ["halted"]


def failing(secret: str) -> None:
    kept_in_a_local = secret
    try:
        int(kept_in_a_local)
    except ValueError as error:
        raise RuntimeError(f"cannot apply {kept_in_a_local}") from error


def test_an_exception_is_its_type_and_its_place() -> None:  # hazard J4
    stream = at(LogLevel.INFO)
    try:
        failing("the-body-of-a-mail")
    except RuntimeError as error:
        event(LOG, "failed", inbox=3, level=logging.ERROR, error=error)
        LOG.exception("failed again")
        logging.getLogger("asyncio").exception(
            "Exception in callback store('the-body-of-a-mail')\nfuture: the-body-of-a-mail"
        )
    assert "the-body-of-a-mail" not in stream.getvalue()
    lines = written(stream)
    assert [line["event"] for line in lines] == ["failed", "failed again", "exception"]
    for line in lines:
        assert line["error"] == "RuntimeError from ValueError"
        assert line["at"].startswith("obs/test_log.py:")
        assert " failing < " in line["at"]


def test_debug_shows_the_traceback() -> None:
    stream = at(LogLevel.DEBUG)
    try:
        failing("seven")
    except RuntimeError as error:
        event(LOG, "failed", error=error)
    assert "cannot apply seven" in written(stream)[0]["traceback"]


@pytest.mark.parametrize("level", [LogLevel.INFO, LogLevel.DEBUG])
@pytest.mark.parametrize(
    "text",
    [
        "a\r\nb",
        'x"}\n{"event": "forged"}',
        "esc\x1b[2Jape",
        "nul\x00del\x7fcsi\x9b1m",
        "rtl\u202eexe.txt",
        "tag\U000e0041zero\u200bwidth\ufeffbom",
        "line\u2028para\u2029",
        "odd byte \udcff",
        "emoji \U0001f600 中文",
    ],
)
def test_control_and_format_characters_are_escaped(text: str, level: LogLevel) -> None:  # hazard A26
    stream = at(level)
    event(LOG, "helo", name=text)
    event(LOG, text)
    lines = written(stream)
    assert len(lines) == 2
    assert lines[0]["name"] == text.encode("utf-8", "backslashreplace").decode()
    assert "\n" not in stream.getvalue().splitlines()[0]
    assert not set(stream.getvalue()) & set("\x1b\x7f\x9b\u202e\u200b\ufeff\U000e0041\u2028\u2029\r\x00")


def test_setting_up_twice_writes_once() -> None:
    at(LogLevel.INFO)
    stream = at(LogLevel.INFO)
    event(LOG, "accepted")
    assert len(written(stream)) == 1


def test_a_broken_stream_stays_silent(capsys: pytest.CaptureFixture[str]) -> None:  # hazard J3
    stream = at(LogLevel.INFO)
    stream.close()
    event(LOG, "seen", to="anna.schmidt@example.com")
    assert capsys.readouterr().err == ""
