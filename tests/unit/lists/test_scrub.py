"""Scrub keeps what it keeps to the byte, whoever wrote the file; an address nobody can read does not get through."""

import io
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.lists.columns import address_column
from agent.lists.scrub import Summary, scrub
from agent.lists.table import Format, TableError, find_format, records

STOPPED = frozenset({"anna@b.example", "@dead.example", "лена@xn--e1afmkfd.example"})


def listed(keys: Collection[str]) -> frozenset[str]:
    return STOPPED.intersection(keys)


def scrubbed(path: Path) -> tuple[bytes, bytes, Summary]:
    kept, rejected = io.BytesIO(), io.BytesIO()
    summary = scrub(path, kept, rejected, listed, lambda _: None)
    return kept.getvalue(), rejected.getvalue(), summary


def saved(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("encoding", "mark", "separator"),
    [
        ("utf-8", b"", ","),
        ("utf-8", b"\xef\xbb\xbf", ";"),  # Excel: CSV UTF-8
        ("utf-16-le", b"\xff\xfe", "\t"),  # Excel: Unicode text
        ("utf-16-be", b"\xfe\xff", "\t"),
        ("gb18030", b"", ","),  # WPS and Excel in Chinese
    ],
)
def test_what_is_kept_is_kept_to_the_byte(tmp_path: Path, encoding: str, mark: bytes, separator: str) -> None:
    def line(*cells: str) -> bytes:
        return (separator.join(cells) + "\r\n").encode(encoding)

    head = line("姓名", "邮箱", "备注")
    anna = line("安娜", "Anna@B.example", '"a, b; c"')
    bob = line("鲍勃", "bob@fine.example", '"多\r\n行"')
    carl = line("卡尔", "carl@dead.example", "")
    kept, rejected, summary = scrubbed(saved(tmp_path, mark + head + anna + bob + carl))
    assert kept == mark + head + bob
    assert rejected == mark + head + anna + carl
    assert (summary.column, summary.kept, summary.suppressed, summary.unreadable) == ("邮箱", 1, 2, 0)


def test_without_a_heading_the_column_is_found_by_what_is_in_it(tmp_path: Path) -> None:
    kept, _, summary = scrubbed(saved(tmp_path, b"1;Anna;anna@b.example\n2;Bob;bob@fine.example"))
    assert kept == b"2;Bob;bob@fine.example\n"
    assert summary.column == "column 3"


def test_one_column_without_separator(tmp_path: Path) -> None:
    kept, _, _ = scrubbed(saved(tmp_path, b"email\nanna@b.example\nbob@fine.example\n"))
    assert kept == b"email\nbob@fine.example\n"


# hazard E12
def test_letter_case_and_written_out_domains_let_nobody_through(tmp_path: Path) -> None:
    rows = "ANNA@B.EXAMPLE\nanna@b.example.\n<anna@b.example>\nЛена@Пример.example\nx@DEAD.example\n"
    _, rejected, summary = scrubbed(saved(tmp_path, rows.encode()))
    assert summary.suppressed == 5
    assert rejected == rows.encode()


def test_a_row_without_a_readable_address_is_not_mailed(tmp_path: Path) -> None:
    _, rejected, summary = scrubbed(saved(tmp_path, b"email,name\nbob@fine.example,B\nno address,C\nshort\n"))
    assert summary.unreadable == 2
    assert rejected == b"email,name\nno address,C\nshort\n"


def test_bytes_that_are_no_text_of_the_encoding_survive(tmp_path: Path) -> None:
    latin = "name,email\nJosé,jose@fine.example\n".encode("cp1252")
    kept, _, _ = scrubbed(saved(tmp_path, latin))
    assert kept == latin


def test_a_workbook_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="save it as CSV"):
        scrubbed(saved(tmp_path, b"PK\x03\x04...."))


def test_no_column_of_addresses(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no column holds e-mail addresses"):
        scrubbed(saved(tmp_path, b"a,b\n1,2\n"))


@pytest.mark.parametrize(
    "heading", ["E-Mail", "Email address", "电子邮件", "почта", "correo electrónico", "メールアドレス"]
)
def test_headings_people_write(heading: str) -> None:
    assert address_column([["name", heading, "address"], ["x", "?", "1 Road"]]) == 1


@given(st.lists(st.text(alphabet='ab",;\n\r\t', max_size=12), max_size=12), st.sampled_from([",", ";"]))
def test_records_together_are_the_file(tmp_path_factory: pytest.TempPathFactory, pieces: list[str], mark: str) -> None:
    text = mark.join(pieces)
    path = saved(tmp_path_factory.mktemp("records"), text.encode())
    form = Format(encoding="utf-8", separator=mark)
    assert "".join(record.text for record in records(path, form)) == text


def test_the_likeliest_separator(tmp_path: Path) -> None:
    assert find_format(saved(tmp_path, b'"a,b";x@y.example;1\n"c,d";z@y.example;2\n')).separator == ";"
