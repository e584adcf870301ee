"""`export`, `import` and `mint --csv` as they are called."""

from pathlib import Path

from agent.store.db import Db
from tests.unit.cli.conftest import CommandLine


def test_the_export_names_who_was_suppressed(optoutd: CommandLine) -> None:
    optoutd.suppress("Anna@B.example")
    ended = optoutd("export", "--csv")
    assert ended.code == 0
    assert ended.raw.startswith(b"\xef\xbb\xbfaddress,scope,state")
    assert b"anna@b.example,all,opt_out" in ended.raw


def test_the_export_into_a_file(optoutd: CommandLine, tmp_path: Path) -> None:
    optoutd.suppress("anna@b.example")
    ended = optoutd("export", "-o", "out.csv", "--state", "hard", "--since", "2020-01-01")
    assert ended.out == "0 rows: out.csv\n"
    assert (tmp_path / "out.csv").read_bytes().count(b"\r\n") == 1


def test_an_export_into_a_place_that_is_closed_is_a_mistake_of_one_line(optoutd: CommandLine, tmp_path: Path) -> None:
    for target in (tmp_path / "none" / "out.csv", Path("/proc/out.csv")):
        ended = optoutd("export", "-o", str(target))
        assert ended.code == 2
        assert ended.err.startswith(f"optoutd: {target}: cannot be written by the user ")
        assert ended.err.count("\n") == 1


def test_an_import_can_be_run_again_and_lifts_nothing(optoutd: CommandLine, db: Db, tmp_path: Path) -> None:
    optoutd.suppress("anna@b.example")
    before = optoutd.public_rows()
    text = "email,name,status,tags\nAnna@B.example,Anna,subscribed,vip\nbob@b.example,=1+1,active,\nnobody,,,\n"
    (tmp_path / "in.csv").write_text(text)
    ended = optoutd("import", "in.csv", "--report", "report.csv")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.startswith("2 new contacts, 0 changed, 0 as they were; 1 rows left out")
    assert "1 of these may not be mailed" in ended.out
    report = (tmp_path / "report.csv").read_bytes()
    assert report == b"\xef\xbb\xbfline,address,why\r\n4,nobody,left out: not an address\r\n"
    assert optoutd("import", "in.csv").out.startswith("0 new contacts, 0 changed, 2 as they were")
    assert optoutd.public_rows() == before == {("anna@b.example", "all", "opt_out")}
    assert optoutd("check", "anna@b.example").code == 1
    (tmp_path / "in.csv").write_text("email,name,tags\nanna@b.example,,vip;key\n")
    assert optoutd("import", "in.csv").out.startswith("0 new contacts, 1 changed")
    rows = list(db.connection.execute("SELECT key, raw, name, tags, stage FROM contacts ORDER BY key"))
    assert rows == [
        ("anna@b.example", "Anna@B.example", "Anna", "vip;key", "subscribed"),
        ("bob@b.example", "bob@b.example", "=1+1", "", "active"),
    ]


def test_a_file_that_is_not_there_is_a_mistake(optoutd: CommandLine) -> None:
    assert optoutd("import", "missing.csv").code == 2


def test_mint_of_a_list_records_every_row(optoutd: CommandLine, db: Db, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("name,email\nA,anna@b.example\nB,bob@b.example\nC,\n")
    ended = optoutd("mint", "--csv", "in.csv", "-o", "out.csv", "--campaign", "spring")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("2 rows minted: out.csv; 1 rows left out")
    lines = (tmp_path / "out.csv").read_text().splitlines()
    ids = [line.split(",")[4] for line in lines[1:]]
    found = list(db.connection.execute("SELECT key, message_id FROM sent WHERE campaign = 'spring' ORDER BY key"))
    assert found == [("anna@b.example", ids[0]), ("bob@b.example", ids[1])]


def test_mint_wants_an_address_or_a_list(optoutd: CommandLine) -> None:
    for call in ((), ("a@b.example", "--csv", "in.csv"), ("--csv", "in.csv"), ("-o", "out.csv")):
        ended = optoutd("mint", *call)
        assert (ended.code, ended.err) == (
            2,
            "optoutd: name one ADDRESS, or a list with --csv IN.csv -o OUT.csv\n",
        )
