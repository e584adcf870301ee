"""When a mail was written, the usual form and all others alike; and whether it answers another."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from agent.mail.thread import answers, repeats_subject, written_at
from agent.model.mail import Headers
from tests.unit.mail.build import MARKERS, plain
from tests.unit.mail.build import read as read_mail


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


@pytest.mark.parametrize(
    "subject",
    [
        "Re: Offer", "RE:Offer", " re : Offer", "Re[2]: Offer", "Re [12] : Offer", "Fwd: Offer", "AW: Angebot",
        "SV: Tilbud", "Odp: Oferta", "RV: Oferta", "RES: Oferta", "YNT: Teklif", "Ответ: Предложение",
        "回复：报价", "答复: 报价", "轉寄：報價", "返信: 見積", "תגובה: הצעה",
    ],
)  # fmt: skip
def test_what_a_mail_program_puts_before_a_subject(subject: str) -> None:
    assert repeats_subject(subject, MARKERS.subject_prefixes)


@pytest.mark.parametrize(
    "subject", ["", "Offer", "Remove: me", "Re", "Unsubscribe:", "STOP: Re: Offer", "Question re: offer", ":", "[1]:"]
)
def test_a_subject_that_a_person_wrote(subject: str) -> None:
    assert not repeats_subject(subject, MARKERS.subject_prefixes)


def test_without_the_words_of_a_language_nothing_is_repeated() -> None:
    assert not repeats_subject("Re: Offer", frozenset())


def test_a_mail_answers_by_its_headers_or_by_its_subject() -> None:
    asked = plain("Yes").replace(b"Subject: Re: Offer", b"Subject: Offer")
    assert answers(read_mail(plain("Yes")))
    assert not answers(read_mail(asked))
    assert answers(read_mail(b"In-Reply-To: <1@exporter.example>\n" + asked))
    assert answers(read_mail(b"References: <1@exporter.example>\n" + asked))
