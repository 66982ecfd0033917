"""Fractions as long as an expression stays rational, balls from there on.

Where rational parts cancel exactly, as in the logarithm of a ratio that is 1, balls straddle the edge of a domain at every
precision; fractions do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import ctx

from bounds.enclose import PRECISIONS, Balls, Exactly, ball
from bounds.errors import EnclosureError
from bounds.exact import Exact, NotRational
from bounds.tape import Area, Tape, run

_EXACT, _BALLS = Exact(), Balls()


@dataclass(frozen=True)
class Mixed:
    """Fractions and balls as one arithmetic for tapes; infinity is a ball.

    Examples
    --------
    >>> Mixed().apply("log", [Fraction(1)])
    Fraction(0, 1)
    >>> Mixed().apply("log", [Fraction(2)])
    [0.693147180559945 +/- 4.12e-16]
    >>> Mixed().apply("mul", [Fraction(0), ball(Fraction(1, 3))])
    Fraction(0, 1)
    """

    def rational(self, numerator: int, denominator: int) -> Any:
        """Return the fraction."""
        return Fraction(numerator, denominator)

    def power(self, base: Any, exponent: int) -> Any:
        """Raise to a whole power."""
        if isinstance(base, Fraction):
            try:
                return _EXACT.power(base, exponent)
            except NotRational:
                pass
        return _BALLS.power(_ball(base), exponent)

    def count(self, value: Any) -> int:
        """Read a number of steps."""
        return _BALLS.count(_ball(value))

    def apply(self, operation: str, operands: Sequence[Any]) -> Any:
        """Apply a named operation, exactly where it can be."""
        if operands and all(isinstance(operand, Fraction) for operand in operands):
            try:
                return _EXACT.apply(operation, operands)
            except NotRational:
                pass
        balls = [_ball(operand) for operand in operands]
        vanishes = operation == "mul" and any(o == 0 for o in operands if isinstance(o, Fraction))
        if vanishes and all(operand.is_finite() for operand in balls):
            return Fraction(0)
        return _BALLS.apply(operation, balls)

    def integrate(self, area: Area, values: Mapping[str, Any]) -> Any:
        """Leave integrals to balls."""
        return _BALLS.integrate(area, {name: _ball(value) for name, value in values.items()})


def run_mixed(tape: Tape, values: Mapping[str, Exactly]) -> Any:
    """Run a tape in fractions and balls, at the present working precision.

    Parameters
    ----------
    tape : Tape
    values : mapping of name to Fraction or infinity

    Returns
    -------
    flint.arb

    Examples
    --------
    >>> from sympy import Symbol, log, sqrt
    >>> from bounds.tape import compile_expression
    >>> x, y = Symbol("x"), Symbol("y")
    >>> run_mixed(compile_expression(sqrt(log(x / y))), {"x": Fraction(1, 3), "y": Fraction(1, 3)})
    0
    """
    return _ball(run(tape, Mixed(), values))


def run_exact(tape: Tape, values: Mapping[str, Exactly]) -> Fraction | None:
    """Return the exact value where all that is not rational drops out, else None.

    Parameters
    ----------
    tape : Tape
        Without loops, whose fractions might grow without end.
    values : mapping of name to Fraction or infinity

    Returns
    -------
    Fraction or None

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> from bounds.tape import compile_expression
    >>> x, y = Symbol("x"), Symbol("y")
    >>> run_exact(compile_expression(x * exp(y) + y), {"x": Fraction(0), "y": Fraction(1, 3)})
    Fraction(1, 3)
    """
    with ctx.workprec(PRECISIONS[0]):
        try:
            found = run(tape, Mixed(), values)
        except EnclosureError:
            return None
    return found if isinstance(found, Fraction) else None


def _ball(value: Any) -> Any:
    return ball(value) if isinstance(value, Fraction | float) else value
