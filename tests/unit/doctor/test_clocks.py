"""A wrong clock is noticed by what mail servers say in passing."""

from datetime import timedelta

import pytest

from agent.doctor import clocks
from tests.unit.doctor.conftest import NOW, lines


@pytest.mark.parametrize(
    ("greeting", "level"),
    [
        ("mx.test ESMTP Exim 4.96 Sun, 22 Nov 2026 13:00:00 +0100", "ok"),
        ("mx.test ESMTP Sendmail; Sun, 22 Nov 2026 11:30:00 +0000", "warning"),
        ("mx.test Microsoft ESMTP ready at Sat, 21 Nov 2026 11:30:00 +0000", "broken"),
    ],
)
def test_a_greeting_with_a_date(greeting: str, level: str) -> None:
    # hazard E8
    assert lines(clocks.by_greeting(greeting, NOW)) == [(level, "clock")]


@pytest.mark.parametrize("greeting", ["mx.test ESMTP Postfix", "39 Nov 2026 27:00:00 +0000"])
def test_a_greeting_without_one(greeting: str) -> None:
    assert clocks.by_greeting(greeting, NOW) == ()


def test_a_mail_out_of_the_future() -> None:
    # hazard E8
    assert clocks.by_newest_mail(None, NOW) == ()
    assert clocks.by_newest_mail(NOW - timedelta(days=9), NOW) == ()
    (found,) = clocks.by_newest_mail(NOW + timedelta(hours=3), NOW)
    assert (found.level.value, found.said) == ("warning", "this machine's clock is 3 hours behind the mailbox's")
