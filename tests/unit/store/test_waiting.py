"""What waits in the store: set, moved, heard and ended once; written with the decision, and rolled back with it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.model.plan import Closed, NewReview, NewTicket, SetTimer
from agent.model.signal import Timer, Verdict
from agent.model.state import AddressState, Situation, State, TicketKind
from agent.store import address_state, erased, inbox, outbox, reads, sent, waiting
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.public import Public, publish, repair
from tests.unit.store.samples import (
    NOW,
    address,
    happened,
    letter,
    message,
    opt_out,
    origin,
    sent_mail,
    standing,
)

HOUR = timedelta(hours=1)


def facts(who: str = "buyer@example.com") -> Situation:
    return Situation(state=AddressState(key=address(who)), origin=origin(content_key="content"))


def put_review(db: Db, row: str = "20", due: bool = True) -> None:
    wanted = NewReview(
        why="may be one", first=Verdict.OPT_OUT, second=Verdict.REPLY, timeout=Verdict.OPT_OUT if due else None,
        due_at=NOW + HOUR if due else None,
    )  # fmt: skip
    with db.transaction():
        waiting.open_review(db, wanted, opt_out(), facts(), row, happened(db), NOW)


def test_a_timer_is_moved_by_the_later_call_and_heard_once(db: Db) -> None:
    key = address()
    with db.transaction():
        waiting.set_timer(db, SetTimer(key=key, timer=Timer.REMINDER, due_at=NOW, about="all"))
        waiting.set_timer(db, SetTimer(key=key, timer=Timer.REMINDER, due_at=NOW + HOUR, about="all"))
        waiting.set_timer(db, SetTimer(key=key.domain_key, timer=Timer.DOMAIN, due_at=NOW))
    assert waiting.due_timers(db, NOW) == ()
    (domain,) = waiting.due_timers(db, NOW, domains=True)
    assert (domain.key, domain.timer) == (key.domain_key, Timer.DOMAIN)
    (due,) = waiting.due_timers(db, NOW + HOUR)
    assert (due.key, due.timer, due.about) == (key, Timer.REMINDER, "all")
    with db.transaction():
        waiting.end_timer(db, due)
    assert waiting.due_timers(db, NOW + 9 * HOUR) == ()


def test_a_review_comes_back_as_it_was_put(db: Db) -> None:
    put_review(db)
    (found,) = waiting.open_reviews(db)
    assert found == waiting.review_of(db, found.id)
    assert (found.key, found.row, found.first, found.second) == (address(), "20", Verdict.OPT_OUT, Verdict.REPLY)
    assert (found.evidence, found.origin, found.timeout) == (
        opt_out().evidence, origin(content_key="content"), Verdict.OPT_OUT,
    )  # fmt: skip
    assert waiting.due_reviews(db, NOW) == ()
    assert waiting.due_reviews(db, NOW + HOUR) == (found.id,)
    with db.transaction():
        waiting.out_of_time(db, found.id)
    assert waiting.due_reviews(db, NOW + HOUR) == ()
    assert len(waiting.open_reviews(db)) == 1


def test_the_first_decision_stands(db: Db) -> None:
    put_review(db)
    for verdict, by in ((Verdict.REPLY, "Mei"), (Verdict.OPT_OUT, "Ann")):
        with db.transaction():
            waiting.close(db, Closed(verdict=verdict, by=by, review=1), NOW)
    found = waiting.review_of(db, 1)
    assert (found.verdict, found.by, found.decided_at) == (Verdict.REPLY, "Mei", NOW)
    assert waiting.open_reviews(db) == ()
    with pytest.raises(StoreError, match="there is no review 2"):
        waiting.review_of(db, 2)


def test_what_has_no_clock_waits_once(db: Db) -> None:
    for _ in range(3):
        put_review(db, "8", due=False)
    put_review(db, "10", due=False)
    put_review(db, "20")
    put_review(db, "20")
    assert sorted(one.row for one in waiting.open_reviews(db)) == ["10", "20", "20", "8"]


def test_one_ticket_of_a_kind_is_open(db: Db) -> None:
    erase = NewTicket(kind=TicketKind.ERASE, what="erase him", due_at=NOW + 30 * 24 * HOUR)
    task = NewTicket(kind=TicketKind.TASK, what="call him")
    with db.transaction():
        for wanted in (erase, erase, task, task, replace(task, what="write him")):
            waiting.open_ticket(db, wanted, facts(), happened(db), NOW)
        waiting.open_ticket(db, erase, facts("other@example.com"), happened(db), NOW)
    assert [(one.kind.value, one.what) for one in waiting.tickets(db, done=False)] == [
        ("erase", "erase him"), ("erase", "erase him"), ("task", "call him"), ("task", "write him"),
    ]  # fmt: skip
    with db.transaction():
        waiting.close(db, Closed(verdict=Verdict.DONE, by="Mei", note="done", ticket=1), NOW)
        waiting.close(db, Closed(verdict=Verdict.DONE, by="Ann", note="again", ticket=1), NOW + HOUR)
        waiting.open_ticket(db, erase, facts(), happened(db), NOW + HOUR)
    done = waiting.ticket_of(db, 1)
    assert (done.by, done.note, done.done_at) == ("Mei", "done", NOW)
    assert len(waiting.tickets(db, done=True)) == 5
    with pytest.raises(StoreError, match="there is no ticket 9"):
        waiting.ticket_of(db, 9)


def test_a_breaker_is_open_while_something_falls_under_it(db: Db) -> None:
    with db.transaction():
        waiting.breaker_fell(db, "B1-20260301T120000", NOW)
        waiting.breaker_fell(db, "B2-example.com-20260301T100000", NOW - 2 * HOUR)
    assert waiting.open_breakers(db, NOW + HOUR / 2) == ("B1-20260301T120000",)
    assert waiting.open_breakers(db, NOW + HOUR) == ()


def test_the_addresses_of_a_batch(db: Db) -> None:
    with db.transaction():
        for who, batch in (("a@example.com", "run-1"), ("b@example.com", "run-2"), ("c@example.com", "run-1")):
            state = AddressState(key=address(who), standings=(replace(standing(), batch=batch),))
            address_state.save(db, state, happened(db))
    assert [str(key) for key in waiting.batch_keys(db, "run-1")] == ["a@example.com", "c@example.com"]
    assert waiting.batch_keys(db, "") == ()
    assert address_state.load(db, address("a@example.com")).standings[0].batch == "run-1"


# hazard E15
def test_an_erased_person_is_kept_from_mail_and_met_again_by_his_own_mail(db: Db, public: Public) -> None:
    who = address()
    with db.transaction():
        number = inbox.accept(db, message("smtp:1", b"from buyer"))
        inbox.finish(db, number, "erase", "content", NOW)
        event_id = happened(db, where=origin(number, "content"))
        address_state.save(db, AddressState(key=who, standings=(standing(State.OPT_OUT),)), event_id)
        sent.record(db, sent_mail())
        outbox.add(db, letter(), NOW)
    publish(db, public, NOW)
    with pytest.raises(StoreError, match="still waits"), db.transaction():
        erased.erase(db, who)
    assert reads.history(db, who)
    with db.transaction():
        db.connection.execute("UPDATE outbox SET status = 'done'")
        erased.erase(db, who)
    repair(db, public, NOW)
    assert not list(public.file.connection.execute("SELECT * FROM suppressed"))
    assert reads.history(db, who) == ()
    found = sent.find(db, "a" * 13)
    assert found is not None
    assert found.address.domain == "erased.invalid"
    assert db.connection.execute("SELECT count(*) FROM inbox_raw").get == 0
    assert [one.standing.state for one in reads.check(db, who, NOW)] == [State.OPT_OUT]
    state = address_state.load(db, who)
    with db.transaction():  # he writes again and is let in again
        address_state.save(db, replace(state, standings=()), happened(db))
    assert reads.check(db, who, NOW) == ()


def test_events_are_changed_by_nothing_else(db: Db) -> None:
    with db.transaction():
        happened(db)
    for change in ("row = '1'", "domain = 'erased.invalid', row = '1'", "reason = 'x'", "key = 'x'"):
        with pytest.raises(Exception, match="events are never changed"), db.transaction():
            db.connection.execute(f"UPDATE event SET {change}")
    with pytest.raises(Exception, match="events are never changed"), db.transaction():
        db.connection.execute("UPDATE event_key SET key = 'x@example.com'")


def test_what_waits_is_rolled_back_with_its_decision(db: Db) -> None:
    class StoppedError(Exception):
        pass

    def halfway() -> None:
        waiting.set_timer(db, SetTimer(key=address(), timer=Timer.STRANGER, due_at=NOW))
        raise StoppedError

    with pytest.raises(StoppedError), db.transaction():
        halfway()
    assert waiting.due_timers(db, NOW) == ()
