"""The hazards that the policy alone must hold off, each by name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.model.mail import Door, Purpose
from agent.model.plan import LetterKind
from agent.model.settings import BounceEvidence
from agent.model.signal import Manner, OptOut, OptOutReason, Order, OrderKind, Privacy, PrivacyKind, Tick
from agent.model.state import AddressState, State, Suspicion
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
    key,
    opt_out,
    origin,
    situation,
    standing,
    start,
)

RECORD = situation(of_record=True, ever_known=True)


@pytest.mark.parametrize("strength", [E0, E1, E2])
@pytest.mark.parametrize("mode", [BounceEvidence.PLAIN, BounceEvidence.TOKENS])
def test_forged_bounces_never_silence_for_good(strength: object, mode: BounceEvidence) -> None:  # hazard D1
    settings = replace(SETTINGS, policy=replace(SETTINGS.policy, evidence_bounce=mode))
    state, suspicions = AddressState(key=BUYER), tuple[Suspicion, ...]()
    for week in range(60):
        now, about = NOW + week * 7 * DAY, f"<{week}@exporter.example>"
        known = situation(origin=origin(received_at=now, written_at=now), earlier_suspicions=suspicions)
        plan = decide(bounce(strength, about=about), replace(known, state=state), settings, now)  # type: ignore[arg-type]
        state = plan.states[0] if plan.states else state
        suspicions = (*suspicions, Suspicion(at=now, about=about))
    assert all(s.until is not None for s in state.standings)
    if mode is BounceEvidence.TOKENS:
        assert not state.standings


@pytest.mark.parametrize("strength", [E0, E1, E2, E3])
@pytest.mark.parametrize("manner", [Manner.ADDRESS, Manner.KEYWORD, Manner.WORDING])
@pytest.mark.parametrize("automatic", [True, False])
def test_every_opt_out_is_obeyed(strength: object, manner: Manner, automatic: bool) -> None:  # hazard D3
    known = situation(sent=SENT, of_record=True, ever_known=True)
    signal = opt_out(strength, manner, answerable=not automatic)  # type: ignore[arg-type]
    plan = decide(signal, known, SETTINGS, NOW)
    assert plan.states[0].has(State.OPT_OUT, NOW)
    assert plan.states[0].standings[0].strength is strength
    assert bool(plan.effects) is (not automatic and strength is not E0)


def test_forged_feedback_report_makes_no_complaint() -> None:  # hazard D4
    for strength in (E1, E2):
        plan = decide(complaint(strength), RECORD, SETTINGS, NOW)
        assert [s.state for s in plan.states[0].standings] == [State.HELD]
        assert plan.states[0].standings[0].until is not None
    unbound = decide(complaint(E3), RECORD, SETTINGS, NOW)  # the token's address is not known any more
    assert not unbound.states[0].has(State.COMPLAINT, NOW)


@pytest.mark.parametrize("strength", [E0, E1, E2, E3])
@pytest.mark.parametrize("confirmed", [True, False])
def test_forged_start_lifts_nothing(strength: object, confirmed: bool) -> None:  # hazard D5
    signal = start(strength, confirmed=confirmed)  # type: ignore[arg-type]
    for state in (State.COMPLAINT, State.OPT_OUT, State.HELD, State.HARD):
        plan = decide(signal, situation(standing(state), of_record=True, sent=SENT), SETTINGS, NOW)
        assert not plan.states


def test_two_agents_do_not_answer_each_other() -> None:  # hazard D9
    """Each takes the other's letter for a mail in which an opt-out word stands; it is marked as automatic."""
    letters, known = 0, RECORD
    for turn in range(100):
        now = NOW + timedelta(minutes=turn)
        mail = origin(content_key=f"turn-{turn}", received_at=now, written_at=now, message_id=f"<{turn}@b.example>")
        plan = decide(opt_out(E2, answerable=turn == 0), replace(known, origin=mail), SETTINGS, now)
        letters += len(plan.effects)
        known = replace(known, state=plan.states[0] if plan.states else known.state)
    assert letters == 1


def test_two_agents_that_hide_their_marks_stop_after_one() -> None:  # hazard D9
    known, letters = RECORD, 0
    for turn in range(100):
        now = NOW + timedelta(minutes=turn)
        mail = origin(content_key=f"turn-{turn}", received_at=now, written_at=now)
        plan = decide(opt_out(E2), replace(known, origin=mail), SETTINGS, now)
        if plan.effects:
            letters += 1
            known = replace(known, last_letter_at=now, last_confirmation_at=now)
    assert letters == 1


def test_a_token_acts_on_its_own_address_only() -> None:  # hazard D15
    """Mail from an alias with the subscribed address's token: that one is suppressed, and it gets the letter."""
    known = situation(sent=SENT, of_record=True, ever_known=True, origin=origin(sender=STRANGER))
    plan = decide(opt_out(E3), known, SETTINGS, NOW)
    assert plan.states[0].key == BUYER
    assert plan.effects[0].to == BUYER
    assert plan.effects[0].in_reply_to == ""


def test_a_token_of_somebody_else_proves_nothing_for_this_address() -> None:  # hazard D15
    """A request about data acts on the From address, whatever token stands beside it: that one must be his own."""
    other = situation(sent=replace(SENT, address=STRANGER), of_record=True, ever_known=True)
    expired = situation(sent=replace(SENT, id="b" * 13), of_record=True, ever_known=True)
    request = Privacy(address=BUYER, evidence=evidence(E3, Purpose.REPLY), answerable=True, kind=PrivacyKind.ERASE)
    for known in (other, expired):
        assert not decide(request, known, SETTINGS, NOW).effects
        assert decide(opt_out(E3), known, SETTINGS, NOW).row == "17"
        assert decide(bounce(E3), known, SETTINGS, NOW).row == "1b"
        assert decide(complaint(E3), known, SETTINGS, NOW).row == "12"


def test_a_reason_told_later_is_kept() -> None:
    """The body of a mail is read after its token has acted: it may add why."""
    first = decide(opt_out(E3), situation(sent=SENT, of_record=True), SETTINGS, NOW)
    because = replace(opt_out(E1, Manner.WORDING), reason=OptOutReason.TOO_FREQUENT)
    second = decide(because, replace(RECORD, state=first.states[0]), SETTINGS, NOW + DAY)
    assert [s.reason for s in second.states[0].standings] == ["too_frequent"]
    assert second.states[0].standings[0].rule == "15 rule"
    third = decide(replace(because, reason=OptOutReason.OTHER), replace(RECORD, state=second.states[0]), SETTINGS, NOW)
    assert not third.states


@pytest.mark.parametrize("state", [State.COMPLAINT, State.HARD, State.INACTIVE, State.REFUSED, State.DEAD_DOMAIN])
@pytest.mark.parametrize("signal", [opt_out(E1), opt_out(E2), opt_out(E3), start(E2)])
def test_no_letter_to_the_dead_or_to_complainers(state: State, signal: OptOut) -> None:  # hazard G5
    known = situation(standing(state), of_record=True, ever_known=True, sent=SENT)
    assert not decide(signal, known, SETTINGS, NOW).effects
    over = situation(standing(state, NOW - DAY), standing(State.OPT_OUT), of_record=True, ever_known=True, sent=SENT)
    assert decide(signal, over, SETTINGS, NOW).effects


@pytest.mark.parametrize("years", [-10, -1, 1, 10, 100])
def test_for_ever_outlives_every_clock(years: int) -> None:  # hazard E8
    """Neither the clock nor anything decided by a wrong clock ends a state without an end."""
    jumped = NOW + years * 365 * DAY
    before = AddressState(key=BUYER, standings=(standing(State.OPT_OUT), standing(State.PAUSED, NOW + 30 * DAY)))
    known = situation(origin=origin(received_at=jumped, written_at=NOW))
    assert not decide(Tick(address=BUYER, evidence=evidence(E0), timer="any"), replace(known, state=before), SETTINGS,
                      jumped).states  # fmt: skip
    later = decide(opt_out(E3), replace(known, state=before, sent=SENT), SETTINGS, jumped)
    after = later.states[0] if later.states else before
    assert after.has(State.OPT_OUT, jumped)
    assert after.has(State.OPT_OUT, NOW)
    assert after.has(State.PAUSED, NOW)


def test_own_people_are_never_suppressed() -> None:
    order = Order(address=BUYER, evidence=evidence(E3), kind=OrderKind.SUPPRESS, why="x", by="maria")
    for own in ("boss@exporter.example", "boss@mail.exporter.example", "optout@role.example", "x@T.exporter.example"):
        known = replace(RECORD, state=AddressState(key=key(own)), sent=replace(SENT, address=key(own)))
        for signal in (opt_out(E3), bounce(E3), complaint(E3), order):
            plan = decide(signal, known, SETTINGS, NOW)
            assert (plan.row, plan.states, plan.effects) == ("own", (), ())
        lifted = replace(known, state=AddressState(key=key(own), standings=(standing(State.HARD),)))
        by_hand = replace(lifted, origin=origin(door=Door.OPERATOR))
        plan = decide(replace(order, kind=OrderKind.LIFT), by_hand, SETTINGS, NOW)
        assert not plan.states[0].standings


def test_an_exact_replay_undoes_no_start_but_two_nameless_mails_both_count() -> None:
    """A mailbox read anew shows every old mail again; only mail without Message-ID and Date cannot be told apart."""
    again = replace(RECORD, duplicate=True)
    assert not decide(opt_out(E2), again, SETTINGS, NOW).states
    nameless = replace(again, origin=origin(message_id="", written_at=None))
    plan = decide(opt_out(E2), nameless, SETTINGS, NOW)
    assert plan.states[0].has(State.OPT_OUT, NOW)
    assert not plan.effects


def test_why_there_is_no_letter() -> None:
    """One place says it, in words."""
    plain = replace(RECORD, state=AddressState(key=BUYER))
    mail = origin()
    for change, words in (
        ({"duplicate": True, "origin": origin(message_id="", written_at=None)}, "answered before"),
        ({"letter_already_planned": True}, "weightier"),
        ({"weak_opt_outs_last_minute": 60}, "breaker"),
        ({"origin": origin(written_at=NOW - timedelta(hours=25))}, "too old"),
        ({"origin": origin(received_at=NOW - timedelta(hours=25), written_at=None)}, "too old"),
        ({"origin": origin(received_at=NOW - timedelta(hours=25), written_at=NOW + DAY)}, "too old"),
        ({"origin": origin(sender=STRANGER)}, "not proven who"),
        ({"origin": origin(sender=None)}, "not proven who"),
        ({"last_letter_at": NOW - timedelta(hours=23)}, "had a letter"),
        ({"last_letter_at": NOW + 400 * DAY}, "had a letter"),
        ({"last_confirmation_at": NOW - 29 * DAY}, "confirmed already"),
        ({"origin": mail, "state": AddressState(key=key("müller@buyer.example"))}, "ASCII"),
    ):
        plan = decide(opt_out(E2), replace(plain, **change), SETTINGS, NOW)
        assert words in plan.reason
        assert not plan.effects
    assert "machine" in decide(opt_out(E2, answerable=False), plain, SETTINGS, NOW).reason
    assert "sender is not proven" in decide(opt_out(E1), situation(), SETTINGS, NOW).reason


def test_a_letter_is_the_same_letter_when_the_mail_is_read_again() -> None:
    first = decide(opt_out(E2), RECORD, SETTINGS, NOW).effects[0]
    again = decide(opt_out(E2), RECORD, SETTINGS, NOW + timedelta(hours=1)).effects[0]
    assert (first.dedupe_key, first.token_id) == (again.dedupe_key, again.token_id)
    assert first.dedupe_key == "opt_out:ana@buyer.example:content-1"
    assert first.kind is LetterKind.OPT_OUT
    assert str(first.to.raw) == "Ana@buyer.example"
    other = decide(opt_out(E2), replace(RECORD, origin=origin(content_key="content-2")), SETTINGS, NOW).effects[0]
    assert other.dedupe_key != first.dedupe_key
    assert other.token_id != first.token_id
    unkeyed = decide(opt_out(E2), replace(RECORD, origin=origin(content_key="")), SETTINGS, NOW).effects[0]
    assert "<incoming-1@buyer.example>" in unkeyed.dedupe_key


@pytest.mark.parametrize(
    ("address", "stored", "written", "language"),
    [
        ("a@buyer.example", "de", "fr", "de"),
        ("a@buyer.example", "", "fr", "fr"),
        ("a@firma.de", "", "", "de"),
        ("a@company.com.cn", "", "", "zh-Hans"),
        ("a@пример.рф", "", "", "ru"),
        ("a@buyer.example", "", "", "en"),
    ],
)
def test_language(address: str, stored: str, written: str, language: str) -> None:
    person = key(address)
    known = situation(state=AddressState(key=person, language=stored), origin=origin(sender=person, language=written))
    plan = decide(opt_out(E2), known, SETTINGS, NOW)
    assert plan.effects[0].language == language
    assert plan.states[0].language == (stored or written)


def test_unproven_mail_teaches_no_language() -> None:
    plan = decide(opt_out(E1), replace(RECORD, origin=origin(language="fr")), SETTINGS, NOW)
    assert plan.states[0].language == ""
