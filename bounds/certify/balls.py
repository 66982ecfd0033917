"""Enclosures of an expression over a whole box, in flint balls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb, ctx, fmpq

from bounds.certify.claim import Claim, Range
from bounds.enclose import Balls
from bounds.errors import EnclosureError
from bounds.tape import Area, compile_expression, run

PRECISION = 128
_BALLS = Balls()
_ENTIRE = {"add", "mul", "exp", "atan", "erf", "erfc", "sinh", "cosh", "tanh", "pi", "e"}
_NEEDS_POSITIVE = {"log", "sqrt", "rsqrt", "pow"}


@dataclass(frozen=True)
class BoxBalls:
    """Balls that stand for whole ranges; they may refuse operations that are not smooth at all points of their operands.

    Parameters
    ----------
    smooth : bool
        Whether they do.
    """

    smooth: bool

    def rational(self, numerator: int, denominator: int) -> Any:
        """Return the ball of a fraction."""
        return _BALLS.rational(numerator, denominator)

    def power(self, base: Any, exponent: int) -> Any:
        """Raise to a whole power; a negative one is smooth where the result is finite."""
        return _BALLS.power(base, exponent)

    def count(self, value: Any) -> int:
        """Read a number of steps."""
        return _BALLS.count(value)

    def integrate(self, area: Area, values: Mapping[str, Any]) -> Any:
        """Enclose an integral at single points only: on whole ranges it takes too long."""
        if self.smooth or any(values[name].rel_accuracy_bits() < PRECISION // 2 for name in area.symbols):
            raise EnclosureError("integrals are not enclosed on a box")
        return _BALLS.integrate(area, values)

    def apply(self, operation: str, operands: Sequence[Any]) -> Any:
        """Apply a named operation."""
        if self.smooth and not (operation in _ENTIRE or (operation in _NEEDS_POSITIVE and operands[0] > 0)):
            raise EnclosureError(f"{operation} is not known to be smooth here")
        if operation == "geometric_sum" and not operands[1] >= 0:
            raise EnclosureError("a sum of fewer than no terms is undefined")
        return _BALLS.apply(operation, operands)


def ball_of(values: Range) -> Any:
    """Return a ball that holds a finite range.

    Examples
    --------
    >>> from fractions import Fraction
    >>> found = ball_of(Range(Fraction(0), Fraction(1, 3)))
    >>> found.contains(0), found.contains(fmpq(1, 3))
    (True, True)
    """
    low, high = values.low, values.high
    if high is None:
        return arb("nan")
    return arb(fmpq(low.numerator, low.denominator)).union(arb(fmpq(high.numerator, high.denominator)))


def enclose_on(expression: Any, ranges: Mapping[Any, Range], smooth: bool = False) -> Any:
    """Enclose all values of an expression on a box.

    Parameters
    ----------
    expression : sympy expression
    ranges : mapping of symbol to Range
    smooth : bool
        Give up where the expression is not known to be smooth.

    Returns
    -------
    flint.arb
        Not finite where it gives up.

    Examples
    --------
    >>> import sympy
    >>> from fractions import Fraction
    >>> x = sympy.Symbol("x")
    >>> enclose_on(1 + x, {x: Range(Fraction(0), Fraction(1))}) >= 0.99
    True
    """
    with ctx.workprec(PRECISION):
        try:
            values = {symbol.name: ball_of(ends) for symbol, ends in ranges.items()}
            return run(compile_expression(expression), BoxBalls(smooth), values)
        except (EnclosureError, TypeError, ZeroDivisionError, ValueError):
            return arb("nan")


def is_smooth(claim: Claim) -> bool:
    """Tell whether the expression of a claim is surely smooth on its box."""
    return bool(enclose_on(claim.expression, claim.ranges, smooth=True).is_finite())
