"""The numbers that a search goes through: all whole numbers or all floats of a range, by their place among each other."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass
from typing import Any

Number = int | float

_ONE_BY_ONE = 8


class Grid(ABC):
    """The numbers that are searched: all whole numbers or all floats of a range."""

    @property
    @abstractmethod
    def continuous(self) -> bool:
        """Whether pieces that touch share an end."""

    @abstractmethod
    def rank(self, value: Number) -> int:
        """Return the place of a number among all of its kind, in ascending order."""

    @abstractmethod
    def at(self, rank: int) -> Number:
        """Return the number at a place."""

    @abstractmethod
    def halves(self, low: Number, high: Number) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
        """Cut a piece in two that cover it."""

    @abstractmethod
    def splits(self, low: Number, high: Number) -> bool:
        """Tell whether a piece is worth cutting."""

    @abstractmethod
    def touch(self, high: Number, low: Number) -> bool:
        """Tell whether a piece that ends at `high` and one that begins at `low` leave nothing out between them."""

    def next(self, value: Number, steps: int = 1) -> Number:
        """Return a neighbour of a number; a negative step goes down."""
        return self.at(self.rank(value) + steps)


@dataclass(frozen=True)
class WholeNumbers(Grid):
    """Whole numbers, cut at their geometric mean while a piece spans several orders of magnitude.

    Parameters
    ----------
    one_by_one : int
        Pieces of so many numbers are not cut but decided number by number.

    Examples
    --------
    >>> WholeNumbers().halves(1, 10_000)
    ((1, 100), (101, 10000))
    """

    one_by_one: int = _ONE_BY_ONE

    @property
    def continuous(self) -> bool:
        """Pieces share no number."""
        return False

    def rank(self, value: Number) -> int:
        """Return the number itself."""
        return int(value)

    def at(self, rank: int) -> int:
        """Return the number itself."""
        return rank

    def halves(self, low: Number, high: Number) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
        """Cut a piece in two without a number in common."""
        from math import isqrt

        low, high = int(low), int(high)
        middle = isqrt(low * high) if 0 < 4 * low < high else (low + high) // 2
        return (low, middle), (middle + 1, high)

    def splits(self, low: Number, high: Number) -> bool:
        """Cut until the numbers of a piece are decided one by one."""
        return high - low >= self.one_by_one

    def touch(self, high: Number, low: Number) -> bool:
        """Whole numbers touch when they are consecutive."""
        return low - high <= 1


class Floats(Grid):
    """Floats, ranked by their bits, so that halving a piece halves its exponents first.

    Examples
    --------
    >>> Floats().next(1.0) - 1.0 == 2.0**-52
    True
    """

    @property
    def continuous(self) -> bool:
        """Pieces of the line share their ends."""
        return True

    def rank(self, value: Number) -> int:
        """Return the place among all floats; 0.0 is at 0."""
        bits = int(struct.unpack("<q", struct.pack("<d", abs(float(value))))[0])
        return bits if value >= 0 else -bits

    def at(self, rank: int) -> float:
        """Return the float at a place."""
        value = float(struct.unpack("<d", struct.pack("<q", abs(rank)))[0])
        return value if rank >= 0 else -value

    def halves(self, low: Number, high: Number) -> tuple[tuple[Number, Number], tuple[Number, Number]]:
        """Cut a piece in two that share the middle."""
        middle = self.at((self.rank(low) + self.rank(high)) // 2)
        return (low, middle), (middle, high)

    def splits(self, low: Number, high: Number) -> bool:
        """Cut down to twelve digits."""
        return high - low > 1e-12 * max(abs(low), abs(high)) and self.rank(high) - self.rank(low) > 1

    def touch(self, high: Number, low: Number) -> bool:
        """Pieces of the line touch when they share an end."""
        return low <= high


def spread(grid: Grid, low: Number, high: Number, count: int) -> list[Number]:
    """Return numbers of a range, both ends included, spread over its orders of magnitude.

    Examples
    --------
    >>> spread(WholeNumbers(), 1, 10**6, 4)
    [1, 31, 1000, 1000000]
    """
    pieces: deque[tuple[Number, Number]] = deque([(low, high)])
    found: set[Any] = {low, high}
    while pieces and len(found) < count:
        a, b = pieces.popleft()
        if grid.rank(b) - grid.rank(a) > 1:
            first, second = grid.halves(a, b)
            found.add(first[1])
            pieces += [first, second]
    return sorted(found)
