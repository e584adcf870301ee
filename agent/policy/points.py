"""The one counter of soft bounces (policy table 1a): at most a point a day, forgotten after quiet weeks.

Two rows count in a row beside it: failures nobody can explain, and refusals by the person's own rule.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from agent.model.settings import PolicySettings
from agent.model.state import Points

ONE_A_DAY = timedelta(days=1)


def add(points: Points, amount: float, now: datetime, policy: PolicySettings, *, full: bool = False) -> Points:
    """The points with one more bounce. Of several in a day the weightiest counts, whichever came first."""
    last = points.last_at
    if last is None or now - last > timedelta(days=policy.points_quiet_days):
        return replace(
            points, total=amount, full=amount if full else 0.0, first_at=now, last_at=now, today=amount
        )  # fmt: skip
    if now - last < ONE_A_DAY:
        more, when, today = max(0.0, amount - points.today), last, max(amount, points.today)
    else:
        more, when, today = amount, now, amount
    return replace(
        points, total=points.total + more, full=points.full + (more if full else 0.0), last_at=when, today=today
    )  # fmt: skip


def reached(points: Points, policy: PolicySettings, *, engaged: bool) -> bool:
    """Whether the points stop mail: enough of them, and spread over enough days."""
    if points.first_at is None or points.last_at is None:
        return False
    limit = policy.points_limit_engaged if engaged else policy.points_limit
    return points.total >= limit and points.last_at - points.first_at >= timedelta(days=policy.points_spread_days)


def mostly_full(points: Points) -> bool:
    """Whether a full mailbox gave most of them."""
    return points.full * 2 > points.total


def unclear(points: Points, now: datetime, policy: PolicySettings) -> Points:
    """One more failure nobody can explain, if it lies far enough from the one before (policy row 8)."""
    last = points.unclear_at
    if last is not None and now - last < timedelta(days=policy.unclear_gap_days):
        return points
    return replace(points, unclear=points.unclear + 1, unclear_at=now)


def refused(points: Points, now: datetime) -> Points:
    """One more refusal by the person's own rule, at most one a day (policy row 5)."""
    last = points.refused_at
    return points if last is not None and now - last < ONE_A_DAY else replace(
        points, refused=points.refused + 1, refused_at=now
    )  # fmt: skip
