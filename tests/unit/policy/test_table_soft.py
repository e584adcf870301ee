"""The policy on bounces that only count together: what several of them, days apart, add up to (rows 3 and 5 to 8)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from agent.model.plan import Plan
from agent.model.settings import BounceEvidence, Settings
from agent.model.signal import Bounce, Evidence, HumanReply, Signal, Strength, Tick
from agent.model.signal import BounceReason as R
from agent.model.state import AddressState, Points, State
from agent.policy.bounce_rows import ROW_OF_REASON, row_of
from agent.policy.decide import decide
from tests.unit.policy.cases import BUYER, DAY, E1, E2, E3, NOW, SENT, SETTINGS, bounce, evidence, origin, situation

S = State
TOKENS = replace(SETTINGS, policy=replace(SETTINGS.policy, evidence_bounce=BounceEvidence.TOKENS))
FULL = (R.MAILBOX_FULL, "5.2.2")
LATE = (R.EXPIRED, "4.4.7")
UNCLEAR = (R.UNDEFINED, "5.0.0")
REFUSED = (R.FILTERED, "5.7.1")


def said(what: tuple[R, str], strength: Strength = E3) -> Bounce:
    return bounce(strength, *what)


def reply(strength: Strength = E2) -> HumanReply:
    return HumanReply(address=BUYER, evidence=evidence(strength))


@dataclass(frozen=True, kw_only=True)
class Case:
    """`after` are (days since the start, signal); `stopped` what holds after the last, with the days until its end."""

    id: str
    after: tuple[tuple[float, Signal], ...]
    stopped: tuple[S, float | None] | None = None
    points: float | None = None
    engaged: bool = False
    settings: Settings = SETTINGS


def each(what: tuple[R, str], days: tuple[float, ...], strength: Strength = E3) -> tuple[tuple[float, Signal], ...]:
    return tuple((day, said(what, strength)) for day in days)


WEEKS = (0, 7, 14, 21, 28)
TABLE = [
    # Row 5: the person's own rule
    Case(id="5 once", after=each(REFUSED, (0,))),
    Case(id="5 twice", after=each(REFUSED, (0, 60)), stopped=(S.REFUSED, None)),
    Case(id="5 twice in a day is one send", after=each(REFUSED, (0, 0.5))),
    Case(id="5 unproven: counted only", after=each(REFUSED, (0, 30, 60), E1)),
    Case(id="5 a reply between", after=(*each(REFUSED, (0,)), (1, reply()), *each(REFUSED, (30,)))),
    # Row 6: a full mailbox
    Case(id="6 five over three weeks", after=each(FULL, (0, 5, 10, 15, 21)), stopped=(S.FULL, 90), points=5),
    Case(id="6 five too near", after=each(FULL, (0, 5, 10, 15, 20.9)), points=5),
    Case(id="6 five, the next is late enough", after=each(FULL, (0, 5, 10, 15, 20, 25)), stopped=(S.FULL, 90)),
    Case(id="6 at most one a day", after=each(FULL, (0, 0.3, 0.6, 0.9, 22)), points=2),
    Case(id="6 engaged: five are not enough", after=each(FULL, WEEKS), engaged=True, points=5),
    Case(id="6 engaged: seven", after=each(FULL, (*WEEKS, 35, 42)), engaged=True, stopped=(S.FULL, 90), points=7),
    Case(id="6 thirty quiet days clear all", after=each(FULL, (*WEEKS[:4], 52)), points=1),
    Case(id="6 a reply clears all", after=(*each(FULL, WEEKS), (29, reply())), points=0),
    Case(id="6 an unproven reply clears nothing", after=(*each(FULL, WEEKS), (29, reply(E1))), stopped=(S.FULL, 89)),
    Case(id="6 unproven, plain: at most suspect", after=each(FULL, WEEKS, E1), stopped=(S.SUSPECT, 30), points=5),
    Case(id="6 unproven does not prolong", after=each(FULL, (*WEEKS, 35), E1), stopped=(S.SUSPECT, 23)),
    Case(id="6 unproven, tokens: counted only", after=each(FULL, WEEKS, E1), settings=TOKENS, points=0),
    Case(id="6 the probe after its time", after=each(FULL, (*WEEKS, 28 + 91)), stopped=(S.FULL, 90)),
    # Row 7: late
    Case(id="7 half a point", after=each(LATE, (0, 2)), points=1),
    Case(id="7 ten of them", after=each(LATE, tuple(range(0, 30, 3))), stopped=(S.SUSPECT, 30), points=5),
    Case(id="7 unproven: nothing", after=each(LATE, (0, 2), E1), points=0),
    Case(id="7 user unknown in a 4.x", after=each((R.USER_UNKNOWN, "4.1.1"), (0,)), points=0.5),
    Case(id="6 and 7 the same day: the weightier", after=(*each(LATE, (0,)), *each(FULL, (0.1,))), points=1),
    Case(id="6 and 7 the same day, the other way", after=(*each(FULL, (0,)), *each(LATE, (0.1,))), points=1),
    Case(
        id="6 and 7 mostly late: suspect", stopped=(S.SUSPECT, 30), points=5,
        after=(*each(LATE, (0, 2, 4, 6, 8, 10, 12)), *each(FULL, (20,)), *each(LATE, (22,))),
    ),
    # Row 8: nobody can say why
    Case(id="8 twice", after=each(UNCLEAR, (0, 8))),
    Case(id="8 three, each a week apart", after=each(UNCLEAR, (0, 8, 16)), stopped=(S.SUSPECT, 90)),
    Case(id="8 three, too near", after=each(UNCLEAR, (0, 6, 8))),
    Case(id="8 a reply between", after=(*each(UNCLEAR, (0, 8)), (9, reply()), *each(UNCLEAR, (16,)))),
    Case(id="8 unproven: review only", after=each(UNCLEAR, (0, 8, 16), E1), points=0),
]  # fmt: skip


def run(case: Case) -> tuple[AddressState, datetime, Plan]:
    state = AddressState(key=BUYER, engaged_at=NOW - 99 * DAY if case.engaged else None)
    now, plan = NOW, Plan(row="", reason="")
    for day, signal in case.after:
        now = NOW + day * DAY
        mail = origin(received_at=now, written_at=now, content_key=f"day-{day}")
        sent = replace(SENT, minted_at=now - DAY)
        known = situation(origin=mail, sent=sent if signal.evidence.token else None, of_record=True, ever_known=True)
        plan = decide(signal, replace(known, state=state), case.settings, now)
        state = plan.states[0] if plan.states else state
    return state, now, plan


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in TABLE])
def test_table(case: Case) -> None:
    state, now, _ = run(case)
    held = [s for s in state.standings if s.holds(now)]
    ends = [(s.state, None if s.until is None else (s.until - now) / DAY) for s in held]
    assert ends == ([case.stopped] if case.stopped else [])
    assert all(s.reason and s.rule.split()[0] in ("5", "6", "7", "8") for s in held)
    if case.points is not None:
        assert state.points.total == case.points


@pytest.mark.parametrize("strength", [E1, E3])
def test_what_nobody_can_explain_is_put_before_a_person(strength: Strength) -> None:
    _, _, plan = run(Case(id="", after=each(UNCLEAR, (0,), strength)))
    assert [review.timeout for review in plan.reviews] == [None]


def test_a_reply_forgets_every_count() -> None:
    state, now, _ = run(Case(id="", after=(*each(REFUSED, (0,)), *each(UNCLEAR, (1,)), (2, reply()))))
    assert state.points == Points()
    assert state.engaged_at == now


@pytest.mark.parametrize("reason", list(R))
def test_table_1a(reason: R) -> None:
    """Every reason has its row, and no report that is a row-4 matter, or none at all, touches the address."""
    wanted = {
        "1": "user_unknown has_moved", "2": "suspend", "3": "host_unknown not_accept", "5": "filtered",
        "6": "mailbox_full",
        "7": "expired network_error system_error system_full too_many_conn mailer_error", "8": "undefined on_hold",
        "9": "mesg_too_big exceed_limit syntax_error", "-": "feedback vacation delivered",
        "4": "auth_failure bad_reputation blocked content_error failed_starttls no_relaying not_compliant_rfc "
        "policy_violation rejected require_ptr security_error spam_detected speeding virus_detected",
    }  # fmt: skip
    row = next(row for row, words in wanted.items() if reason.value in words.split())
    assert ROW_OF_REASON[reason] == row
    assert row_of(bounce(E3, reason, "5.9.9")) == row
    known = situation(sent=SENT, of_record=True, ever_known=True)
    plan = decide(bounce(E3, reason, "5.9.9"), known, SETTINGS, NOW)
    assert plan.row == row
    stops = bool(plan.states) and bool(plan.states[0].standings)
    assert stops is (row in ("1", "2"))


@pytest.mark.parametrize(
    ("reason", "status", "delayed", "row"),
    [
        (R.BLOCKED, "5.7.1", False, "4"),  # row-4 reasons first ...
        (R.POLICY_VIOLATION, "5.7.13", False, "2"),  # ... unless the status is one of row 2
        (R.USER_UNKNOWN, "5.7.18", False, "2"),  # a listed status before the reason
        (R.MAILBOX_FULL, "4.2.2", False, "6"),  # a full mailbox and a dead host before any 4.x
        (R.HOST_UNKNOWN, "4.4.4", False, "3"),
        (R.USER_UNKNOWN, "4.1.1", False, "7"),  # any 4.x before the reason
        (R.MAILBOX_FULL, "4.2.2", True, "7"),
        (R.USER_UNKNOWN, "5.1.1", False, "1"),
    ],
)
def test_the_first_match_wins(reason: R, status: str, delayed: bool, row: str) -> None:
    assert row_of(bounce(E3, reason, status, delayed=delayed)) == row


# Row 3: a dead domain; the DNS speaks in a Tick
DOMAIN = BUYER.domain_key


def dns(word: str) -> Tick:
    return Tick(address=DOMAIN, evidence=Evidence(rule=f"dns:{word}", strength=E3), timer="domain")


def ask(word: str, day: float, state: AddressState) -> Plan:
    return decide(dns(word), situation(state=state, origin=origin(sender=None)), SETTINGS, NOW + day * DAY)


def until(plan: Plan) -> float:
    (standing,) = plan.states[0].standings
    assert standing.state is S.DEAD_DOMAIN
    assert standing.until is not None
    return (standing.until - NOW) / DAY


def due(plan: Plan) -> list[float]:
    return [(timer.due_at - NOW) / DAY for timer in plan.timers]


@pytest.mark.parametrize("strength", [E1, E2, E3])
@pytest.mark.parametrize(("reason", "status"), [(R.HOST_UNKNOWN, "5.1.2"), (R.NOT_ACCEPT, "5.1.10")])
def test_row_3_no_report_alone_makes_a_domain_dead(strength: Strength, reason: R, status: str) -> None:
    for settings in (SETTINGS, TOKENS):
        plan = decide(bounce(strength, reason, status), situation(), settings, NOW)
        assert (plan.row, plan.states) == ("3", ())
        assert [(timer.key, timer.due_at) for timer in plan.timers] == [(DOMAIN, NOW)]
    stranger = decide(bounce(strength, reason, status), situation(ever_known=True), SETTINGS, NOW)
    assert not stranger.timers  # nobody makes us ask the DNS about the world


def test_row_3_known_to_be_dead() -> None:
    dead = ask("nxdomain", 0, AddressState(key=DOMAIN)).states[0]
    plan = decide(bounce(E3, R.HOST_UNKNOWN, "5.1.2"), situation(domain_state=dead), SETTINGS, NOW + DAY)
    assert (plan.states, plan.timers) == ((), ())


def test_row_3_dead_alive_and_unsure() -> None:
    clean = AddressState(key=DOMAIN)
    first = ask("nxdomain", 0, clean)
    assert (until(first), due(first)) == (3, [3])
    alive = ask("alive", 3, first.states[0])
    assert (alive.states[0].standings, alive.timers) == ((), ())
    unsure = ask("temperror", 3, first.states[0])  # our own resolver may be the one that is down
    assert (unsure.states, due(unsure)) == ((), [3 + 1 / 24])
    assert not ask("temperror", 0, clean).states
    assert not ask("alive", 0, clean).states


def test_row_3_still_dead_is_asked_monthly_for_half_a_year() -> None:
    state, day, asked = ask("nxdomain", 0, AddressState(key=DOMAIN)).states[0], 3.0, []
    while True:
        plan = ask("nxdomain", day, state)
        if not plan.timers:
            break
        asked.append(due(plan)[0] - day)
        assert until(plan) <= 184
        state, day = plan.states[0], due(plan)[0]
    assert asked[:5] == [30] * 5
    assert plan.alert
    assert not state.has(S.DEAD_DOMAIN, NOW + 185 * DAY)


def test_row_3_asked_again_too_early_prolongs_nothing() -> None:
    first = ask("nxdomain", 0, AddressState(key=DOMAIN)).states[0]
    plan = ask("nxdomain", 1, first)
    assert (plan.states, due(plan)) == ((), [3])


def test_row_3_a_resolver_that_was_away_for_a_day_goes_on_where_it_was() -> None:
    first = ask("nxdomain", 0, AddressState(key=DOMAIN)).states[0]
    assert until(ask("nxdomain", 4, first)) == 35
    assert until(ask("nxdomain", 40, first)) == 43  # but much later it is another story


def test_row_3_keeps_what_else_is_known_of_the_domain() -> None:
    by_hand = replace(situation().state, key=DOMAIN)
    order = replace(ask("nxdomain", 0, by_hand).states[0].standings[0], state=S.OPT_OUT, until=None, by="maria")
    after = ask("nxdomain", 0, replace(by_hand, standings=(order,))).states[0]
    assert {s.state for s in after.standings} == {S.OPT_OUT, S.DEAD_DOMAIN}
    back = ask("alive", 3, after).states[0]
    assert {s.state for s in back.standings} == {S.OPT_OUT}
    assert timedelta(0) == back.standings[0].since - NOW
