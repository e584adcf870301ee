"""Rows that say little are kept small, and come back as they were."""

import random

import pytest

from agent.rules.sparse import NOTHING, sparse


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("rows", [0, 1, 64, 200, 8_200])
def test_every_row_comes_back(rows: int, share: float) -> None:
    chance = random.Random(rows)
    numbers = bytes(chance.randrange(256) if chance.random() < share else NOTHING for _ in range(rows * 18))
    table = sparse([numbers[place::18] for place in range(18)])
    assert [table.row(at) for at in range(rows)] == [numbers[at * 18 : at * 18 + 18] for at in range(rows)]
    assert table.written_out() == numbers


def test_what_says_nothing_is_not_kept() -> None:
    table = sparse([bytes([NOTHING, NOTHING]), bytes([7, NOTHING]), bytes([NOTHING, NOTHING])])
    assert (table.counts, table.places, table.values) == (b"\1\0", b"\1", b"\7")
