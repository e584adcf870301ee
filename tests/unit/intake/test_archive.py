"""Mail of an archive: its reference is its bytes, and its age is what its headers say."""

from datetime import UTC, datetime

import pytest

from agent.intake.archive import HEAD_BYTES, LONG_AGO, message_of
from agent.model.mail import Door
from agent.model.settings import Limits

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATE = b"Date: Mon, 02 Nov 2026 11:59:00 +0100\r\n"
RECEIVED = b"Received: from a.example by b.example;\r\n Tue, 3 Nov 2026 08:00:00 -0000\r\nReceived: by c; nonsense\r\n"


def test_the_same_bytes_have_the_same_reference() -> None:
    one, again, other = (message_of(raw, Limits(), NOW) for raw in (b"A: b\r\n\r\n", b"A: b\r\n\r\n", b"A: c\r\n\r\n"))
    assert one.source == again.source != other.source
    assert one.source.door is Door.FILES
    assert one.source.reference.startswith("file:")
    assert (one.envelope_from, one.envelope_to) == (None, ())


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        (RECEIVED + DATE, datetime(2026, 11, 3, 8, tzinfo=UTC)),
        (DATE, datetime(2026, 11, 2, 10, 59, tzinfo=UTC)),
        (b"Received: by c; nonsense\r\n" + DATE, datetime(2026, 11, 2, 10, 59, tzinfo=UTC)),
        (b"Date: Mon, 02 Nov 2099 11:59:00 +0100\r\n", NOW),
        (b"Date: 99999999999999999999\r\n", LONG_AGO),
        (b"Subject: no date at all\r\n", LONG_AGO),
        (b"", LONG_AGO),
    ],
)
def test_its_age_is_what_the_last_server_wrote_else_its_date(head: bytes, wanted: datetime) -> None:
    assert message_of(head + b"\r\nSTOP\r\n", Limits(), NOW).received_at == wanted


def test_a_huge_mail_is_kept_by_its_head_and_told_apart_by_all_of_it() -> None:
    limits = Limits(message_bytes=HEAD_BYTES)
    one, other = (message_of(b"A: b\r\n\r\n" + b"x" * HEAD_BYTES + end, limits, NOW) for end in (b"1", b"2"))
    assert one.raw == other.raw
    assert len(one.raw) == HEAD_BYTES
    assert one.source != other.source
