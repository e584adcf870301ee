"""Rows of small numbers of which most say nothing: only the others are kept, a third of the memory."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, cycle

NOTHING = 128  # the byte that says nothing; others are above or below it, so that bytes have no sign
_BLOCK = 64  # rows whose numbers are counted when one of them is asked for
_PART = 8_192  # rows that are read at once
_KEPT = bytes(byte != NOTHING for byte in range(256))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SparseRows:
    """`counts`: how many are kept of each row; `places`: where in its row each stands, and `values` which it is."""

    width: int
    counts: bytes
    places: bytes
    values: bytes
    starts: "array[int]"  # how many stand before each block of rows

    def kept(self, at: int) -> Iterable[tuple[int, int]]:
        """The places of one row that say something, and what."""
        block = at // _BLOCK
        start = self.starts[block] + sum(self.counts[block * _BLOCK : at])
        end = start + self.counts[at]
        return zip(self.places[start:end], self.values[start:end], strict=True)

    def row(self, at: int) -> bytearray:
        """All of one row."""
        row = bytearray((NOTHING,)) * self.width
        for place, value in self.kept(at):
            row[place] = value
        return row

    def written_out(self) -> bytes:
        """All rows, one behind the other."""
        return b"".join(map(self.row, range(len(self.counts))))


def sparse(columns: Sequence[bytes | memoryview]) -> SparseRows:
    """The rows of these columns, all of one length; a part at a time, so that it never takes the memory it spares."""
    counts, places, values = bytearray(), bytearray(), bytearray()
    width = len(columns)
    for first in range(0, len(columns[0]), _PART):
        part = [bytes(column[first : first + _PART]) for column in columns]
        rows = bytearray(width * len(part[0]))
        for place, column in enumerate(part):
            rows[place::width] = column
        kept = rows.translate(_KEPT)
        # Added up as one long number: no row is so wide that its sum would reach the next byte.
        total = sum(int.from_bytes(kept[place::width], "little") for place in range(width))
        counts += total.to_bytes(len(part[0]), "little")
        places += bytes(compress(cycle(range(width)), kept))
        values += rows.translate(None, bytes((NOTHING,)))
    blocks = (sum(counts[at : at + _BLOCK]) for at in range(0, len(counts), _BLOCK))
    return SparseRows(
        width=width,
        counts=bytes(counts),
        places=bytes(places),
        values=bytes(values),
        starts=array("I", accumulate(blocks, initial=0)),
    )
