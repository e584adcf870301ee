"""The inbox and the ledger: accept once, count before tasting, poison alone, nothing starves."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from agent.model.mail import Role
from agent.model.settings import Limits, Retention
from agent.store import inbox, ledger, reads
from agent.store.db import Db
from agent.store.errors import StoreError
from agent.store.ledger import MailboxPlace
from tests.unit.store.samples import NOW, message

LIMITS = Limits(batch=3, attempts=3)


def fill(db: Db, many: int, start: int = 1) -> None:
    for n in range(start, start + many):
        inbox.accept(db, message(f"smtp:{n}"))


def ids(db: Db, limits: Limits = LIMITS) -> list[int]:
    return [taken.id for taken in inbox.take(db, limits, NOW)]


# hazard A18
def test_the_same_reference_is_one_mail(db: Db) -> None:
    with db.transaction():
        assert inbox.accept(db, message("smtp:1")) == inbox.accept(db, message("smtp:1", b"other")) == 1
        assert inbox.accept(db, message("smtp:2")) == 2
        assert inbox.take(db, LIMITS, NOW)[0].message.raw == message().raw


def test_a_mail_comes_back_as_it_was(db: Db) -> None:

    sent = replace(
        message(raw=bytes(range(256))), envelope_from=None, envelope_to=("ü@x.example", "b"), role=Role.REPLY
    )
    with db.transaction():
        inbox.accept(db, sent)
        assert inbox.take(db, LIMITS, NOW)[0].message == sent


def test_fresh_mail_comes_in_batches_with_its_attempt_counted(db: Db) -> None:
    with db.transaction():
        fill(db, 5)
        first, second = inbox.take(db, LIMITS, NOW), inbox.take(db, LIMITS, NOW)
    assert [(taken.id, taken.attempts) for taken in first] == [(1, 1), (2, 1), (3, 1)]
    assert [taken.id for taken in second] == [4, 5]


# hazard A19, K4
def test_what_was_tried_comes_back_alone_then_is_set_aside_with_its_error(db: Db) -> None:
    with db.transaction():
        fill(db, 2)
        assert ids(db) == [1, 2]
        assert ids(db) == [1]
        assert ids(db) == [2]
        inbox.failed(db, 1, "the reader was killed")
        assert ids(db) == [1]
        assert ids(db) == [2]
        assert ids(db) == []
    found = inbox.quarantine_list(db)
    assert [(one.id, one.attempts, one.why) for one in found] == [
        (1, 3, "the reader was killed"),
        (2, 3, "the program died while working on it"),
    ]


def test_neither_fresh_nor_retried_mail_starves(db: Db) -> None:
    with db.transaction():
        fill(db, 3)
        assert ids(db) == [1, 2, 3]
        seen = []
        for n in range(10, 50):
            fill(db, 1, n)
            seen.append(ids(db))
        assert [1] in seen[:4]
        assert [3] in seen
        assert sum(len(one) for one in seen) >= 35


def test_done_and_failed(db: Db) -> None:
    with db.transaction():
        fill(db, 2)
        ids(db)
        inbox.finish(db, 1, "unsubscribe", "key", NOW)
        inbox.failed(db, 2, "why")
        assert ids(db) == [2]


def test_after_its_token_acted_a_mail_comes_again_with_fresh_attempts(db: Db) -> None:
    with db.transaction():
        fill(db, 2)
        ids(db)
        inbox.token_applied(db, 1)
        inbox.finish(db, 2, "reply", "", NOW)
        (again,) = inbox.take(db, LIMITS, NOW)
        assert (again.token_applied, again.attempts) == (True, 1)
        inbox.set_aside(db, 1, "too many parts", NOW)
        inbox.quarantine_retry(db, 1)
        assert inbox.take(db, LIMITS, NOW)[0].token_applied


def test_quarantine(db: Db) -> None:
    with db.transaction():
        fill(db, 2)
        ids(db)
        for one in (1, 2):
            inbox.set_aside(db, one, "broken", NOW)
        assert inbox.quarantine_show(db, 1) == message().raw
        inbox.quarantine_retry(db, 1)
        assert [(taken.id, taken.attempts) for taken in inbox.take(db, LIMITS, NOW)] == [(1, 1)]
        inbox.quarantine_drop(db, 2, NOW)
        assert inbox.quarantine_list(db) == ()
        assert inbox.accept(db, message("smtp:2")) == 2  # never fetched again
        for act in (inbox.quarantine_show, inbox.quarantine_retry):
            with pytest.raises(StoreError, match="no mail 2 is in quarantine"):
                act(db, 2)
        with pytest.raises(StoreError, match="no mail 7"):
            inbox.quarantine_drop(db, 7, NOW)


# hazard J6
def test_old_bytes_are_forgotten(db: Db) -> None:
    with db.transaction():
        fill(db, 4)
        ids(db, Limits())
        inbox.finish(db, 1, "reply", "", NOW)
        inbox.finish(db, 2, "reply", "", NOW + timedelta(days=5))
        inbox.set_aside(db, 3, "broken", NOW)
        assert inbox.forget_raw(db, NOW + timedelta(days=31), Retention()) == 1
        assert inbox.forget_raw(db, NOW + timedelta(days=31), Retention()) == 0
        assert inbox.forget_raw(db, NOW + timedelta(days=91), Retention()) == 2
        assert inbox.quarantine_list(db) == ()
        assert [taken.id for taken in inbox.take(db, LIMITS, NOW)] == [4]


def place(uid: int, uidvalidity: int = 7) -> MailboxPlace:
    return MailboxPlace(account="sales", folder="INBOX", uidvalidity=uidvalidity, uid=uid)


def test_the_ledger_knows_what_was_stored_settled_or_skipped(db: Db) -> None:
    with db.transaction():
        inbox.accept(db, message("imap:1"), place(1))
        inbox.accept(db, message("imap:2"), place(2))
        inbox.accept(db, message("imap:2"), place(2))
        ledger.skip(db, place(3), "too old")
        assert ledger.known_uids(db, "sales", "INBOX", 7, range(1, 6)) == {1, 2, 3}
        assert ledger.known_uids(db, "sales", "INBOX", 8, range(1, 6)) == frozenset()
        assert ledger.known_uids(db, "sales", "INBOX", 7, ()) == frozenset()
        assert ledger.unsettled(db, "sales", "INBOX", 7) == (1, 2)
        ledger.settle(db, "sales", "INBOX", 7, (1,))
        ledger.skip(db, place(2), "vanished")
        ledger.skip(db, place(1), "vanished")
        assert ledger.unsettled(db, "sales", "INBOX", 7) == ()


def test_mail_and_ledger_are_stored_together_or_not_at_all(db: Db) -> None:
    def fail_after_storing() -> None:
        inbox.accept(db, message("imap:1"), place(1))
        raise KeyError

    with pytest.raises(KeyError), db.transaction():
        fail_after_storing()
    assert ledger.known_uids(db, "sales", "INBOX", 7, (1,)) == frozenset()


def test_what_stays_as_it_is_in_the_mailbox_is_settled_as_soon_as_it_is_stored(db: Db) -> None:
    with db.transaction():
        left = structs.replace(place(1), settled=True)
        inbox.accept_many(db, [(message("imap:1"), left), (message("imap:2"), place(2))])
        assert ledger.known_uids(db, "sales", "INBOX", 7, (1, 2)) == {1, 2}
        assert ledger.unsettled(db, "sales", "INBOX", 7) == (2,)


def test_an_id_is_never_given_twice(db: Db) -> None:
    with db.transaction():
        (first,) = inbox.accept_many(db, [(message("a"), None)])
        db.connection.execute("DELETE FROM inbox")
        assert inbox.accept_many(db, [(message("b"), None), (message("c"), None)]) == (first + 1, first + 2)


def test_every_column_is_kept_as_it_came(db: Db) -> None:
    odd = replace(
        message("imap:\u2028\"ü\\"), envelope_from='"a b"@exämple.com', envelope_to=('"q\\"@x.example', "ü@x.example"),
        raw=bytes(range(256)), role=Role.BOUNCE,
    )  # fmt: skip
    empty = replace(message("b"), envelope_from=None, envelope_to=(), raw=b"", role=None)
    with db.transaction():
        inbox.accept_many(db, [(odd, None), (empty, None)])
        assert [taken.message for taken in inbox.take(db, LIMITS, NOW)] == [odd, empty]


def test_the_first_start_is_remembered(db: Db) -> None:
    with db.transaction():
        assert ledger.first_start(db, "sales", "INBOX", NOW) == NOW
        assert ledger.first_start(db, "sales", "INBOX", NOW + timedelta(days=9)) == NOW
        assert ledger.first_start(db, "sales", "Junk", NOW + timedelta(days=9)) == NOW + timedelta(days=9)


def test_many_at_once_are_stored_in_their_order_and_each_once(db: Db) -> None:
    with db.transaction():
        first = inbox.accept(db, message("b"))
        stored = inbox.accept_many(
            db, [(message("a"), place(1)), (message("b"), place(2)), (message("c"), place(3)), (message("a"), place(4))]
        )
        assert stored[1] == first
        assert stored[0] == stored[3]
        assert len(set(stored)) == 3
        assert inbox.accept_many(db, ()) == ()
        taken = inbox.take(db, Limits(), NOW)
        assert {one.id: one.message.source.reference for one in taken} == dict(zip(stored[:3], "abc", strict=True))
        assert ledger.known_uids(db, place(1).account, place(1).folder, 7, range(9)) == {1, 2, 3, 4}


def test_what_was_only_observed_waits_unseen_until_it_is_resumed(db: Db) -> None:
    with db.transaction():
        looked_at, other = (inbox.accept(db, message(name)) for name in "ab")
        inbox.take(db, Limits(), NOW)
        inbox.observed(db, looked_at, "unsubscribe")
        inbox.finish(db, other, "reply", "", NOW)
        assert inbox.take(db, Limits(attempts=1), NOW) == ()
        ends = {(end.status, end.kind): end.mails for end in inbox.ends(db, (looked_at, other))}
        assert ends == {("observed", "unsubscribe"): 1, ("done", "reply"): 1}
        assert reads.counts(db).inbox == {"observed": 1, "done": 1}
        assert (inbox.resume_observed(db), inbox.resume_observed(db)) == (1, 0)
        (again,) = inbox.take(db, Limits(), NOW)
        assert (again.id, again.attempts) == (looked_at, 1)


def test_a_rehearsal_leaves_nothing(db: Db) -> None:
    with db.transaction():
        with db.rehearsal():
            inbox.accept(db, message("a"))
        with pytest.raises(StoreError), db.rehearsal():
            inbox.quarantine_retry(db, inbox.accept(db, message("a")))
        assert inbox.newest(db) == 0
