"""The policy on what waits: reviews and their timer, tickets, breakers, pauses, batches, high-value people."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.model.mail import Door, Purpose, Role
from agent.model.plan import LetterKind, NewReview, Plan, Tone
from agent.model.signal import (
    AutoReply,
    Confidence,
    Decision,
    Manner,
    OptOut,
    Order,
    OrderKind,
    Preference,
    PreferenceKind,
    Privacy,
    PrivacyKind,
    Strength,
    Tick,
    Verdict,
)
from agent.model.state import AddressState, Review, Standing, State, Suspicion, Ticket, TicketKind
from agent.policy.decide import decide
from tests.unit.policy.cases import (
    BUYER,
    DAY,
    E0,
    E1,
    E2,
    E3,
    NOW,
    SENT,
    SETTINGS,
    STRANGER,
    bounce,
    complaint,
    evidence,
    opt_out,
    origin,
    situation,
    standing,
    start,
)

RECORD = situation(of_record=True, ever_known=True)
FLOOD = replace(RECORD, weak_opt_outs_last_minute=60)
BY_CLOCK = origin(door=Door.CLOCK, sender=None, content_key="", message_id="", inbox_id=None, written_at=None)
CFBL = replace(SETTINGS, addresses=replace(SETTINGS.addresses, complaint_proof="both"))


def likely(strength: Strength = E2, *, doubtful: bool = False) -> OptOut:
    return replace(opt_out(strength, Manner.WORDING, confidence=Confidence.LIKELY), doubtful=doubtful)


def review(plan: Plan, strength: Strength = E2, **change: object) -> Review:
    """The review a plan opens, as the store would give it back."""
    (wanted,) = plan.reviews
    found = Review(
        id=7, key=BUYER, row=plan.row, why=wanted.why, evidence=evidence(strength, confidence=Confidence.LIKELY),
        answerable=True, scope="all", first=wanted.first, second=wanted.second, timeout=wanted.timeout, opened_at=NOW,
        due_at=wanted.due_at, origin=origin(),
    )  # fmt: skip
    return replace(found, **change)  # type: ignore[arg-type]  # a test names the fields it changes


def decision(verdict: Verdict, by: str = "maria", **change: object) -> Decision:
    plain = Decision(address=BUYER, evidence=evidence(E3), verdict=verdict, by=by, review=7)
    return replace(plain, **change)  # type: ignore[arg-type]  # a test names the fields it changes


def tick(timer: str, about: str = "") -> Tick:
    return Tick(address=BUYER, evidence=evidence(E3, rule=f"clock:{timer}"), timer=timer, about=about)


def held() -> tuple[Plan, AddressState]:
    plan = decide(likely(), RECORD, SETTINGS, NOW)
    return plan, plan.states[0]


# Row 20: not sure; hazard D7


def test_row_20_likely_is_held_for_a_day() -> None:
    plan, state = held()
    assert [(s.state, s.until) for s in state.standings] == [(State.HELD, NOW + DAY)]
    assert not plan.effects
    assert plan.reviews == (
        NewReview(
            why=plan.reason, first=Verdict.OPT_OUT, second=Verdict.REPLY, timeout=Verdict.OPT_OUT, due_at=NOW + DAY
        ),
    )


@pytest.mark.parametrize("doubtful", [False, True])
def test_row_20_silence_obeys_only_words_that_stood_alone(doubtful: bool) -> None:
    plan = decide(likely(doubtful=doubtful), RECORD, SETTINGS, NOW)
    later = NOW + DAY
    known = replace(RECORD, state=plan.states[0], review=review(plan))
    end = decide(tick("review", "7"), known, SETTINGS, later)
    if doubtful:
        assert (end.states, end.effects, end.closed, end.asked_too_late) == ((), (), None, 7)
        assert not plan.states[0].effective(later)
    else:
        assert [(s.state, s.until, s.by) for s in end.states[0].standings] == [(State.OPT_OUT, None, "policy")]
        assert [letter.kind for letter in end.effects] == [LetterKind.OPT_OUT]
        assert end.closed is not None
        assert (end.closed.review, end.closed.verdict, end.closed.by) == (7, Verdict.OPT_OUT, "policy")


def test_row_20_a_decided_review_has_no_timer() -> None:
    plan, state = held()
    known = replace(RECORD, state=state, review=review(plan, verdict=Verdict.REPLY))
    assert not decide(tick("review", "7"), known, SETTINGS, NOW + DAY).states
    assert not decide(tick("review", "8"), replace(known, review=None), SETTINGS, NOW + DAY).states


def test_row_20_a_person_decides() -> None:
    plan, state = held()
    known = replace(RECORD, state=state, review=review(plan), duplicate=True)  # a copy came by another door meanwhile
    yes = decide(decision(Verdict.OPT_OUT), known, SETTINGS, NOW + timedelta(hours=3))
    assert [(s.state, s.by) for s in yes.states[0].standings] == [(State.OPT_OUT, "maria")]
    assert [letter.kind for letter in yes.effects] == [LetterKind.OPT_OUT]
    assert yes.closed is not None
    assert yes.closed.by == "maria"
    no = decide(decision(Verdict.REPLY), known, SETTINGS, NOW + timedelta(hours=3))
    assert (no.states[0].standings, no.effects) == ((), ())
    assert no.states[0].engaged_at is not None
    pause = decide(decision(Verdict.PAUSE, until=NOW + 30 * DAY), known, SETTINGS, NOW + timedelta(hours=3))
    assert [(s.state, s.until) for s in pause.states[0].standings] == [(State.PAUSED, NOW + 30 * DAY)]
    gone = decide(decision(Verdict.INACTIVE), known, SETTINGS, NOW + timedelta(hours=3))
    assert [s.state for s in gone.states[0].standings] == [State.INACTIVE]


def test_what_an_order_holds_no_review_lets_go() -> None:
    plan, _ = held()
    by_hand = replace(standing(State.HELD), by="maria")
    known = replace(situation(by_hand, of_record=True), review=review(plan))
    assert not decide(decision(Verdict.NOTHING), known, SETTINGS, NOW).states


def test_decisions_that_change_nothing() -> None:
    plan, state = held()
    known = replace(RECORD, state=state, review=review(plan))
    for wrong in (
        decide(decision(Verdict.OPT_OUT, by=" "), known, SETTINGS, NOW),
        decide(decision(Verdict.OPT_OUT), replace(known, review=None), SETTINGS, NOW),
        decide(decision(Verdict.OPT_OUT), replace(known, review=review(plan, verdict=Verdict.REPLY)), SETTINGS, NOW),
    ):
        assert (wrong.states, wrong.effects, wrong.closed) == ((), (), None)


def test_a_review_never_lifts_a_complaint() -> None:
    plan, _ = held()
    known = replace(situation(standing(State.COMPLAINT), standing(State.OPT_OUT)), review=review(plan))
    for verdict in Verdict:
        after = decide(decision(verdict), known, SETTINGS, NOW)
        assert (after.states or (known.state,))[0].has(State.COMPLAINT, NOW)
    back = decide(decision(Verdict.RESUBSCRIBE), known, SETTINGS, NOW)
    assert [s.state for s in back.states[0].standings] == [State.COMPLAINT]


# Rows 10 and 10b


def test_row_10_an_end_is_remembered_and_a_leaver_is_proposed() -> None:
    away = AutoReply(address=BUYER, evidence=evidence(E1), until=NOW + 9 * DAY)
    plan = decide(away, RECORD, SETTINGS, NOW)
    assert plan.states[0].away_until == NOW + 9 * DAY
    assert not plan.states[0].standings
    assert not decide(replace(away, until=NOW - DAY), RECORD, SETTINGS, NOW).states
    left = decide(replace(away, until=None, left=True, successor=STRANGER), RECORD, SETTINGS, NOW)
    assert [one.first for one in left.reviews] == [Verdict.INACTIVE]
    assert "somebody@else.example" in left.reviews[0].why
    assert not left.states
    known = replace(RECORD, review=review(left, row="10"))
    assert decide(decision(Verdict.INACTIVE), known, SETTINGS, NOW).states[0].has(State.INACTIVE, NOW)


@pytest.mark.parametrize(
    ("strength", "colleague", "obeyed"), [(E2, True, True), (E2, False, False), (E1, True, False), (E0, True, False)]
)
@pytest.mark.parametrize("manner", [Manner.PERSON_GONE, Manner.WORDING])
def test_row_10b_about_somebody_else(strength: Strength, colleague: bool, obeyed: bool, manner: Manner) -> None:
    known = replace(RECORD, origin=origin(sender=STRANGER), same_organisation=colleague)
    plan = decide(opt_out(strength, manner), known, SETTINGS, NOW)
    assert bool(plan.states) is obeyed
    assert not plan.effects
    if not obeyed:
        assert (plan.row, plan.reviews[0].first, plan.reviews[0].timeout) == ("10b", Verdict.OPT_OUT, None)
        decided = decide(decision(Verdict.OPT_OUT), replace(known, review=review(plan)), SETTINGS, NOW)
        assert decided.states[0].has(State.OPT_OUT, NOW)


# Row 11 and 12: a CFBL address wants both proofs


@pytest.mark.parametrize(
    ("strength", "verified", "state"),
    [(E3, True, State.COMPLAINT), (E3, False, State.HELD), (E2, True, State.HELD), (E1, False, State.HELD)],
)
def test_row_12_at_a_cfbl_address(strength: Strength, verified: bool, state: State) -> None:  # hazard D4
    known = replace(RECORD, sent=SENT, origin=origin(role=Role.COMPLAINT))
    plan = decide(complaint(strength, verified=verified), known, CFBL, NOW)
    assert [s.state for s in plan.states[0].standings] == [state]
    elsewhere = decide(complaint(E3), replace(known, origin=origin(role=Role.BOUNCE)), CFBL, NOW)
    assert elsewhere.states[0].has(State.COMPLAINT, NOW)


# Row 18: a stranger


def test_row_18_stays_when_he_is_mailed_or_imported_meanwhile() -> None:
    plan = decide(opt_out(E1), situation(ever_known=True), SETTINGS, NOW)
    (timer,) = plan.timers
    (first,) = plan.states[0].standings
    assert first.until is not None
    assert timer.due_at == first.until - DAY
    known = replace(RECORD, state=plan.states[0], origin=BY_CLOCK)
    stays = decide(tick("stranger"), known, SETTINGS, timer.due_at)
    assert [s.until for s in stays.states[0].standings] == [None]
    assert not decide(tick("stranger"), replace(known, of_record=False), SETTINGS, timer.due_at).states


# Row 22: pauses and frequencies


def test_row_22_a_pause_reminds_before_its_end() -> None:
    pause = Preference(
        address=BUYER, evidence=evidence(E2), answerable=True, kind=PreferenceKind.PAUSE, until=NOW + 60 * DAY
    )  # fmt: skip
    plan = decide(pause, RECORD, SETTINGS, NOW)
    (timer,) = plan.timers
    assert timer.due_at == NOW + 57 * DAY
    known = replace(RECORD, state=plan.states[0], origin=BY_CLOCK)
    assert "2026-05-01" in decide(tick("reminder", "all"), known, SETTINGS, timer.due_at).alert
    assert not decide(tick("reminder", "all"), RECORD, SETTINGS, timer.due_at).alert
    assert not plan.states[0].effective(NOW + 60 * DAY)  # it resumes by itself


@pytest.mark.parametrize(("said", "kept"), [(None, 30), (90, 90)])
def test_row_22_less_often(said: int | None, kept: int) -> None:
    less = Preference(
        address=BUYER, evidence=evidence(E2), answerable=True, kind=PreferenceKind.FREQUENCY, interval_days=said
    )  # fmt: skip
    plan = decide(less, RECORD, SETTINGS, NOW)
    assert plan.states[0].interval_days == kept
    assert not plan.states[0].standings
    assert [letter.kind for letter in plan.effects] == [LetterKind.FREQUENCY]


# Breakers and batches


def test_b1_becomes_final_when_the_flood_is_over() -> None:
    plan = decide(opt_out(E1), FLOOD, SETTINGS, NOW)
    assert plan.batch == "B1-20260302T090000"
    (timer,) = plan.timers
    assert NOW + 70 * timedelta(hours=1) < timer.due_at < NOW + 72 * timedelta(hours=1)
    known = replace(RECORD, state=plan.states[0], origin=BY_CLOCK)
    over = decide(tick("provisional"), known, SETTINGS, timer.due_at)
    assert [(s.provisional, s.until) for s in over.states[0].standings] == [(False, None)]
    again = decide(tick("provisional"), replace(FLOOD, state=plan.states[0], origin=BY_CLOCK), SETTINGS, timer.due_at)
    assert [s.provisional for s in again.states[0].standings] == [True]
    assert len(again.timers) == 1
    undone = decide(tick("provisional"), replace(RECORD, origin=BY_CLOCK), SETTINGS, timer.due_at)
    assert not undone.states


def test_b1_counts_and_holds_erase_requests_and_topics() -> None:
    erase = Privacy(address=BUYER, evidence=evidence(E1), answerable=True, kind=PrivacyKind.ERASE)
    plan = decide(erase, FLOOD, SETTINGS, NOW)
    assert [s.provisional for s in plan.states[0].standings] == [True]
    assert plan.tickets
    assert plan.timers


def test_a_breaker_that_stays_open_keeps_its_batch() -> None:
    open_still = replace(FLOOD, breaker_batches=("B1-20260302T080000", "B2-20260302T070000"))
    assert decide(opt_out(E1), open_still, SETTINGS, NOW).batch == "B1-20260302T080000"
    domain = situation(domain_hard_last_day=19, domain_recipients=20, sent=SENT)
    assert decide(bounce(E3), domain, SETTINGS, NOW).batch == "B2-buyer.example-20260302T090000"


def test_b2_becomes_what_the_row_says_when_it_still_says_so() -> None:
    flood = situation(domain_hard_last_day=19, domain_recipients=20, sent=SENT)
    first = decide(bounce(E3), flood, SETTINGS, NOW)
    assert [s.provisional for s in first.states[0].standings] == [True]
    closed = situation(sent=SENT, state=first.states[0], origin=origin(content_key="later", written_at=NOW + 4 * DAY))
    later = decide(bounce(E3), closed, SETTINGS, NOW + 4 * DAY)
    assert [(s.state, s.until, s.provisional) for s in later.states[0].standings] == [(State.HARD, None, False)]


def lift(batch: str, state: str = "") -> Order:
    return Order(
        address=BUYER, evidence=evidence(E3), kind=OrderKind.LIFT, why="wrong run", by="maria", state=state, batch=batch
    )  # fmt: skip


def of_batch(state: State, batch: str) -> Standing:
    return replace(standing(state), batch=batch)


def test_a_batch_is_undone_alone() -> None:
    known = situation(
        of_batch(State.OPT_OUT, "run-1"), of_batch(State.HARD, "run-2"), of_batch(State.COMPLAINT, "run-1"),
        origin=origin(door=Door.OPERATOR),
    )  # fmt: skip
    after = decide(lift("run-1"), known, SETTINGS, NOW).states[0]
    assert {s.state for s in after.standings} == {State.HARD, State.COMPLAINT}
    assert not decide(lift("run-3"), known, SETTINGS, NOW).states


def test_what_two_runs_said_is_not_undone_with_one() -> None:
    first = decide(opt_out(E2), replace(RECORD, origin=origin(batch="run-1")), SETTINGS, NOW).states[0]
    assert [s.batch for s in first.standings] == ["run-1"]
    again = replace(RECORD, state=first, origin=origin(batch="run-2", content_key="later"))
    both = decide(opt_out(E2), again, SETTINGS, NOW + DAY).states[0]
    undone = decide(lift("run-1"), situation(state=both, origin=origin(door=Door.OPERATOR)), SETTINGS, NOW + 2 * DAY)
    assert not undone.states
    assert both.has(State.OPT_OUT, NOW + 2 * DAY)


# High-value contacts


def test_high_value_people_leave_as_fast_and_somebody_is_told() -> None:
    plain = decide(opt_out(E2), RECORD, SETTINGS, NOW)
    valued = decide(opt_out(E2), replace(RECORD, tags=("valves", "vip")), SETTINGS, NOW)
    assert valued.states == plain.states
    assert [letter.kind for letter in valued.effects] == [letter.kind for letter in plain.effects]
    assert [letter.tone for letter in valued.effects] == [Tone.HIGH_VALUE]
    assert [ticket.kind for ticket in valued.tickets] == [TicketKind.TASK]
    assert not plain.tickets
    complained = decide(complaint(E2, verified=True), replace(RECORD, tags=("vip",)), SETTINGS, NOW)
    assert not complained.effects
    assert complained.tickets


# Tickets


@pytest.mark.parametrize("kind", [PrivacyKind.ERASE, PrivacyKind.ACCESS])
def test_rows_21_and_21b_start_the_clock_of_the_law(kind: PrivacyKind) -> None:
    ask = Privacy(address=BUYER, evidence=evidence(E2), answerable=True, kind=kind)
    (ticket,) = decide(ask, RECORD, SETTINGS, NOW).tickets
    assert (ticket.kind.value, ticket.due_at) == (kind.value, NOW + 30 * DAY)


def test_row_11b_is_a_task_for_a_person() -> None:
    plan = decide(opt_out(E2, Manner.COMPLAINT_WORDS), RECORD, SETTINGS, NOW)
    assert [ticket.kind for ticket in plan.tickets] == [TicketKind.TASK]


def ticket(kind: TicketKind, **change: object) -> Ticket:
    plain = Ticket(id=3, kind=kind, key=BUYER, what="", opened_at=NOW, due_at=NOW + 30 * DAY)
    return replace(plain, **change)  # type: ignore[arg-type]  # a test names the fields it changes


def test_tickets_are_closed_with_a_name() -> None:
    done = decide(
        decision(Verdict.DONE, review=None, ticket=3), replace(RECORD, ticket=ticket(TicketKind.TASK)), SETTINGS, NOW
    )  # fmt: skip
    assert done.closed is not None
    assert (done.closed.ticket, done.closed.by, done.closed.erase) == (3, "maria", False)
    for known, verdict, by in (
        (RECORD, Verdict.DONE, "maria"),
        (replace(RECORD, ticket=ticket(TicketKind.TASK, done_at=NOW)), Verdict.DONE, "maria"),
        (replace(RECORD, ticket=ticket(TicketKind.TASK)), Verdict.DONE, " "),
        (replace(RECORD, ticket=ticket(TicketKind.ACCESS)), Verdict.ERASED, "maria"),
    ):
        assert decide(decision(verdict, by=by, review=None, ticket=3), known, SETTINGS, NOW).closed is None


def test_erasing_keeps_the_opt_out() -> None:
    known = replace(RECORD, ticket=ticket(TicketKind.ERASE))
    plan = decide(decision(Verdict.ERASED, review=None, ticket=3), known, SETTINGS, NOW)
    assert plan.closed is not None
    assert plan.closed.erase
    assert plan.states[0].has(State.OPT_OUT, NOW)


# Row 24


def test_row_24_what_cannot_be_confirmed_is_put_before_a_person() -> None:
    known = situation(standing(State.OPT_OUT))
    plan = decide(start(E1), known, SETTINGS, NOW)
    assert [one.first for one in plan.reviews] == [Verdict.RESUBSCRIBE]
    token = evidence(E3, Purpose.REPLY)
    assert not decide(replace(start(E1), evidence=token), replace(RECORD, sent=SENT), SETTINGS, NOW).reviews


def test_row_1b_a_wrong_hard_is_taken_back_in_review() -> None:
    earlier = Suspicion(at=NOW - 9 * DAY, about="<mail-1@exporter.example>")
    plan = decide(bounce(E1), situation(earlier_suspicions=(earlier,)), SETTINGS, NOW)
    assert plan.states[0].has(State.HARD, NOW)
    assert [(one.first, one.second) for one in plan.reviews] == [(Verdict.NOTHING, Verdict.RESUBSCRIBE)]
    known = situation(state=plan.states[0], review=review(plan, E1))
    assert not decide(decision(Verdict.RESUBSCRIBE), known, SETTINGS, NOW).states[0].standings
    assert not decide(decision(Verdict.NOTHING), known, SETTINGS, NOW).states


def test_row_1b_a_suspicion_from_before_his_own_reply_is_disproven() -> None:
    earlier = Suspicion(at=NOW - 9 * DAY, about="<mail-1@exporter.example>")
    wrote = AddressState(key=BUYER, engaged_at=NOW - 5 * DAY)
    plan = decide(bounce(E1), situation(state=wrote, earlier_suspicions=(earlier,)), SETTINGS, NOW)
    assert [s.state for s in plan.states[0].standings] == [State.SUSPECT]


def test_row_20_silence_does_not_decide_about_likely_anger_or_leavers() -> None:
    angry = replace(likely(), manner=Manner.COMPLAINT_WORDS)
    plan = decide(angry, RECORD, SETTINGS, NOW)
    assert plan.states[0].has(State.HELD, NOW)
    assert [one.timeout for one in plan.reviews] == [None]
    left = decide(replace(likely(), manner=Manner.PERSON_GONE), RECORD, SETTINGS, NOW)
    assert not left.states
    assert [(one.first, one.timeout, one.due_at) for one in left.reviews] == [(Verdict.INACTIVE, None, None)]
