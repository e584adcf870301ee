"""When a mail was written: the usual form and all others are read alike."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from agent.mail.thread import written_at
from agent.model.mail import Headers


def read(date: str) -> datetime | None:
    return written_at(Headers(fields=(("Date", date),)))


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 2 Mar 2026 09:05:07 +0000",
        "Mon, 02 Mar 2026 09:05:07 +0530 (IST)",
        "2 Mar 2026 23:59:59 -1130",
        "mon, 2 mar 2026 09:05 -0330",
        "Mon, 2 Mar 26 09:05:07 EST",
        "Mon Mar  2 09:05:07 2026 +0200",
    ],
)
def test_a_date_is_read_as_the_standard_library_reads_it(date: str) -> None:
    assert read(date) == parsedate_to_datetime(date).astimezone(UTC)


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 31 Feb 2026 09:05:07 +0000", "2 Mar 2026 25:00:00 +0000"])
def test_what_is_no_date_is_none(date: str) -> None:
    assert read(date) is None


def test_an_unknown_zone_is_utc() -> None:
    assert read("Mon, 2 Mar 2026 09:05:07 -0000") == datetime(2026, 3, 2, 9, 5, 7, tzinfo=UTC)
