"""Which column is which: by the words people write over it, else by what stands in it."""

from collections.abc import Mapping, Sequence

from agent.model.address import parse_address

LOOKED_AT = 200

# Folded header words; the longest match wins, so `email address` is not taken for `address`.
ADDRESS_WORDS = (
    "email", "e-mail", "mail", "email address", "e-mail address", "mail address", "emailaddress", "address",
    "邮箱", "电子邮箱", "电子邮件", "邮件地址", "邮箱地址", "邮件", "почта", "эл. почта", "электронная почта", "емейл",
    "correo", "correo electrónico", "correo electronico", "courriel", "adresse e-mail", "e-mail-adresse", "mailadresse",
    "البريد الإلكتروني", "البريد", "メール", "メールアドレス", "이메일", "e-posta", "posta elettronica",
)  # fmt: skip


def column_of(header: Sequence[str], words: Sequence[str]) -> int | None:
    """The column whose heading is one of these words."""
    folded = [cell.strip().strip("\ufeff").casefold() for cell in header]
    found = [number for number, cell in enumerate(folded) if cell in words]
    return found[0] if found else None


def address_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The column with the heading, else the one where most cells are addresses; None when there is none."""
    if not rows:
        return None
    named = column_of(rows[0], ADDRESS_WORDS)
    if named is not None and not parse_address(rows[0][named]):
        return named
    hits: dict[int, int] = {}
    for row in rows[:LOOKED_AT]:
        for number, cell in enumerate(row):
            if "@" in cell and parse_address(cell):
                hits[number] = hits.get(number, 0) + 1
    return max(hits, key=hits.__getitem__) if hits else None


def has_header(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether the first row names the columns instead of holding an address."""
    return bool(rows) and (len(rows[0]) <= column or parse_address(rows[0][column]) is None)


def named_columns(header: Sequence[str], words: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Every wanted column that the header names."""
    found = {name: column_of(header, spelled) for name, spelled in words.items()}
    return {name: number for name, number in found.items() if number is not None}
