"""The numbers of the policy: their bounds, their defaults and one line why."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal

from agent.model.setting import Positive, doc


class BounceEvidence(Enum):
    """`auto` is `plain` until the first token is minted for marketing mail, then `tokens` (POLICY.md row 1b)."""

    AUTO = "auto"
    PLAIN = "plain"
    TOKENS = "tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySettings:
    """The numbers of docs/explanation/policy.md."""

    evidence_bounce: Annotated[BounceEvidence, doc("auto, plain or tokens: what proves a bounce")] = BounceEvidence.AUTO
    list_token_scope: Annotated[Literal["all", "list"], doc("what an opt-out by a list's token stops")] = "all"
    suspect_days: Annotated[Positive, doc("how long one unproven hard bounce stops mail")] = 30
    suspect_window_days: Annotated[Positive, doc("a second one within this makes hard")] = 180
    suspect_gap_days: Annotated[Positive, doc("the second must come at least this much later")] = 3
    weak_hard_days: Annotated[Positive, doc("how long such a hard lasts")] = 180
    stranger_months: Annotated[Positive, doc("an opt-out of nobody's address is kept this long")] = 13
    bounce_max_age_days: Annotated[Positive, doc("older bounces are only counted")] = 30
    breaker_per_minute: Annotated[Positive, doc("B1: un-tokened opt-outs above this are provisional")] = 60
    breaker_hours: Annotated[Positive, doc("how long a provisional state lasts")] = 72
    hard_domain_count: Annotated[Positive, doc("B2: user-unknown addresses at one domain in a day")] = 20
    hard_domain_percent: Annotated[Positive, doc("B2: and this share of its known addresses")] = 30
    weak_hard_per_hour: Annotated[Positive, doc("B2: unproven hard bounces an hour")] = 20
    points_limit: Annotated[Positive, doc("soft-bounce points that stop mail; at most one a day")] = 5
    points_limit_engaged: Annotated[Positive, doc("the same for who has written to us before")] = 7
    points_spread_days: Annotated[Positive, doc("and the first and last must lie this far apart")] = 21
    points_quiet_days: Annotated[Positive, doc("after so long without a bounce they are forgotten")] = 30
    full_days: Annotated[Positive, doc("how long a full mailbox stops mail; then one mail probes it")] = 90
    refused_count: Annotated[Positive, doc("refusals by the person's own rule that count as an opt-out")] = 2
    unclear_count: Annotated[Positive, doc("failures in a row nobody can explain that stop mail")] = 3
    unclear_gap_days: Annotated[Positive, doc("and each must come at least this much after the one before")] = 7
    unclear_days: Annotated[Positive, doc("how long such failures stop mail")] = 90
    dead_domain_hours: Annotated[
        Positive, doc("how long a domain without DNS stops mail, and when it is asked again")
    ] = 72
    dead_domain_recheck_days: Annotated[Positive, doc("a domain still dead then is asked again this often")] = 30
    dead_domain_months: Annotated[Positive, doc("and is given up on after this")] = 6
    dns_known_name: Annotated[str, doc("a name that always exists: does our own resolver work?")] = "a.root-servers.net"
    objection_count: Annotated[Positive, doc("alert when a receiving domain objects to us this often in a day")] = 3
    objection_percent: Annotated[Positive, doc("or to more than this share of a send")] = 1
    review_hours: Annotated[Positive, doc("how long a likely opt-out is held for a person to decide")] = 24
    pause_days: Annotated[Positive, doc("a pause whose end nobody named")] = 90
    pause_reminder_days: Annotated[Positive, doc("how long before its end a pause is shown again")] = 3
    less_often_days: Annotated[Positive, doc("days between mailings for who wants fewer and names no number")] = 30
    ticket_days: Annotated[Positive, doc("the law's month for erase and access requests")] = 30
    high_value_tags: Annotated[tuple[str, ...], doc("contacts with these tags: kinder letter, and a task for you")] = (
        "vip",
        "key",
        "high-value",
    )
