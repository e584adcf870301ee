"""The outbox: each effect once, none done twice, no more an hour than allowed."""

from datetime import timedelta

import pytest

from agent.model.plan import Done, GaveUp, Halt, LetterKind, Outcome, RetryAt, Unknown
from agent.model.settings import LetterSettings, Retention
from agent.store import dossier, outbox, reads, sent
from agent.store.db import Db
from tests.unit.store.samples import NOW, address, letter

HOUR = timedelta(hours=1)
SENT = b"Subject: you left\r\n\r\n" + b"Good bye.\r\n" * 99


def status(db: Db) -> object:
    return db.connection.execute("SELECT status, detail FROM outbox").get


def test_one_dedupe_key_is_one_letter(db: Db) -> None:
    with db.transaction():
        assert outbox.add(db, letter(), NOW)
        assert not outbox.add(db, letter(), NOW + HOUR)
    minted = sent.find(db, letter().token_id)
    assert minted is not None
    assert (minted.letter, str(minted.address)) == (True, "buyer@example.com")
    assert reads.counts(db).outbox == {"waiting": 1}


def test_a_claim_gives_the_letter_back_and_is_not_given_twice(db: Db) -> None:
    with db.transaction():
        outbox.add(db, letter(), NOW)
        (claimed,) = outbox.claim(db, NOW, 9)
        assert outbox.claim(db, NOW, 9) == ()
    assert (claimed.effect, claimed.attempts, claimed.created_at) == (letter(), 1, NOW)


def test_only_what_is_due_oldest_first_and_no_more_than_asked(db: Db) -> None:
    with db.transaction():
        for n in (1, 2, 3):
            outbox.add(db, letter(n=n), NOW + n * HOUR)
        assert outbox.claim(db, NOW, 9) == ()
        assert [one.effect.token_id[-1] for one in outbox.claim(db, NOW + 9 * HOUR, 2)] == ["1", "2"]


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        (Done(detail="250 ok"), ("done", "250 ok")),
        (GaveUp(why="550 no"), ("gave_up", "550 no")),
        (Unknown(why="silence"), ("unknown", "silence")),
        (RetryAt(when=NOW + HOUR, why="451 later"), ("waiting", "451 later")),
        (Halt(when=NOW + HOUR, why="535 login"), ("waiting", "535 login")),
    ],
)
def test_outcomes(db: Db, result: Outcome, wanted: tuple[str, str]) -> None:
    with db.transaction():
        outbox.add(db, letter(), NOW)
        (claimed,) = outbox.claim(db, NOW, 1)
        outbox.handing_over(db, claimed.id, SENT)
        outbox.outcome(db, claimed.id, result, NOW)
        assert status(db) == wanted
        assert outbox.claim(db, NOW, 1) == ()
        again = outbox.claim(db, NOW + HOUR, 1)
    assert [one.attempts for one in again] == ([2] if wanted[0] == "waiting" else [])


def test_after_a_stop_what_was_claimed_waits_and_what_was_handed_over_is_in_doubt(db: Db) -> None:
    with db.transaction():
        for n in (1, 2, 3):
            outbox.add(db, letter(n=n), NOW)
        _, second = outbox.claim(db, NOW, 2)
        outbox.handing_over(db, second.id, SENT)
        outbox.recover(db)
        rows = db.connection.execute("SELECT status FROM outbox ORDER BY id").fetchall()
        assert rows == [("waiting",), ("unknown",), ("waiting",)]
        assert [one.id for one in outbox.claim(db, NOW, 9)] == [1, 3]


@pytest.mark.parametrize("stopped", [True, False])
def test_only_a_start_letter_in_doubt_is_sent_again_and_only_once(db: Db, stopped: bool) -> None:
    def doubt() -> None:
        if stopped:
            outbox.recover(db)
        else:
            outbox.outcome(db, 1, Unknown(why="silence"), NOW)

    with db.transaction():
        outbox.add(db, letter(kind=LetterKind.START_CONFIRM), NOW)
        for attempt in (1, 2):
            (claimed,) = outbox.claim(db, NOW + HOUR, 1)
            assert claimed.attempts == attempt
            outbox.handing_over(db, claimed.id, SENT)
            doubt()
        assert outbox.claim(db, NOW + 9 * HOUR, 1) == ()
    assert reads.counts(db).outbox == {"unknown": 1}


def test_rates_hold_over_claims_and_end_with_the_hour(db: Db) -> None:
    pace = LetterSettings(per_hour=4, per_domain_hour=2)
    with db.transaction():
        for n in range(5):
            outbox.add(db, letter("a@one.example", n=n), NOW)
        for n in range(5, 9):
            outbox.add(db, letter(f"a@{n}.example", n=n), NOW)
        claimed = outbox.claim(db, NOW, 9, pace)
        assert [one.effect.to.domain for one in claimed] == ["one.example", "one.example", "5.example", "6.example"]
        assert outbox.claim(db, NOW, 9, pace) == ()
        for one in claimed:
            outbox.handing_over(db, one.id, SENT)
            outbox.outcome(db, one.id, Done(), NOW)
        assert outbox.rate(db, NOW).total == 4
        assert dict(outbox.rate(db, NOW).domains) == {"one.example": 2, "5.example": 1, "6.example": 1}
        assert outbox.claim(db, NOW + HOUR - timedelta(seconds=1), 9, pace) == ()
        assert outbox.rate(db, NOW + HOUR).total == 0
        assert len(outbox.claim(db, NOW + HOUR, 9, pace)) == 4


def kept(db: Db) -> list[bytes | None]:
    return [one.raw for one in dossier.letters(db, address())]


@pytest.mark.parametrize(
    ("result", "wanted"),
    [(Done(), SENT), (Unknown(why="silence"), SENT), (GaveUp(why="550 no"), None)],
)
def test_what_went_out_is_kept_as_it_was_and_nothing_else(db: Db, result: Outcome, wanted: bytes | None) -> None:
    with db.transaction():
        outbox.add(db, letter(), NOW)
    assert kept(db) == [None]
    with db.transaction():
        for message, answer in ((b"the first try", RetryAt(when=NOW, why="451")), (SENT, result)):
            (claimed,) = outbox.claim(db, NOW, 1)
            outbox.handing_over(db, claimed.id, message)
            outbox.outcome(db, claimed.id, answer, NOW)
    assert kept(db) == [wanted]


def test_the_bytes_of_a_letter_are_kept_small_and_for_their_time(db: Db) -> None:
    with db.transaction():
        outbox.add(db, letter(), NOW)
        (claimed,) = outbox.claim(db, NOW, 1)
        outbox.handing_over(db, claimed.id, SENT)
        outbox.outcome(db, claimed.id, Done(), NOW)
        assert db.connection.execute("SELECT length(packed) FROM letter_raw").get < len(SENT) // 4
        assert outbox.forget_letters(db, NOW + timedelta(days=10), Retention(letter_days=10)) == 0
        assert outbox.forget_letters(db, NOW + timedelta(days=10, seconds=1), Retention(letter_days=10)) == 1
    assert kept(db) == [None]
