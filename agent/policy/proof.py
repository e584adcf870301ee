"""What proves a bounce, and the breaker that stands between a flood of bounces and the list."""

from datetime import timedelta

from agent.model.signal import Bounce, Strength
from agent.policy.case import CLOCK_SLACK, Case

BREAKER_B2 = (
    "Breaker B2: many addresses are suddenly reported unknown; what follows is held for a short time only. "
    "Undo it with: optoutd lift --batch {}"
)


def proven(bounce: Bounce, case: Case) -> bool:
    """E3. A token proves only while its mail is young enough and the address it was minted for is known."""
    if bounce.evidence.strength < Strength.E3:
        return False
    token, sent = bounce.evidence.token, case.situation.sent
    if token is None or sent is None:
        return token is None
    days = timedelta(days=case.settings.tokens.bounce_days)
    return case.minted_for_it(token) and case.now - sent.minted_at <= days + CLOCK_SLACK


def domain_flooded(case: Case) -> bool:
    """Breaker B2: this one included, too many and too large a share of the domain's addresses are unknown."""
    count = case.situation.domain_hard_last_day + 1
    share = case.policy.hard_domain_percent * case.situation.domain_recipients
    return count >= case.policy.hard_domain_count and count * 100 >= share


def weak_flooded(case: Case) -> bool:
    """Breaker B2 in plain mode: too many unproven hard bounces in an hour."""
    return case.situation.weak_hard_last_hour >= case.policy.weak_hard_per_hour


def flood_batch(case: Case) -> str:
    """The batch of breaker B2: one for each domain, and one for unproven bounces from everywhere."""
    return case.breaker(f"B2-{case.key.domain}" if domain_flooded(case) else "B2")
