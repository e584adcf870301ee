"""Import of contacts: columns by the words over them, each row one contact or a line that says why it is left out.

One way only: what is read here becomes contacts, never a state, so nothing in a file can lift one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from agent.lists.cells import address_in, meant
from agent.lists.columns import named_columns
from agent.lists.source import open_source
from agent.lists.table import Record, plain_codec
from agent.store.contacts import Contact, Saved

BATCH = 2_000  # rows that share a commit
MAX_CHARS = 500
_DATES = ("%Y/%m/%d", "%d.%m.%Y", "%Y.%m.%d", "%Y年%m月%d日")

COLUMNS = {
    "name": ("name", "full name", "contact", "contact name", "first name", "姓名", "名字", "联系人", "имя", "фио",
             "контакт", "nombre", "nom", "nome", "ansprechpartner", "이름", "氏名", "名前", "الاسم", "ad", "ad soyad"),
    "language": ("language", "lang", "语言", "язык", "idioma", "langue", "sprache", "lingua", "言語", "언어",
                 "اللغة", "dil"),
    "country": ("country", "country code", "国家", "国家/地区", "страна", "país", "pais", "pays", "land", "paese", "国",
                "국가", "البلد", "ülke"),
    "list": ("list", "mailing list", "group", "列表", "分组", "邮件列表", "список", "группа", "lista", "liste", "grupo",
             "groupe", "gruppe", "リスト", "그룹"),
    "tags": ("tags", "tag", "labels", "标签", "теги", "метки", "etiquetas", "étiquettes", "schlagwörter", "etichette",
             "タグ", "태그"),
    "stage": ("stage", "status", "lead status", "阶段", "客户阶段", "状态", "этап", "стадия", "статус", "etapa",
              "étape", "phase", "fase", "estado"),
    "consent_source": ("consent source", "consent_source", "source", "opt-in source", "来源", "同意来源", "客户来源",
                       "источник", "источник согласия", "fuente", "origen", "quelle", "fonte"),
    "consent_at": ("consent date", "consent_date", "consent_at", "consent at", "opt-in date", "同意日期", "同意时间",
                   "дата согласия", "fecha de consentimiento", "date de consentement", "datum der einwilligung",
                   "einwilligung am"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A row that was left out, or taken without something."""

    line: int
    address: str
    why: str


@dataclass(slots=True, kw_only=True)
class Summary:
    """What became of the rows."""

    columns: tuple[str, ...] = ()
    saved: dict[Saved, int] = field(default_factory=lambda: dict.fromkeys(Saved, 0))
    suppressed: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the rows are handed to. `save` makes one commit of them; `erased` and `listed` pick those of the keys that
    asked to be erased, and that may not be mailed.
    """

    save: Callable[[Sequence[Contact]], Iterable[Saved]]
    erased: Callable[[Collection[str]], frozenset[str]]
    listed: Callable[[Collection[str]], frozenset[str]]
    remark: Callable[[Remark], object]
    progress: Callable[[int], object]  # octets read
    now: datetime


def import_contacts(source: Path, desk: Desk) -> Summary:
    """Read the whole table, a batch a commit; it may be stopped and run again. TableError: it has no addresses."""
    table = open_source(source)
    reader = _Reader(desk, table.column, named_columns(table.header.fields, COLUMNS) if table.header else {})
    summary = Summary(columns=tuple(reader.places))
    while batch := list(islice(table.rows, BATCH)):
        _take(reader.contacts(batch), desk, summary)
        desk.progress(sum(len(record.text.encode(plain_codec(table.form), "replace")) for record in batch))
    summary.left_out = reader.left_out
    return summary


def _take(contacts: Iterable[Contact], desk: Desk, summary: Summary) -> None:
    kept = list(contacts)
    for saved in desk.save(kept):
        summary.saved[saved] += 1
    keys = {str(contact.key) for contact in kept}
    stopped = desk.listed(keys | {str(contact.key.domain_key) for contact in kept})
    summary.suppressed += sum(1 for one in kept if not stopped.isdisjoint((str(one.key), str(one.key.domain_key))))


class _Reader:
    """Rows to contacts, and remarks for those that are none."""

    def __init__(self, desk: Desk, column: int, places: dict[str, int]) -> None:
        self._desk = desk
        self._column = column
        self.places = {name: place for name, place in places.items() if place != column}
        self._seen: dict[str, int] = {}
        self.left_out = 0

    def contacts(self, batch: Iterable[Record]) -> Iterator[Contact]:
        """Those of the batch that may be kept."""
        filled = [record for record in batch if record.text.strip()]
        read = [(record, self._address(record)) for record in filled]
        found = [(record, contact) for record, contact in read if contact is not None]
        erased = self._desk.erased({str(contact.key) for _, contact in found})
        for record, contact in found:
            if str(contact.key) in erased:
                self._leave_out(record, "this person asked to be erased")
            else:
                yield contact

    def _address(self, record: Record) -> Contact | None:
        cell = self._cell(record, self._column)
        key = address_in(cell)
        if key is None:
            why = (
                "no address"
                if not cell
                else "several addresses in one cell"
                if cell.count("@") > 1
                else "not an address"
            )
            self._leave_out(record, why)
            return None
        first = self._seen.setdefault(str(key), record.line)
        if first != record.line:
            self._leave_out(record, f"the same address as in line {first}")
            return None
        cells = {name: self._cell(record, place) for name, place in self.places.items()}
        consent = cells.pop("consent_at", "")
        consent_at = read_date(consent, self._desk.now)
        if consent and consent_at is None:
            self._remark(
                record, f"taken without its consent date: {consent!r} is no date of the past; write 2026-05-31"
            )
        return Contact(key=key, consent_at=consent_at, **cells)

    def _cell(self, record: Record, place: int) -> str:
        return meant(record.fields[place].strip())[:MAX_CHARS] if place < len(record.fields) else ""

    def _leave_out(self, record: Record, why: str) -> None:
        self.left_out += 1
        self._remark(record, f"left out: {why}")

    def _remark(self, record: Record, why: str) -> None:
        self._desk.remark(Remark(line=record.line, address=self._cell(record, self._column), why=why))


def _no_address(cell: str) -> str:
    if not cell:
        return "no address"
    return "several addresses in one cell" if cell.count("@") > 1 else "not an address"


def read_date(text: str, now: datetime) -> datetime | None:
    """A day of the past as people and spreadsheets write it; None for what could be two days, as 03/04/2026."""
    for read in (datetime.fromisoformat, *(_by(form) for form in _DATES)):
        try:
            found = read(text)
        except ValueError:
            continue
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware if aware <= now else None
    return None


def _by(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, form).replace(tzinfo=UTC)
