"""The policy as a table for people: one line a row, with the numbers of the settings; docs/explanation/policy.md is
made from it, and every row a decision can name stands here.
"""

from dataclasses import dataclass

from agent.model.settings import PolicySettings, TokenSettings
from agent.policy.bounce_rows import NEVER, rows_of_reasons

_P = PolicySettings()
_T = TokenSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What happens, what it does to the address, who is answered, and how it ends."""

    row: str
    event: str
    does: str
    answer: str = "nobody"
    ends: str = "–"


ROWS: tuple[Row, ...] = (
    Row(
        row="1",
        event="Mailbox unknown, proven by our token, our own relay or our own signature",
        does="`hard`; under breaker B2 provisional",
        ends="never by itself; an order, or START from the address itself",
    ),
    Row(
        row="1b",
        event="The same without proof",
        does=f"plain mode: `suspect`; a second within {_P.suspect_window_days} days, at least {_P.suspect_gap_days} "
        "days later and about another mail: `hard`, and a review. Token mode: counted only",
        ends=f"{_P.suspect_days} days; the weak `hard` {_P.weak_hard_days} days",
    ),
    Row(
        row="2",
        event="Mailbox switched off (5.2.1, 5.7.13, 5.7.17, 5.7.18)",
        does="proven: `inactive`; else as the first line of 1b",
        ends="an order",
    ),
    Row(
        row="3",
        event="The host is dead or takes no mail",
        does="our own DNS is asked, after a name that always exists; only its no makes the whole domain `dead_domain`",
        ends=f"{_P.dead_domain_hours} hours, then asked again; still dead: every {_P.dead_domain_recheck_days} days, "
        f"{_P.dead_domain_months} months at most",
    ),
    Row(
        row="4",
        event="The receiver objects to us or to the mail (reputation, rules, content, rate)",
        does="never on the address; counted for each of our domains and IPs and each receiving domain; alert at "
        f"{_P.objection_count} a day or more than {_P.objection_percent} % of a send",
    ),
    Row(
        row="5",
        event="Refused by the person's own rule",
        does=f"proven: counted, `refused` at {_P.refused_count}; else counted only",
        ends="an order; a reply clears the count",
    ),
    Row(
        row="6",
        event="Mailbox full",
        does=f"one point, at most one a day; `full` at {_P.points_limit} points ({_P.points_limit_engaged} for who "
        f"has written to us) over {_P.points_spread_days} days. Without proof: plain mode at most `suspect`",
        ends=f"{_P.full_days} days, then one mail probes it; any reply",
    ),
    Row(
        row="7",
        event="Late, or given up after temporary errors",
        does="late: recorded; given up and proven: half a point, at the threshold `suspect`",
        ends=f"points are forgotten after {_P.points_quiet_days} quiet days, or by a reply",
    ),
    Row(
        row="8",
        event="A failure nobody can explain",
        does=f"review; proven: one point, and `suspect` at {_P.unclear_count} in a row, each {_P.unclear_gap_days} "
        "days after the one before",
        ends=f"{_P.unclear_days} days; a reply",
    ),
    Row(row="9", event="Mail too big, loop, protocol", does="nothing on the address; alert"),
    Row(row=NEVER, event="A report of a delivery, a vacation note or a feedback inside a bounce", does="nothing"),
    Row(
        row="10",
        event="Automatic reply",
        does="nothing; an end of absence is remembered; that somebody left is proposed as `inactive` in review",
    ),
    Row(
        row="10b",
        event="A person says that he, or somebody else, is gone",
        does="himself: `opt_out`; about another: `opt_out` from a proven colleague of the same company (never at a "
        "public mail provider), else review",
        ends="as 15",
    ),
    Row(
        row="11",
        event="Feedback report from a known reporter, or with our token (CFBL address: both)",
        does="`complaint`, everything",
        ends="an order that names the complaint",
    ),
    Row(row="11b", event="A complaint in a person's words", does="`opt_out` of everything; a task", ends="as 15"),
    Row(
        row="12",
        event="Feedback report without proof",
        does="`opt_out` where the reported mail went to that address, else `held`; review",
        ends=f"as 15; `held` {_P.breaker_hours} hours",
    ),
    Row(row="13", event="Feedback report that names nobody", does="counted only"),
    Row(row="14", event="not-spam, auth-failure, DMARC reports", does="nothing; auth-failure: alert"),
    Row(
        row="15",
        event="Opt-out by our own link or address",
        does="`opt_out`, at once",
        answer="one confirmation",
        ends="never by itself; START, an order",
    ),
    Row(
        row="16",
        event="Opt-out to the plain address, From proven",
        does="`opt_out`, at once",
        answer="one confirmation",
        ends="as 15",
    ),
    Row(
        row="17",
        event="Opt-out to the plain address, not proven",
        does="`opt_out`, at once, counted by breaker B1",
        answer="one confirmation with the way back, to an address of record only",
        ends="as 15",
    ),
    Row(
        row="18",
        event="The same for an address nobody here knows",
        does="`opt_out`, at once",
        ends=f"{_P.stranger_months} months, if it is neither mailed nor imported until then",
    ),
    Row(
        row="19",
        event="A reply that is nothing but an opt-out word",
        does="`opt_out`, at once",
        answer="as 16 and 17",
        ends="as 15",
    ),
    Row(
        row="20",
        event="A reply with opt-out words",
        does=f"sure: `opt_out`. Likely: `held` and a review for {_P.review_hours} hours; silence then means "
        "`opt_out` where the words stood alone, and nothing where a negation or an order stood beside them, "
        "or where such texts are often ordinary replies (the mail then counts as one)",
        answer="a confirmation, after the decision",
        ends="as 15",
    ),
    Row(
        row="21",
        event="Erase my data",
        does=f"`opt_out`, a ticket with {_P.ticket_days} days; carried out, only a keyed hash stays",
        answer="a receipt, if it is proven who asks",
        ends="never",
    ),
    Row(
        row="21b",
        event="Show me my data",
        does=f"a ticket with {_P.ticket_days} days",
        answer="a receipt, if it is proven who asks",
    ),
    Row(
        row="22",
        event="Less often, a pause, not this topic",
        does=f"the interval is kept beside the address (else {_P.less_often_days} days); `paused` to its end (else "
        f"{_P.pause_days} days), shown again {_P.pause_reminder_days} days before; the topic is opted out",
        answer="a confirmation",
        ends="a pause by itself",
    ),
    Row(
        row="23",
        event="START, proven",
        does="with the way back from our letter: lifts `opt_out`, `held`, `paused`, `full`, `suspect`, and `hard` "
        "by its own proven mail; a token alone ends a pause; never `complaint`",
        answer=f"the letter with the way back ({_T.confirm_days} days), then a confirmation",
    ),
    Row(
        row="24",
        event="START, not proven",
        does="nothing; what cannot be confirmed goes to review",
        answer="the letter with the way back, to an address of record only, once a day",
    ),
    Row(
        row="25",
        event="An ordinary reply, proven",
        does="clears points and counts, ends `full` and `suspect`, marks the person as engaged",
    ),
    Row(row="junk", event="Mail that the provider took for spam, without proof", does="recorded only"),
)

BREAKERS = (
    f"**B1, mass forgery**: above {_P.breaker_per_minute} unproven opt-outs, complaints, topics and erase requests a "
    f"minute, further ones are provisional for {_P.breaker_hours} hours and nobody is answered. When the flood is "
    "over they become final, unless somebody undid the batch.",
    f"**B2, mass false bounces**: where {_P.hard_domain_count} addresses of a domain and {_P.hard_domain_percent} % "
    f"of those we know are reported unknown within a day, or above {_P.weak_hard_per_hour} unproven ones an hour "
    f"from everywhere, further ones are provisional for {_P.breaker_hours} hours; the next bounce after that says "
    "what the row says.",
)

FIRST_MATCH = (
    "The first match wins, in this order: reasons of row 4, unless the status is one of row 2; a delay; a status of "
    "row 2; `mailbox_full`, `host_unknown`, `not_accept`; any 4.x.x; the reason."
)


def as_markdown() -> str:
    """The tables of docs/explanation/policy.md."""
    table = ["| row | event | what it does | answer | how it ends |", "|---|---|---|---|---|"]
    table += [f"| {r.row} | {r.event} | {r.does} | {r.answer} | {r.ends} |" for r in ROWS]
    reasons = ["| row | reasons of a bounce |", "|---|---|"]
    reasons += [f"| {row} | {' '.join(f'`{word}`' for word in words)} |" for row, words in rows_of_reasons()]
    breakers = [f"- {line}" for line in BREAKERS]
    return "\n".join(
        ["## What each event does", "", *table, "", "## From the reason of a bounce to its row", "", *reasons, "",
         FIRST_MATCH, "", "## Breakers", "", *breakers, ""]
    )  # fmt: skip
