"""When a letter is tried again, and until when at all. Pure: time and chance are handed in."""

from datetime import datetime, timedelta
from typing import assert_never

from agent.model.plan import LetterKind
from agent.model.settings import LetterSettings

FIRST = timedelta(minutes=5)
LONGEST = timedelta(hours=4)
SPREAD = 0.25  # so that letters which failed together are not all tried again together
HALT = timedelta(hours=1)  # providers lock an account that keeps failing to log in


def next_try(now: datetime, attempts: int, chance: float) -> datetime:
    """After the n-th attempt: 5 minutes, doubling up to 4 hours; `chance` (0 to 1) adds up to a quarter."""
    doublings = min(max(attempts, 1) - 1, 10)
    return now + min(FIRST * (1 << doublings), LONGEST) * (1 + SPREAD * chance)


def deadline(kind: LetterKind, created_at: datetime, letters: LetterSettings) -> datetime:
    """When a letter is worth nothing any more. Late courtesy only puzzles; a receipt the law asks for waits longer."""
    match kind:
        case LetterKind.ERASE_RECEIPT | LetterKind.ACCESS_RECEIPT:
            return created_at + timedelta(days=letters.retry_days)
        case (
            LetterKind.OPT_OUT
            | LetterKind.OPT_OUT_UNVERIFIED
            | LetterKind.TOPIC
            | LetterKind.PAUSE
            | LetterKind.FREQUENCY
            | LetterKind.START_CONFIRM
            | LetterKind.RESUBSCRIBED
        ):
            return created_at + min(timedelta(hours=letters.max_age_hours), timedelta(days=letters.retry_days))
        case _:
            assert_never(kind)
