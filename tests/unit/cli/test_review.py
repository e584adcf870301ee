"""review and tickets: what waits for a person, who decided it, and what is left of somebody who was erased."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door, RawMessage, Source
from agent.model.signal import Confidence, Evidence, Manner, OptOut, Origin, Privacy, PrivacyKind, Signal, Strength
from agent.model.state import SentMail
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.store import inbox, reads, sent
from agent.store.db import Db
from tests.unit.cli.conftest import CommandLine

ANN = "ann@orchard.example"
BY = ("--by", "Mei")


def key(text: str = ANN) -> AddressKey:
    found = parse_address(text)
    assert found is not None
    return found


def evidence(confidence: Confidence = Confidence.SURE) -> Evidence:
    return Evidence(rule="wording:en", excerpt="no more, ann says", strength=Strength.E2, confidence=confidence,
                    authenticated=True)  # fmt: skip


LIKELY = OptOut(address=key(), evidence=evidence(Confidence.LIKELY), answerable=True, manner=Manner.WORDING)
ERASE = Privacy(address=key(), evidence=evidence(), answerable=False, kind=PrivacyKind.ERASE)


def came(db: Db, optoutd: CommandLine, signal: Signal, reference: str = "smtp:1", batch: str = "") -> int:
    """A mail that was read as this."""
    now = utc_now()
    message = RawMessage(
        source=Source(door=Door.SMTP, reference=reference), envelope_from=ANN, envelope_to=("sales@x.example",),
        peer="192.0.2.1", raw=b"From: ann\r\n\r\nno more, ann says\r\n", received_at=now,
    )  # fmt: skip
    with db.transaction():
        number = inbox.accept(db, message)
        origin = Origin(door=Door.SMTP, received_at=now, inbox_id=number, sender=key(), content_key=reference,
                        message_id=f"<{reference}@orchard.example>", batch=batch)  # fmt: skip
        apply_signals(db, (signal,), origin, optoutd.settings, now)
        inbox.finish(db, number, "unsubscribe", reference, now)
    return number


class TestReview:
    def test_lists_what_waits(self, optoutd: CommandLine, db: Db) -> None:
        assert optoutd("review", "list").out == "nothing waits for a decision\n"
        number = came(db, optoutd, LIKELY)
        (row,) = optoutd("review", "list", "--json").rows
        assert (row["id"], row["address"], row["excerpt"], row["mail"]) == (1, ANN, "no more, ann says", number)
        assert (row["readings"], row["timeout"]) == (["opt_out", "reply"], "opt_out")
        assert optoutd("review", "list").out.startswith(f"1: {ANN} (row 20): opt_out or reply, silence decides opt_out")
        assert optoutd.public_rows() == set()  # the daemon publishes; this test wrote by itself

    def test_a_decision_is_an_event_with_its_name(self, optoutd: CommandLine, db: Db) -> None:
        came(db, optoutd, LIKELY)
        ended = optoutd("review", "decide", "1", "opt_out", *BY, "--note", "she called")
        assert ended.code == 0
        assert "Mei decided opt_out." in ended.out
        assert optoutd.public_rows() == {(ANN, "all", "opt_out")}
        assert [event.by for event in reads.history(db, key())] == ["policy", "Mei"]
        assert reads.counts(db).outbox == {"waiting": 1}  # the confirmation comes after the decision
        again = optoutd("review", "decide", "1", "reply", *BY)
        assert again.code == 2
        assert "no review 1 is open" in again.err

    def test_a_reply_is_let_go(self, optoutd: CommandLine, db: Db) -> None:
        came(db, optoutd, LIKELY)
        assert optoutd("check", ANN).code == 1
        optoutd("review", "decide", "1", "reply", *BY)
        assert optoutd("check", ANN).code == 0
        assert optoutd("review", "list").out == "nothing waits for a decision\n"

    def test_a_pause_with_its_end(self, optoutd: CommandLine, db: Db) -> None:
        came(db, optoutd, LIKELY)
        end = (utc_now() + timedelta(days=40)).strftime("%Y-%m-%d")
        optoutd("review", "decide", "1", "pause", *BY, "--until", end)
        assert f"paused since {utc_now():%Y-%m-%d} until {end}" in optoutd("check", ANN).out

    @pytest.mark.parametrize(("keys", "state"), [("1", "opt_out"), ("x2", ""), ("i", "inactive"), ("s", "held"),
                                                 ("q", "held")])  # fmt: skip
    def test_one_key_decides(
        self, optoutd: CommandLine, db: Db, monkeypatch: pytest.MonkeyPatch, keys: str, state: str
    ) -> None:
        came(db, optoutd, LIKELY)
        typed = iter(keys)
        monkeypatch.setattr("click.getchar", lambda: next(typed))
        monkeypatch.setattr("getpass.getuser", lambda: "mei")
        ended = optoutd("review")
        assert ended.code == 0
        assert "no more, ann says" in ended.out
        assert [one.standing.state.value for one in reads.check(db, key(), utc_now())] == ([state] if state else [])


class TestBatch:
    def test_a_whole_wrong_run_is_undone(self, optoutd: CommandLine, db: Db) -> None:
        sure = replace(LIKELY, evidence=evidence())
        people = [f"p{n}@orchard.example" for n in range(3)]
        for person in people:
            came(db, optoutd, replace(sure, address=key(person)), person, batch="run-1")
        came(db, optoutd, sure, "other", batch="run-2")
        assert "batch run-1" in optoutd("history", people[0]).out
        ended = optoutd("lift", "--batch", "run-1", "--why", "a broken rule", *BY)
        assert ended.code == 0
        assert ended.out == "batch run-1: lifted 3 of 3 addresses; 0 still have a state of it\n"
        assert optoutd("check", *people).code == 0
        assert optoutd("check", ANN).code == 1
        assert "a broken rule" in optoutd("history", people[0]).out
        assert optoutd("lift", "--batch", "run-1", "--why", "again", *BY).code == 1

    def test_one_or_the_other_is_named(self, optoutd: CommandLine) -> None:
        assert optoutd("lift", "--why", "x", *BY).code == 2
        assert optoutd("lift", ANN, "--batch", "run-1", "--why", "x", *BY).code == 2


class TestTickets:
    def test_the_month_of_the_law(self, optoutd: CommandLine, db: Db) -> None:
        assert optoutd("tickets", "list").out == "nothing is to be done\n"
        came(db, optoutd, ERASE)
        (row,) = optoutd("tickets", "list", "--json").rows
        assert (row["kind"], row["address"], row["done"]) == ("erase", ANN, None)
        assert str(row["due"])[:10] == f"{utc_now() + timedelta(days=30):%Y-%m-%d}"
        assert optoutd("tickets", "done", "1", *BY, "--note", "erased in the CRM").code == 0
        assert optoutd("tickets", "list").out == "nothing is to be done\n"
        (row,) = optoutd("tickets", "list", "--all", "--json").rows
        assert (row["by"], row["note"]) == ("Mei", "erased in the CRM")
        assert optoutd("tickets", "done", "1", *BY, "--note", "again").code == 2

    def test_the_same_request_twice_is_one_ticket(self, optoutd: CommandLine, db: Db) -> None:
        came(db, optoutd, ERASE)
        came(db, optoutd, ERASE, "smtp:2")
        assert len(optoutd("tickets", "list", "--json").rows) == 1

    def test_only_an_erasure_ticket_erases(self, optoutd: CommandLine, db: Db) -> None:
        came(db, optoutd, replace(ERASE, kind=PrivacyKind.ACCESS))
        ended = optoutd("tickets", "erase", "1", *BY)
        assert ended.code == 2
        assert "asks for something else" in ended.err

    # hazard E15
    def test_nothing_is_left_of_the_erased_but_that_he_is_never_mailed(self, optoutd: CommandLine, db: Db) -> None:
        with db.transaction():
            sent.record(
                db, SentMail(id="a" * 13, address=key(), list="", campaign="c", minted_at=utc_now(), letter=False)
            )
            db.connection.execute(
                "INSERT INTO contacts (key, raw, domain) VALUES (?, ?, 'orchard.example')", (ANN, ANN)
            )
        came(db, optoutd, LIKELY)
        came(db, optoutd, ERASE, "smtp:2")
        optoutd.suppress(ANN)
        assert optoutd.public_rows() == {(ANN, "all", "opt_out")}
        assert optoutd("check", ANN).code == 1
        ended = optoutd("tickets", "erase", "1", *BY)
        assert ended.code == 0, ended.err
        assert "Still there" in ended.out
        db.close()
        folder = Path(optoutd.settings.store.directory)
        for file in (*folder.iterdir(), *Path(optoutd.settings.store.public_directory).iterdir()):
            assert b"ann" not in file.read_bytes().lower().replace(b"channel", b""), file
        assert optoutd("check", "Ann@Orchard.example").code == 1
        assert optoutd("check", "ben@orchard.example").code == 0
        listed = Path("list.csv")
        listed.write_text("email\nANN@orchard.example\nben@orchard.example\n")
        assert optoutd("scrub", "list.csv", "-o", "out.csv").code == 0
        assert Path("out.csv").read_text() == "email\nben@orchard.example\n"
        assert optoutd("history", ANN).code == 1
        assert optoutd.public_rows() == set()
        assert optoutd("rebuild").code == 0
        assert optoutd.lift(ANN).code == 0  # he came back and asked for mail himself
        assert optoutd("check", ANN).code == 0

    def test_the_key_of_the_hash_must_not_get_lost(self, optoutd: CommandLine, db: Db) -> None:
        came(db, optoutd, ERASE)
        optoutd("tickets", "erase", "1", *BY)
        key_file = Path(optoutd.settings.store.directory) / "erase.key"
        assert key_file.stat().st_mode & 0o777 == 0o600
        key_file.unlink()
        ended = optoutd("check", ANN)
        assert ended.code == 3
        assert "erase.key is missing" in ended.err

    def test_a_letter_on_its_way_goes_first(self, optoutd: CommandLine, db: Db) -> None:
        came(db, optoutd, replace(ERASE, answerable=True))
        ended = optoutd("tickets", "erase", "1", *BY)
        assert ended.code == 3
        assert "a letter to this person still waits" in ended.err
        assert optoutd("history", ANN).code == 0
