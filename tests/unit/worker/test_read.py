"""A mail becomes the same Reading in process and through the pipe, with every field filled."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.model.address import AddressKey
from agent.model.mail import Door, RawMessage, Role, Source
from agent.model.settings import Addresses, Identity, Settings
from agent.model.signal import OptOut
from agent.trust.tokens import new_key_line
from agent.worker.kit import load_kit
from agent.worker.read import ReadingKit, read
from agent.worker.reader import Reader, ReaderDown

SETTINGS = Settings(
    identity=Identity(
        company="Example Exports", postal_address="1 Harbour Road", contact="a@example.com", domains=("example.com",)
    ),
    addresses=Addresses(unsubscribe=("leave@example.com",)),
)
HEAD = (
    "From: Bob <bob@buyer.test>\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <one@buyer.test>\r\n"
    "Date: Sat, 31 Jan 2026 18:00:00 +0800\r\n{more}\r\n"
)


@pytest.fixture(scope="module")
def kit() -> ReadingKit:
    return load_kit(SETTINGS)


def mail(body: str, *, to: str = "sales@example.com", subject: str = "Re: offer", more: str = "") -> RawMessage:
    return RawMessage(
        source=Source(door=Door.FILES, reference="files:one"),
        envelope_from=None,
        envelope_to=(),
        peer="",
        raw=(HEAD.format(to=to, subject=subject, more=more) + body).encode(),
        received_at=datetime(2026, 2, 1, tzinfo=UTC),
    )


def test_every_field_is_filled(kit: ReadingKit) -> None:
    reading = read(mail("\r\n", to="leave@example.com", more="References: <a@example.com> <b@example.com>\r\n"), kit)
    assert reading.kind == "unsubscribe"
    assert isinstance(reading.signals[0], OptOut)
    assert reading.role is Role.UNSUBSCRIBE
    assert reading.sender == AddressKey(local="bob", domain="buyer.test")
    assert reading.message_id == "<one@buyer.test>"
    assert reading.written_at == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert reading.references == "<a@example.com> <b@example.com>"
    assert len(reading.content_key) == 64
    assert (reading.automatic, reading.defects) == (False, ())


def test_an_automatic_mail_says_so(kit: ReadingKit) -> None:
    assert read(mail("Away until Monday.\r\n", more="Auto-Submitted: auto-replied\r\n"), kit).automatic


def test_a_mail_that_says_nothing_is_other(kit: ReadingKit) -> None:
    message = RawMessage(
        source=Source(door=Door.FILES, reference="files:empty"), envelope_from=None, envelope_to=(), peer="", raw=b"",
        received_at=datetime(2026, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    reading = read(message, kit)
    assert (reading.kind, reading.signals, reading.written_at, reading.references) == ("other", (), None, "")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sat, 31 Jan 2026 10:00:00 -0000", datetime(2026, 1, 31, 10, tzinfo=UTC)),  # RFC 5322 section 3.3
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),  # hazard C14
        ("Sat, 99 Jan 2026 10:00:00 +0000", None),
        ("yesterday", None),
    ],
)
def test_the_date_is_read_or_unknown(date: str, expected: datetime | None, kit: ReadingKit) -> None:
    message = mail("Hello\r\n")
    raw = message.raw.replace(b"Sat, 31 Jan 2026 18:00:00 +0800", date.encode())
    assert read(replace(message, raw=raw), kit).written_at == expected


def test_long_references_keep_the_first_and_the_latest(kit: ReadingKit) -> None:
    ids = [f"<{n}@example.com>" for n in range(30)]
    reading = read(mail("Hello\r\n", more="References: " + "\r\n ".join(ids) + "\r\n"), kit)
    assert reading.references.split() == ids[:1] + ids[-9:]


def test_without_references_the_parent_is_what_it_answers(kit: ReadingKit) -> None:
    assert read(mail("Hello\r\n", more="In-Reply-To: <a@example.com>\r\n"), kit).references == "<a@example.com>"


async def test_the_process_reads_as_we_do(kit: ReadingKit) -> None:
    reader = Reader(SETTINGS, new_key_line("a", bytes(32)))
    messages = [mail("Please unsubscribe me.\r\n"), mail("Thanks, please send a quote.\r\n")]
    assert [await reader.read(message) for message in messages] == [read(message, kit) for message in messages]
    assert resident_megabytes(reader) <= 120
    await reader.stop()


def resident_megabytes(reader: Reader) -> int:
    assert reader._child
    assert reader._child._transport
    status = Path(f"/proc/{reader._child._transport.get_pid()}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


async def test_a_wrong_key_ring_says_so_before_any_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.worker.reader.START_PAUSES", (0,))
    reader = Reader(SETTINGS, "not a key ring")
    with pytest.raises(ReaderDown, match=r"the reader does not start: ValueError at tokens\.py"):
        await reader.start()


def test_the_side_of_the_daemon_loads_no_rules() -> None:
    code = (
        "import sys, agent.worker.reader; print(*(n for n in sys.modules if n in ('re2', 'agent.rules', 'agent.mail')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
