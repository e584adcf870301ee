"""An import makes contacts and nothing else; every row it leaves out is told with its reason."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.lists.contacts import Desk, Remark, Summary, import_contacts, read_date
from agent.lists.table import TableError
from agent.store.contacts import Contact, Saved

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)


class Book:
    """Takes what the import hands on."""

    def __init__(self) -> None:
        self.contacts: list[Contact] = []
        self.remarks: list[Remark] = []
        self.octets = 0

    def save(self, batch: Sequence[Contact]) -> list[Saved]:
        self.contacts += batch
        return [Saved.NEW] * len(batch)

    def progress(self, octets: int) -> None:
        self.octets += octets

    def read(self, path: Path) -> Summary:
        desk = Desk(
            save=self.save, erased=frozenset({"gone@b.example"}).intersection,
            listed=frozenset({"anna@b.example", "@dead.example"}).intersection, remark=self.remarks.append,
            progress=self.progress, now=NOW,
        )  # fmt: skip
        return import_contacts(path, desk)


@pytest.fixture
def book() -> Book:
    return Book()


def saved(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "contacts.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("heading", "encoding"),
    [
        ("Email,Name,Language,Country,List,Tags,Stage,Consent source,Consent date", "utf-8-sig"),
        ("邮箱,姓名,语言,国家,列表,标签,客户阶段,同意来源,同意日期", "gb18030"),
        ("Почта,Имя,Язык,Страна,Список,Теги,Этап,Источник согласия,Дата согласия", "utf-16"),
    ],
)
def test_columns_by_their_headings(tmp_path: Path, book: Book, heading: str, encoding: str) -> None:
    row = 'Anna@B.example,Anna,ru,RU,tools,"vip, fair",lead,fair in Canton,2026-05-01'
    book.read(saved(tmp_path, f"{heading}\n{row}\n", encoding))
    (found,) = book.contacts
    assert str(found.key) == "anna@b.example"
    assert (found.name, found.language, found.country, found.list) == ("Anna", "ru", "RU", "tools")
    assert (found.tags, found.stage, found.consent_source) == ("vip, fair", "lead", "fair in Canton")
    assert found.consent_at == datetime(2026, 5, 1, tzinfo=UTC)


def test_every_row_left_out_is_told(tmp_path: Path, book: Book) -> None:
    text = (
        "email;name\nanna@b.example;A\n;B\nnonsense;C\na@b.example,c@d.example;D\n\n"
        "ANNA@B.example;E\ngone@b.example;F\nx@dead.example;G\n"
    )
    summary = book.read(saved(tmp_path, text))
    assert [(one.line, one.why.removeprefix("left out: ")) for one in book.remarks] == [
        (3, "no address"),
        (4, "not an address"),
        (5, "several addresses in one cell"),
        (7, "the same address as in line 2"),
        (8, "this person asked to be erased"),
    ]
    assert (summary.left_out, summary.suppressed, summary.saved[Saved.NEW]) == (5, 2, 2)
    assert book.octets == len(text.partition("\n")[2])


def test_a_date_that_cannot_be_read_costs_only_the_date(tmp_path: Path, book: Book) -> None:
    book.read(saved(tmp_path, "email,consent date\nanna@b.example,03/04/2026\n"))
    assert book.contacts[0].consent_at is None
    assert "taken without its consent date" in book.remarks[0].why


def test_a_list_without_heading_is_addresses_alone(tmp_path: Path, book: Book) -> None:
    summary = book.read(saved(tmp_path, "anna@b.example\nbob@b.example\n"))
    assert [str(one.key) for one in book.contacts] == ["anna@b.example", "bob@b.example"]
    assert summary.columns == ()


def test_a_file_without_addresses_is_a_mistake(tmp_path: Path, book: Book) -> None:
    with pytest.raises(TableError, match="no column holds e-mail addresses"):
        book.read(saved(tmp_path, "a,b\n1,2\n"))


@pytest.mark.parametrize(
    "text", ["2026-05-01", "2026/5/1", "1.5.2026", "2026年5月1日", "2026-05-01T00:00:00Z", "2026-05-01 00:00:00"]
)
def test_dates_as_people_write_them(text: str) -> None:
    assert read_date(text, NOW) == datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "03/04/2026", "2027-01-01"])
def test_what_is_no_day_of_the_past(text: str) -> None:
    assert read_date(text, NOW) is None
