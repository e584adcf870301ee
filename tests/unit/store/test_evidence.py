"""What the store remembers for proofs: mail that waits for the DNS, and returned mail that has proven a bounce."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.model.plan import Plan
from agent.model.settings import Limits
from agent.store import events, inbox, sent, situation
from agent.store.db import Db
from tests.unit.store.samples import NOW, SETTINGS, address, hard_bounce, message, origin

MINUTE = timedelta(minutes=1)
LIMITS = Limits(batch=10)


def taken(db: Db, after: timedelta) -> list[tuple[int, int, int]]:
    with db.transaction():
        return [(one.id, one.attempts, one.put_off) for one in inbox.take(db, LIMITS, NOW + after)]


def test_mail_that_was_put_off_waits_and_holds_nobody_up(db: Db) -> None:
    with db.transaction():
        first, second = inbox.accept(db, message("1")), inbox.accept(db, message("2"))
    assert taken(db, timedelta()) == [(first, 1, 0), (second, 1, 0)]
    with db.transaction():
        inbox.put_off(db, first, NOW + 5 * MINUTE)
        inbox.finish(db, second, "other", "", NOW)
        third = inbox.accept(db, message("3"))
    assert taken(db, MINUTE) == [(third, 1, 0)]
    with db.transaction():
        inbox.finish(db, third, "other", "", NOW)
    assert taken(db, 4 * MINUTE) == []
    assert taken(db, 5 * MINUTE) == [(first, 1, 1)]  # nothing counts against it
    with db.transaction():
        inbox.put_off(db, first, NOW + 9 * MINUTE)
    assert taken(db, 8 * MINUTE) == []
    assert taken(db, 9 * MINUTE) == [(first, 1, 2)]


def test_a_mail_that_failed_before_may_wait_too(db: Db) -> None:
    with db.transaction():
        number = inbox.accept(db, message("1"))
    taken(db, timedelta())
    assert taken(db, timedelta()) == [(number, 2, 0)]
    with db.transaction():
        inbox.put_off(db, number, NOW + MINUTE)
    assert taken(db, timedelta()) == []
    assert taken(db, MINUTE) == [(number, 2, 1)]


def test_a_wrong_clock_makes_no_mail_wait_for_years(db: Db) -> None:  # hazard E8
    with db.transaction():
        number = inbox.accept(db, message("1"))
        inbox.put_off(db, number, NOW + timedelta(days=4_000))
    assert taken(db, timedelta()) == [(number, 1, 1)]


@pytest.mark.parametrize(("about", "who", "used"), [("<1@x>", "buyer@example.com", True),
                                                     ("<2@x>", "buyer@example.com", False),
                                                     ("<1@x>", "other@example.com", False)])  # fmt: skip
def test_a_returned_mail_proves_one_bounce_of_one_address(db: Db, about: str, who: str, used: bool) -> None:
    # hazard D2
    bounce = replace(hard_bounce(who, about), own_signature=True)
    with db.transaction():
        facts = situation.load(db, bounce, origin(), SETTINGS, NOW)
        assert not facts.token_used
        first = replace(hard_bounce(about="<1@x>"), own_signature=True)
        before = situation.load(db, first, origin(), SETTINGS, NOW)
        event_id = events.append(db, events.describe(first, before, Plan(row="1", reason=""), NOW))
        assert sent.use_original(db, "<1@x>", address(), event_id)
        assert not sent.use_original(db, "<1@x>", address(), event_id)
        assert situation.load(db, bounce, origin(), SETTINGS, NOW).token_used is used
        assert not situation.load(db, replace(bounce, own_signature=False), origin(), SETTINGS, NOW).token_used
    assert b"buyer" not in db.connection.execute("SELECT digest FROM original_use").get
