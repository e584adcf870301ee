"""verify, backup, restore, evidence: the record is whole and the list right, or a line says what is not."""

import json
import zipfile
from pathlib import Path

from agent.model.address import AddressKey, parse_address
from agent.model.mail import Door, Purpose, RawMessage, Source, Token
from agent.model.plan import Done, LetterKind, SendLetter
from agent.model.signal import Evidence, Manner, OptOut, Origin, Strength
from agent.obs.clock import utc_now
from agent.process import apply_signals
from agent.store import erased, inbox, outbox
from agent.store.db import Db
from agent.store.public import open_public
from tests.unit.cli.conftest import CommandLine

ANN = "ann@orchard.example"


class TestVerify:
    def test_all_fits(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN)
        ended = optoutd("verify")
        assert ended.code == 0
        assert ended.out.startswith("1 events, each bound to the one before it; the last is 1: ")

    def test_a_changed_event_is_told(self, optoutd: CommandLine, db: Db) -> None:
        optoutd.suppress(ANN)
        db.connection.execute("DROP TRIGGER event_is_never_changed; UPDATE event SET reason = 'never asked'")
        ended = optoutd("verify")
        assert (ended.code, ended.out) == (1, "event 1: its address or its words were changed\n")

    def test_a_list_that_says_something_else_is_told(self, optoutd: CommandLine) -> None:
        optoutd.suppress(ANN)
        public = open_public(optoutd.settings.store)
        public.file.connection.execute("DELETE FROM suppressed")
        public.close()
        ended = optoutd("verify")
        assert ended.code == 1
        assert "1 addresses are not as decided" in ended.out

    def test_a_list_that_is_not_there_is_told(self, optoutd: CommandLine, db: Db) -> None:
        ended = optoutd("verify")
        assert ended.code == 1
        assert "is missing" in ended.out


class TestBackup:
    def test_there_and_back(self, optoutd: CommandLine, tmp_path: Path) -> None:
        optoutd.suppress(ANN)
        made = optoutd("backup", str(tmp_path / "backups"))
        assert made.code == 0
        assert ": verified; 1 events, the last is 1: " in made.out
        optoutd.lift(ANN)
        refused = optoutd("restore", str(tmp_path / "backups"))
        assert (refused.code, refused.out) == (3, "")
        assert "2 events, the backup 1" in refused.err
        done = optoutd("restore", "--force", str(tmp_path / "backups"))
        assert done.code == 0
        assert done.out.startswith(f"what was there is now {tmp_path}/store/optoutd.db.before-restore-")
        assert done.out.endswith(": restored; 1 events, 1 rows in suppression.db\n")
        assert optoutd.public_rows() == {(ANN, "all", "opt_out")}
        assert optoutd("verify").code == 0

    def test_a_folder_that_is_not_there_is_a_mistake(self, optoutd: CommandLine) -> None:
        assert optoutd("restore", "/nowhere").code == 2


RAW = b"From: ann@orchard.example\r\nSubject: stop\r\n\r\n<b>stop</b> \xff\r\n"


def key() -> AddressKey:
    found = parse_address(ANN)
    assert found is not None
    return found


OURS = (
    b"From: Shop <sales@shop.example>\r\nTo: ann@orchard.example\r\nSubject: You will get no more mail\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"We took <ann@orchard.example> off.\r\n"
)
LETTER = SendLetter(dedupe_key="1", to=key(), kind=LetterKind.OPT_OUT, language="en", token_id="b" * 13)


def asked(db: Db, optoutd: CommandLine) -> int:
    """Her request comes by mail, is honoured, and our letter goes out."""
    now = utc_now()
    message = RawMessage(
        source=Source(door=Door.SMTP, reference="smtp:1"), envelope_from=ANN, envelope_to=("u@x.example",),
        peer="192.0.2.1", raw=RAW, received_at=now,
    )  # fmt: skip
    token = Token(purpose=Purpose.UNSUBSCRIBE, key_id="a", id="a" * 13, place="recipient")
    proof = Evidence(rule="token", excerpt="<b>stop</b>", strength=Strength.E3, token=token)
    wish = OptOut(address=key(), evidence=proof, answerable=True, manner=Manner.ADDRESS)
    with db.transaction():
        number = inbox.accept(db, message)
        origin = Origin(door=Door.SMTP, received_at=now, inbox_id=number)
        apply_signals(db, (wish,), origin, optoutd.settings, now)
        inbox.finish(db, number, "unsubscribe", "", now)
        outbox.add(db, LETTER, now)
        for letter in outbox.claim(db, now, 1):
            outbox.handing_over(db, letter.id, OURS)
            outbox.outcome(db, letter.id, Done(detail="250 queued as 7"), now)
    return number


class TestEvidence:
    def test_everything_is_in_the_file(self, optoutd: CommandLine, db: Db, tmp_path: Path) -> None:
        number, target = asked(db, optoutd), tmp_path / "ann.zip"
        ended = optoutd("evidence", ANN, "-o", str(target))
        assert (ended.code, ended.out) == (0, f"{target}: 1 events, 1 mails, 1 letters\n")
        assert target.stat().st_mode & 0o777 == 0o600
        with zipfile.ZipFile(target) as archive:
            assert archive.read(f"mails/{number}.eml") == RAW
            sent = archive.read("letters/1.eml")
            told = json.loads(archive.read("evidence.json"))
            report = archive.read("report.html").decode()
        assert (told["address"], told["chain"]["events"], told["mails"][0]["kept"]) == (ANN, 1, True)
        (event,) = told["events"]
        assert (event["id"], event["place"], event["hash"]) == (1, 1, told["chain"]["hash"])
        assert event["signal"][1]["evidence"]["token"]["id"] == "a" * 13
        (letter,) = told["letters"]
        assert (letter["status"], letter["kept"], letter["effect"]["kind"]) == ("done", True, "opt_out")
        assert sent == OURS
        for words in ("250 queued as 7", "a token that was made for this person alone", event["hash"], "opt_out (all)",
                      "&lt;b&gt;stop&lt;/b&gt;", "Received", "In force since then",
                      "You will get no more mail", "We took &lt;ann@", "letters/1.eml"):  # fmt: skip
            assert words in report
        assert "<b>" not in report

    def test_of_an_erased_person_only_the_facts_are_left(self, optoutd: CommandLine, db: Db, tmp_path: Path) -> None:
        asked(db, optoutd)
        with db.transaction():
            erased.erase(db, key())
        target = tmp_path / "ann.zip"
        assert optoutd("evidence", ANN, "-o", str(target)).code == 0
        with zipfile.ZipFile(target) as archive:
            assert sorted(archive.namelist()) == ["evidence.json", "report.html"]
            assert b"stop" not in archive.read("evidence.json")
        assert db.connection.execute("SELECT count(*) FROM letter_raw").get == 0
        optoutd("rebuild")
        assert optoutd("verify").code == 0

    def test_nothing_known_is_a_no_and_the_file_says_so(self, optoutd: CommandLine, tmp_path: Path) -> None:
        target = tmp_path / "ann.zip"
        assert optoutd("evidence", ANN, "-o", str(target)).code == 1
        with zipfile.ZipFile(target) as archive:
            assert json.loads(archive.read("evidence.json"))["events"] == []

    def test_no_file_is_overwritten_or_left_half(self, optoutd: CommandLine, tmp_path: Path) -> None:
        target = tmp_path / "ann.zip"
        target.write_bytes(b"mine")
        assert optoutd("evidence", ANN, "-o", str(target)).code == 2
        assert target.read_bytes() == b"mine"
        (tmp_path / "store").write_bytes(b"no directory")
        assert optoutd("evidence", ANN, "-o", str(tmp_path / "other.zip")).code == 3
        assert not (tmp_path / "other.zip").exists()
