"""Exact rational arithmetic, where an expression stays rational."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from bounds.tape import Area

# A rational power larger than this costs more than a ball decides it for.
_BITS = 100_000


class NotRational(ArithmeticError):
    """The value is not rational, is infinite, or would be too large to write out.

    Examples
    --------
    >>> issubclass(NotRational, ArithmeticError)
    True
    """


@dataclass(frozen=True)
class Exact:
    """The rational numbers, as an arithmetic for tapes.

    Examples
    --------
    >>> Exact().apply("sqrt", [Fraction(9, 4)])
    Fraction(3, 2)
    """

    def rational(self, numerator: int, denominator: int) -> Fraction:
        """Return the fraction."""
        return Fraction(numerator, denominator)

    def power(self, base: Fraction, exponent: int) -> Fraction:
        """Raise to a whole power, unless the result is too large or infinite."""
        size = max(base.numerator.bit_length(), base.denominator.bit_length())
        if (base == 0 and exponent < 0) or size * abs(exponent) > _BITS:
            raise NotRational
        return base**exponent

    def count(self, value: Fraction) -> int:
        """Read a number of steps; long loops are left to balls."""
        if value.denominator != 1 or value > 1000:
            raise NotRational
        return int(value)

    def integrate(self, area: Area, values: Mapping[str, Fraction]) -> Fraction:
        """Refuse: integrals are left to balls."""
        raise NotRational

    def apply(self, operation: str, operands: Sequence[Fraction]) -> Fraction:
        """Apply an operation whose result is rational; raise `NotRational` otherwise."""
        match operation:
            case "add":
                return sum(operands, Fraction(0))
            case "mul":
                return math.prod(operands, start=Fraction(1))
            case "max":
                return max(operands)
            case "min":
                return min(operands)
            case "abs":
                return abs(operands[0])
            case "sqrt":
                return _square_root(operands[0])
            case "rsqrt":
                return self.power(_square_root(operands[0]), -1)
            case "exp" if operands[0] == 0:
                return Fraction(1)
            case "log" if operands[0] == 1:
                return Fraction(0)
            case "pow" if operands[1].denominator == 1:
                return self.power(operands[0], int(operands[1]))
            case "floor":
                return Fraction(math.floor(operands[0]))
            case "geometric_sum":
                return self._geometric_sum(*operands)
            case _:
                raise NotRational

    def _geometric_sum(self, q: Fraction, t: Fraction) -> Fraction:
        if t.denominator != 1:
            raise NotRational
        return t if q == 1 else (1 - self.power(q, int(t))) / (1 - q)


def _square_root(value: Fraction) -> Fraction:
    if value < 0:
        raise NotRational
    numerator, denominator = math.isqrt(value.numerator), math.isqrt(value.denominator)
    if numerator**2 != value.numerator or denominator**2 != value.denominator:
        raise NotRational
    return Fraction(numerator, denominator)
