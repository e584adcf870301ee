"""Values that are worked out when they are first asked for, and then kept: what nobody asks for costs nothing."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Each(Generic[T]):
    """A row of values, each made by its number."""

    def __init__(self, make: Callable[[int], T], length: int) -> None:
        self._make = make
        self._length = length
        self._made: dict[int, T] = {}

    def __getitem__(self, number: int) -> T:
        if number not in self._made:
            self._made[number] = self._make(number)
        return self._made[number]

    def __iter__(self) -> Iterator[T]:
        return map(self.__getitem__, range(self._length))


class Later(Generic[T]):
    """Values that are made all at once."""

    def __init__(self, make: Callable[[], Iterable[T]]) -> None:
        self._make = make
        self._made: tuple[T, ...] | None = None

    def __iter__(self) -> Iterator[T]:
        if self._made is None:
            self._made = tuple(self._make())
        return iter(self._made)
