"""What `decide` is told: whom a signal is about, what is known of him, and how much else is going on."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from agent.model.mail import Purpose
from agent.model.plan import Done, GaveUp, LetterKind, Plan
from agent.model.signal import BounceReason, Complaint, HumanReply, Origin, Privacy, PrivacyKind, Signal, Strength
from agent.model.state import AddressState, Situation, State
from agent.store import address_state, inbox, outbox, sent, situation, waiting
from agent.store.db import Db, _queries
from tests.unit.store.samples import (
    NOW,
    SETTINGS,
    address,
    evidence,
    happened,
    hard_bounce,
    letter,
    message,
    opt_out,
    origin,
    sent_mail,
    standing,
    token,
)


def load(db: Db, signal: Signal, where: Origin | None = None, at: datetime = NOW) -> Situation:
    return situation.load(db, signal, where or origin(), SETTINGS, at)


def contact(db: Db, who: str) -> None:
    key = address(who)
    db.connection.execute("INSERT INTO contacts (key, raw, domain) VALUES (?, ?, ?)", (str(key), key.raw, key.domain))


def test_a_stranger(db: Db) -> None:
    clean = AddressState(key=address())
    domain = AddressState(key=address().domain_key)
    assert load(db, opt_out()) == Situation(state=clean, origin=origin(), domain_state=domain)


def test_a_token_makes_its_address_the_subject(db: Db) -> None:
    with db.transaction():
        sent.record(db, sent_mail("boss@example.com"))
        address_state.save(
            db, AddressState(key=address("boss@example.com"), standings=(standing(State.HELD),)), happened(db)
        )
    found = load(db, opt_out("assistant@example.com", token(), Strength.E3))
    assert str(found.state.key) == "boss@example.com"
    assert found.state.has(State.HELD, NOW)
    assert found.sent == sent_mail("boss@example.com")
    assert (found.of_record, found.token_purpose, found.token_used) == (True, Purpose.UNSUBSCRIBE, False)
    reply = HumanReply(address=address("assistant@example.com"), evidence=evidence(Strength.E3, token()))
    assert str(load(db, reply).state.key) == "assistant@example.com"
    assert not load(db, reply).of_record


def test_a_token_of_an_unknown_id_acts_on_the_sender(db: Db) -> None:
    found = load(db, opt_out(proof=token(), strength=Strength.E3))
    assert (found.state.key, found.sent, found.of_record) == (address(), None, False)
    assert found.token_purpose is Purpose.UNSUBSCRIBE


def test_a_token_that_acted_is_known_as_used(db: Db) -> None:
    with db.transaction():
        sent.use_token(db, token().id, Purpose.UNSUBSCRIBE, happened(db))
    assert load(db, opt_out(proof=token())).token_used
    assert not load(db, opt_out(proof=token(purpose=Purpose.CONFIRM))).token_used


def test_a_message_id_finds_the_row_but_does_not_change_the_subject(db: Db) -> None:
    with db.transaction():
        sent.record(db, sent_mail("buyer@example.com"), "<1@acme.example>")
    assert load(db, hard_bounce(about="<1@acme.example>")).sent == sent_mail()
    assert load(db, hard_bounce("other@example.com", about="<1@acme.example>")).sent is None
    nobody = Complaint(address=None, evidence=evidence(), feedback_type="abuse", original_message_id="<1@acme.example>")
    found = load(db, nobody)
    assert found.sent == sent_mail()
    assert found.state == AddressState(key=situation.NOBODY)


def test_of_record_and_ever_known(db: Db) -> None:
    with db.transaction():
        sent.record(db, sent_mail("letter@example.com", letter=True))
    found = load(db, opt_out("letter@example.com"))
    assert (found.of_record, found.ever_known, found.marketing_minted) == (False, False, False)
    with db.transaction():
        contact(db, "contact@example.com")
    found = load(db, opt_out("contact@example.com"))
    assert (found.of_record, found.ever_known, found.marketing_minted) == (True, True, False)
    with db.transaction():
        sent.record(db, sent_mail("buyer@example.com", "bbbbbbbbbbbbb"))
    found = load(db, opt_out("buyer@example.com"))
    assert (found.of_record, found.ever_known, found.marketing_minted) == (True, True, True)
    assert not load(db, opt_out("stranger@example.com")).of_record


# hazard A18
def test_the_same_content_in_another_mail_is_a_duplicate(db: Db) -> None:
    with db.transaction():
        one, two = (inbox.accept(db, message(reference)) for reference in ("smtp:1", "smtp:2"))
        happened(db, where=origin(one, "key"))
    assert load(db, opt_out(), origin(two, "key")).duplicate
    assert load(db, opt_out(), origin(None, "key")).duplicate
    assert not load(db, opt_out(), origin(one, "key")).duplicate
    assert not load(db, opt_out(), origin(two, "")).duplicate


def test_letters_of_three_windows(db: Db) -> None:
    who = "buyer@example.com"
    with db.transaction():
        outbox.add(db, letter(who, LetterKind.OPT_OUT, 1), NOW)
        outbox.add(db, letter(who, LetterKind.TOPIC, 2), NOW + timedelta(hours=1))
        outbox.add(db, letter(who, LetterKind.START_CONFIRM, 3), NOW + timedelta(hours=2))
        for claimed in outbox.claim(db, NOW + timedelta(hours=2), 9):
            outbox.outcome(db, claimed.id, GaveUp(why="refused"), NOW + timedelta(hours=2))
    found = load(db, opt_out(who), at=NOW + timedelta(hours=3))
    assert found.last_confirmation_at == NOW
    assert found.last_letter_at == NOW + timedelta(hours=1)
    assert found.last_start_letter_at == NOW + timedelta(hours=2)


def test_a_letter_that_still_waits_counts_as_of_now(db: Db) -> None:
    with db.transaction():
        outbox.add(db, letter(), NOW)
        late = NOW + timedelta(days=2)
        assert load(db, opt_out(), at=late).last_letter_at == late
        (claimed,) = outbox.claim(db, late, 9)
        outbox.outcome(db, claimed.id, Done(), late)
    assert load(db, opt_out(), at=late + timedelta(days=1)).last_letter_at == late


def test_breaker_of_mass_forgery_counts_what_is_unproven(db: Db) -> None:
    complaint = Complaint(address=address(), evidence=evidence(), feedback_type="abuse")
    with db.transaction():
        happened(db, opt_out(), NOW - timedelta(seconds=59))
        happened(db, complaint, NOW)
        happened(db, opt_out(), NOW - timedelta(seconds=61))
        happened(db, opt_out(proof=token()), NOW)
        happened(db, opt_out(strength=Strength.E2), NOW)
        happened(db, hard_bounce(), NOW)
    assert load(db, opt_out()).weak_opt_outs_last_minute == 2
    assert load(db, complaint).weak_opt_outs_last_minute == 2


def test_breaker_of_mass_false_bounces(db: Db) -> None:
    with db.transaction():
        for n in range(3):
            sent.record(db, sent_mail(f"{n}@example.com", f"{n:a>13}"))
        contact(db, "2@example.com")
        contact(db, "9@example.com")
        contact(db, "9@other.example")
        happened(db, hard_bounce("1@example.com"), NOW - timedelta(hours=23))
        happened(db, hard_bounce("1@example.com"), NOW - timedelta(minutes=59))
        happened(db, hard_bounce("2@example.com"), NOW)
        happened(db, hard_bounce("3@example.com"), NOW - timedelta(hours=25))
        happened(db, hard_bounce("1@other.example"), NOW)
        happened(db, replace(hard_bounce("4@example.com"), reason=BounceReason.HOST_UNKNOWN), NOW)
        happened(db, replace(hard_bounce("5@example.com"), delayed=True), NOW)
        happened(db, replace(hard_bounce("6@example.com"), evidence=evidence(Strength.E3)), NOW)
    found = load(db, hard_bounce("buyer@example.com"))
    assert found.domain_recipients == 4
    assert found.domain_hard_last_day == 3
    assert found.weak_hard_last_hour == 3


def test_earlier_suspicions(db: Db) -> None:
    suspected = Plan(row="1b", reason="gone?")
    with db.transaction():
        happened(db, hard_bounce(about="<old@x>"), NOW - timedelta(days=181), plan=suspected)
        happened(db, hard_bounce(about="<1@x>"), NOW - timedelta(days=9), plan=suspected)
        happened(db, hard_bounce(about="<late@x>"), NOW - timedelta(days=8), plan=Plan(row="7", reason="late"))
        happened(db, hard_bounce(about=""), NOW - timedelta(days=2), where=origin(None, "content"), plan=suspected)
        happened(db, replace(hard_bounce(), evidence=evidence(Strength.E3)), NOW - timedelta(days=1))
        happened(db, hard_bounce("other@example.com"), NOW - timedelta(days=1), plan=suspected)
    found = load(db, hard_bounce()).earlier_suspicions
    assert [(one.at, one.about) for one in found] == [
        (NOW - timedelta(days=9), "<1@x>"),
        (NOW - timedelta(days=2), "content"),
    ]


def test_an_address_that_bounced_before_is_not_counted_twice(db: Db) -> None:
    with db.transaction():
        happened(db, hard_bounce(), NOW - timedelta(hours=1))
        happened(db, hard_bounce("other@example.com"), NOW - timedelta(hours=1))
    assert load(db, hard_bounce()).domain_hard_last_day == 1


def test_objections_are_counted_by_domain_and_ip(db: Db) -> None:
    blocked = replace(
        hard_bounce(), reason=BounceReason.BLOCKED, diagnostic="554 5.7.1 host [192.0.2.9] blocked at 10:00:00"
    )  # fmt: skip
    fresh = load(db, blocked).objections
    assert fresh is not None
    assert (fresh.our_domain, fresh.our_ip, fresh.earlier, fresh.told) == ("acme.example", "192.0.2.9", 0, False)
    with db.transaction():
        waiting.object_to(db, fresh, "example.com", happened(db), NOW - timedelta(hours=2), told=True)
        waiting.object_to(db, fresh, "example.com", happened(db), NOW - timedelta(hours=25), told=False)
        waiting.object_to(db, replace(fresh, our_ip="192.0.2.8"), "example.com", happened(db), NOW, told=False)
        waiting.object_to(db, fresh, "other.example", happened(db), NOW, told=False)
    known = load(db, blocked).objections
    assert known is not None
    assert (known.earlier, known.told) == (1, True)


def test_the_size_of_a_send(db: Db) -> None:
    with db.transaction():
        for n in range(4):
            sent.record(db, sent_mail(f"{n}@example.com", f"{n:a>13}"), f"<{n}@acme.example>")
    found = load(db, hard_bounce("1@example.com", about="<1@acme.example>")).objections
    assert found is not None
    assert found.send_size == 4


def test_tags_and_the_state_of_the_domain(db: Db) -> None:
    with db.transaction():
        contact(db, "buyer@example.com")
        db.connection.execute("UPDATE contacts SET tags = 'VIP; valves, berlin'")
        dead = AddressState(key=address().domain_key, standings=(standing(State.DEAD_DOMAIN),))
        address_state.save(db, dead, happened(db))
    found = load(db, opt_out())
    assert found.tags == ("vip", "valves", "berlin")
    assert found.domain_state == dead


@pytest.mark.parametrize(
    ("sender", "colleague"),
    [("boss@mail.buyer.example", True), ("ana@buyer.example", False), ("x@other.example", False)],
)
def test_a_colleague(db: Db, sender: str, colleague: bool) -> None:
    where = replace(origin(), sender=address(sender))
    assert load(db, opt_out("ana@buyer.example"), where).same_organisation is colleague


def test_nobody_is_a_colleague_at_a_public_provider(db: Db) -> None:
    where = replace(origin(), sender=address("x@gmail.com"))
    assert not load(db, opt_out("ana@gmail.com"), where).same_organisation


def test_a_request_about_data_is_about_whom_the_token_was_minted_for(db: Db) -> None:
    with db.transaction():
        sent.record(db, sent_mail("boss@example.com"))
    ask = Privacy(
        address=address("alias@example.com"), evidence=evidence(Strength.E3, token()), answerable=True,
        kind=PrivacyKind.ERASE,
    )  # fmt: skip
    assert str(load(db, ask).state.key) == "boss@example.com"
    returned = replace(ask, evidence=evidence(Strength.E3, token(purpose=Purpose.BOUNCE)))
    assert str(load(db, returned).state.key) == "alias@example.com"


@pytest.mark.parametrize(
    "query",
    ["event_weak_opt_outs", "event_weak_hard", "event_suspicions", "event_domain_hard", "event_content_seen",
     "letters_last", "outbox_due", "address_changed", "sent_by_message_id",
     "sent_by_message_id_and_key", "inbox_fresh", "inbox_tried", "inbox_exhausted", "ledger_unsettled", "ledger_known",
     "event_history", "outbox_rate", "standings", "domain_recipients", "timers_due", "reviews_due", "review_is_open",
     "ticket_is_open", "objections_since", "send_size", "contact_tags", "erased_any", "batch_keys"],
)  # fmt: skip
def test_no_question_of_the_hot_path_reads_a_whole_table(db: Db, query: str) -> None:
    asked = getattr(_queries(), query)
    rows = db.connection.execute("EXPLAIN QUERY PLAN " + asked.sql, dict.fromkeys(asked.parameters, 1))
    plan = [str(row[3]) for row in rows]
    # An index of what is waiting holds nothing else, so reading all of it is fine.
    fine = ("SCAN (", "VIRTUAL TABLE", "CONSTANT ROW", "INDEX inbox_waiting", "INDEX outbox_busy")
    assert not [line for line in plan if line.startswith("SCAN") and not any(word in line for word in fine)], plan
