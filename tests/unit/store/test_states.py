"""Address states, events and the send log: what is stored comes back, and nothing of the record can be changed."""

from dataclasses import replace
from datetime import timedelta

import apsw
import pytest

from agent.model.address import AddressKey, parse_key
from agent.model.mail import Purpose
from agent.model.plan import Plan
from agent.model.signal import Order, OrderKind, Strength
from agent.model.state import AddressState, Points, State
from agent.store import address_state, reads, sent
from agent.store.address_state import key_from_sql
from agent.store.db import Db
from agent.store.errors import StoreError
from tests.unit.store.samples import (
    NOW,
    address,
    evidence,
    happened,
    letter,
    opt_out,
    origin,
    sent_mail,
    standing,
    token,
)


def test_a_state_comes_back_as_it_was(db: Db) -> None:
    state = AddressState(
        key=address("Buyer@Example.com"),
        standings=(
            standing(State.OPT_OUT, "list:news"),
            replace(standing(State.SUSPECT, until=NOW + timedelta(days=30)), provisional=True),
        ),
        points=Points(total=1.5, full=1, first_at=NOW, last_at=NOW + timedelta(days=1)),
        language="zh-CN",
        engaged_at=NOW,
    )
    with db.transaction():
        address_state.save(db, state, happened(db))
    loaded = address_state.load(db, address("buyer@example.com"))
    assert replace(loaded, standings=()) == replace(state, standings=())
    assert set(loaded.standings) == set(state.standings)


def test_an_unknown_address_is_clean(db: Db) -> None:
    assert address_state.load(db, address()) == AddressState(key=address())


def test_saving_replaces_everything_and_remembers_which_event_set_what(db: Db) -> None:
    old, new = standing(State.OPT_OUT), standing(State.HARD)
    with db.transaction():
        first, second = happened(db), happened(db)
        address_state.save(db, AddressState(key=address(), standings=(old, standing(State.HELD))), first)
        address_state.save(db, AddressState(key=address(), standings=(old, new)), second)
    rows = db.connection.execute("SELECT state, event_id FROM standing ORDER BY state").fetchall()
    assert rows == [("hard", second), ("opt_out", first)]


def test_versions_only_grow(db: Db) -> None:
    with db.transaction():
        event_id = happened(db)
        for who in ("a@x.example", "b@x.example", "a@x.example"):
            address_state.save(db, AddressState(key=address(who)), event_id)
    assert db.connection.execute("SELECT key, version FROM address ORDER BY key").fetchall() == [
        ("a@x.example", 3),
        ("b@x.example", 2),
    ]


@pytest.mark.parametrize("text", ["@example.com", "a@example.com", '"a@b"@example.com', '"a b"@example.com'])
def test_a_key_survives_storage(text: str) -> None:
    key = parse_key(text)
    assert key is not None
    assert key_from_sql(str(key)) == key


def test_the_raw_form_is_kept_when_a_later_save_has_none(db: Db) -> None:
    with db.transaction():
        event_id = happened(db)
        address_state.save(db, AddressState(key=address("Buyer@Example.com")), event_id)
        address_state.save(db, AddressState(key=AddressKey(local="buyer", domain="example.com")), event_id)
    key = address_state.load(db, AddressKey(local="buyer", domain="example.com")).key
    assert key.raw == "Buyer@Example.com"


@pytest.mark.parametrize("statement", ["UPDATE event SET reason = 'x'", "DELETE FROM event", "DELETE FROM event_key"])
def test_events_are_for_ever(db: Db, statement: str) -> None:
    with db.transaction():
        happened(db)
    with pytest.raises(apsw.ConstraintError, match="never"), db.transaction():
        db.connection.execute(statement)


def test_history_tells_what_happened_to_an_address_and_its_domain(db: Db) -> None:
    domain = AddressState(key=address().domain_key, standings=(standing(State.DEAD_DOMAIN),))
    order = Order(address=address(), evidence=evidence(), kind=OrderKind.SUPPRESS, why="phone", by="Ann")
    with db.transaction():
        happened(db, opt_out(proof=token()), plan=Plan(row="15", reason="asked", effects=(letter(),)))
        happened(db, order, plan=Plan(row="3", reason="dead", states=(domain,)))
        happened(db, opt_out("other@example.com"))
    first, second = reads.history(db, address())
    assert (first.row, first.rule, first.excerpt, first.has_token) == ("15", "test", "please stop", True)
    assert (second.by, second.strength) == ("Ann", Strength.E1)
    assert second.before == AddressState(key=address())
    assert second.after == (domain,)
    assert second.at == NOW
    assert [event.id for event in reads.history(db, address().domain_key)] == [second.id]
    assert '"OptOut"' in first.signal


def test_the_send_log(db: Db) -> None:
    with db.transaction():
        sent.record(db, sent_mail(), "<1@acme.example>")
        sent.record(db, sent_mail("other@example.com", "bbbbbbbbbbbbb"), "<1@acme.example>")
    assert sent.find(db, "aaaaaaaaaaaaa") == sent_mail()
    assert sent.find(db, "ccccccccccccc") is None
    assert sent.by_message_id(db, "<1@acme.example>", address("other@example.com")) == sent_mail(
        "other@example.com", "bbbbbbbbbbbbb"
    )
    assert sent.by_message_id(db, "<1@acme.example>") is None  # whose it is, nobody can say
    with db.transaction():
        sent.record(db, sent_mail("third@example.com", "ccccccccccccd"), "<2@acme.example>")
    assert sent.by_message_id(db, "<2@acme.example>") == sent_mail("third@example.com", "ccccccccccccd")
    assert sent.by_message_id(db, "") is None


def test_a_token_acts_once_for_each_purpose(db: Db) -> None:
    with db.transaction():
        event_id = happened(db)
        assert not sent.token_used(db, "aaaaaaaaaaaaa", Purpose.BOUNCE)
        assert sent.use_token(db, "aaaaaaaaaaaaa", Purpose.BOUNCE, event_id)
        assert not sent.use_token(db, "aaaaaaaaaaaaa", Purpose.BOUNCE, event_id)
        assert sent.token_used(db, "aaaaaaaaaaaaa", Purpose.BOUNCE)
        assert not sent.token_used(db, "aaaaaaaaaaaaa", Purpose.UNSUBSCRIBE)


def test_a_changed_token_key_is_refused_loudly(db: Db) -> None:
    with db.transaction():
        sent.check_vectors(db, {"a": "1"})
        sent.check_vectors(db, {"a": "1", "b": "2"})
        with pytest.raises(StoreError, match="token key 'b' is not the key it was"):
            sent.check_vectors(db, {"b": "3"})


def test_check_asks_for_the_address_and_its_domain(db: Db) -> None:
    with db.transaction():
        event_id = happened(db)
        gone = standing(State.PAUSED, until=NOW)
        address_state.save(db, AddressState(key=address(), standings=(gone,)), event_id)
        dead = standing(State.DEAD_DOMAIN)
        address_state.save(db, AddressState(key=address().domain_key, standings=(dead,)), event_id)
    assert [(str(one.key), one.standing.state) for one in reads.check(db, address(), NOW)] == [
        ("@example.com", State.DEAD_DOMAIN)
    ]
    assert len(reads.check(db, address().domain_key, NOW)) == 1
    assert reads.check(db, address("a@other.example"), NOW) == ()
    assert [str(one.key) for one in reads.suppressed(db, NOW)] == ["@example.com"]


def test_counts(db: Db) -> None:
    assert reads.counts(db) == reads.Counts(inbox={}, outbox={})
    assert reads.counts(db).quarantine == 0
    with db.transaction():
        happened(db, where=origin(None, "k"))
    assert reads.counts(db).inbox == {}
