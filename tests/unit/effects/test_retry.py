"""The schedule of tries: 5 minutes to 4 hours, and an end."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.effects.retry import FIRST, LONGEST, deadline, next_try
from agent.model.plan import LetterKind
from agent.model.settings import LetterSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECEIPTS = (LetterKind.ERASE_RECEIPT, LetterKind.ACCESS_RECEIPT)


def test_waits_double_up_to_four_hours() -> None:  # hazard G3
    waits = [(next_try(NOW, attempts, 0.0) - NOW).total_seconds() / 60 for attempts in range(9)]
    assert waits == [5, 5, 10, 20, 40, 80, 160, 240, 240]


@pytest.mark.parametrize("attempts", [1, 4, 8, 1000])
def test_chance_spreads_by_up_to_a_quarter(attempts: int) -> None:  # hazard G3
    base, most = next_try(NOW, attempts, 0.0), next_try(NOW, attempts, 1.0)
    assert NOW + FIRST <= base <= NOW + LONGEST
    assert most - NOW == (base - NOW) * 1.25
    assert base < next_try(NOW, attempts, 0.5) < most


@pytest.mark.parametrize("kind", LetterKind)
def test_courtesy_ends_after_a_day_and_receipts_after_five(kind: LetterKind) -> None:  # hazard G6
    hours = 120 if kind in RECEIPTS else 24
    assert deadline(kind, NOW, LetterSettings()) == NOW + timedelta(hours=hours)


def test_no_letter_outlives_the_queue() -> None:
    settings = LetterSettings(max_age_hours=100, retry_days=1)
    assert {deadline(kind, NOW, settings) for kind in LetterKind} == {NOW + timedelta(days=1)}
