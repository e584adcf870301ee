"""Soft-bounce points: half a one for a mail that was given up on after temporary errors; quiet weeks clear them."""

from datetime import datetime, timedelta

from agent.model.state import Points

QUIET = timedelta(days=30)  # policy row 7: Mailman 7, Sympa 10, Discourse 30
ONE_A_DAY = timedelta(days=1)


def add(points: Points, amount: float, now: datetime) -> Points:
    """The points with one more bounce, at most one a day; what is older than the quiet time counts no more."""
    last = points.last_at
    if last is None or now - last > QUIET:
        return Points(total=amount, first_at=now, last_at=now)
    if now - last < ONE_A_DAY:
        return points
    return Points(total=points.total + amount, full=points.full, first_at=points.first_at, last_at=now)
