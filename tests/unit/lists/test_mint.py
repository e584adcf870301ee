"""Every row that leaves has its own tokens, recorded before; the form of the list stays."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from agent.lists.mint import BATCH, Summary, mint_rows
from agent.lists.table import TableError
from agent.model.address import AddressKey


class Mint:
    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def __call__(self, keys: Sequence[AddressKey]) -> Sequence[Mapping[str, str]]:
        self.batches.append([str(key) for key in keys])
        return [{"Return-Path": f"<b-{key.local}>", "List-Unsubscribe": "<u>", "Message-ID": "<m>"} for key in keys]


def minted(tmp_path: Path, content: bytes, mint: Mint) -> tuple[bytes, Summary, int]:
    path, out = tmp_path / "in.csv", io.BytesIO()
    octets: list[int] = []
    path.write_bytes(content)
    summary = mint_rows(path, out, mint, octets.append)
    return out.getvalue(), summary, sum(octets)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_columns_are_added_in_the_form_of_the_list(tmp_path: Path, encoding: str) -> None:
    text = '姓名;邮箱;备注\r\n"安;娜";anna@b.example;"x\r\ny"\r\n鲍勃;bob@b.example\r\n'
    out, summary, _ = minted(tmp_path, text.encode(encoding), Mint())
    assert out.decode(encoding) == (
        "姓名;邮箱;备注;Return-Path;List-Unsubscribe;Message-ID\r\n"
        '"安;娜";anna@b.example;"x\r\ny";<b-anna>;<u>;<m>\r\n'
        "鲍勃;bob@b.example;;<b-bob>;<u>;<m>\r\n"
    )
    assert (summary.minted, summary.left_out) == (2, 0)


def test_a_row_without_tokens_does_not_leave(tmp_path: Path) -> None:
    content = b"name,email\nA,anna@b.example\nB,nobody\nshort\n\nC,c@b.example,too,wide\nD,d@b.example"
    out, summary, _ = minted(tmp_path, content, Mint())
    assert out.splitlines()[1:] == [b"A,anna@b.example,<b-anna>,<u>,<m>", b"D,d@b.example,<b-d>,<u>,<m>"]
    assert (summary.minted, summary.left_out) == (2, 3)


def test_a_long_list_is_minted_in_parts(tmp_path: Path) -> None:
    mint = Mint()
    content = "email\n" + "".join(f"p{number}@b.example\n" for number in range(2 * BATCH + 1))
    _, summary, octets = minted(tmp_path, content.encode(), mint)
    assert [len(batch) for batch in mint.batches] == [BATCH, BATCH, 1]
    assert (summary.minted, octets) == (2 * BATCH + 1, len(content) - len("email\n"))


@pytest.mark.parametrize(("content", "said"), [(b"a@b.example\n", "first line"), (b"a,b\n1,2\n", "no column")])
def test_a_list_that_mail_merge_could_not_use(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(TableError, match=said):
        minted(tmp_path, content, Mint())
