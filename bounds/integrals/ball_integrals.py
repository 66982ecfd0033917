"""Rigorous enclosures of integrals: flint's adaptive quadrature on complex balls, and the proved tail beyond a finite range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flint import acb, arb, ctx

from bounds.enclose import OPERATIONS, Balls
from bounds.errors import EnclosureError
from bounds.integrals.trace import trace
from bounds.tape import Area, Tape, run

# Analytic wherever they are finite.
_COMPLEX = {name: OPERATIONS[name] for name in ("add", "mul", "exp", "erf", "erfc", "gamma", "sinh", "cosh", "tanh")}
_SPARE_BITS = 30
_SMALLEST_BITS = 40
_EVALUATIONS = 40_000


def _cut(tail: Any, start: Any) -> tuple[Any, Any]:
    """Return a radius where the tail is below the precision, and the tail there."""
    radius = start.max(arb(1))
    for _ in range(400):
        rest = tail(radius)
        if rest < arb(2) ** (_SPARE_BITS - _SMALLEST_BITS - ctx.prec):
            return radius, rest
        radius = radius * arb(1.125)
    raise EnclosureError("the tail of the integral does not become small")


@dataclass(frozen=True)
class ComplexBalls:
    """Complex balls as an arithmetic for integrands.

    Parameters
    ----------
    analytic : bool
        Whether a result must be refused, as a non-finite ball, where the function is not analytic on the whole ball.

    Examples
    --------
    >>> ComplexBalls(True).apply("sqrt", [acb(arb(0, 1))]).is_finite()
    False
    """

    analytic: bool

    def rational(self, numerator: int, denominator: int) -> Any:
        """Return the ball of a fraction."""
        return acb(Balls().rational(numerator, denominator))

    def power(self, base: Any, exponent: int) -> Any:
        """Raise to a whole power."""
        return Balls().power(base, exponent)

    def count(self, value: Any) -> int:
        """Refuse loops: an integrand is traced first."""
        raise TypeError("an integrand is traced before it meets complex balls")

    def integrate(self, area: Area, values: Mapping[str, Any]) -> Any:
        """Refuse integrals over several variables."""
        raise TypeError("only integrals over one variable are evaluated")

    def apply(self, operation: str, operands: Sequence[Any]) -> Any:
        """Apply a named operation, minding branch cuts."""
        rule = _COMPLEX.get(operation)
        if rule is not None:
            return rule(*operands)
        first, *rest = map(acb, operands)
        match operation:
            case "sqrt" | "rsqrt" | "log" | "pow":
                return getattr(first, operation)(*rest, analytic=self.analytic)
            case "abs":
                return first.real_abs(analytic=self.analytic)
            case "max" | "min":
                for other in rest:
                    first = getattr(first, f"real_{operation}")(other, analytic=self.analytic)
                return first
            case _:
                raise TypeError(
                    f"{operation} has no rule inside an integral; add one to bounds.integrals.ball_integrals.ComplexBalls"
                )


def enclose_area(area: Area, balls: Balls, values: Mapping[str, Any]) -> Any:
    """Enclose an integral at the present working precision.

    Parameters
    ----------
    area : Area
    balls : Balls
    values : mapping of name to flint.arb

    Returns
    -------
    flint.arb
        Not necessarily finite.

    Examples
    --------
    >>> from sympy import Integral, Symbol
    >>> from bounds.tape import compile_expression
    >>> u = Symbol("u")
    >>> area = compile_expression(Integral(u**2, (u, 0, 3))).instructions[0].constant
    >>> bool(enclose_area(area, Balls(), {}).contains(arb(9)))
    True
    """
    known = {name: values[name] for name in area.symbols}
    traced = trace(area.integrand, balls, known, area.variable)

    def at(tape: Tape, radius: Any) -> Any:
        return run(tape, balls, {**known, area.radius: radius})

    radius = arb(math.ceil(float(at(area.start, arb(0)).upper())))
    tail = arb(0)
    if area.tail is not None:
        radius, tail = _cut(lambda r: at(area.tail, r), radius)
    inside = acb.integral(
        lambda point, analytic: traced.at(point, ComplexBalls(analytic)),
        at(area.left, radius),
        at(area.right, radius),
        rel_tol=arb(2) ** (_SPARE_BITS - ctx.prec),
        abs_tol=arb(2) ** (-ctx.prec - _SMALLEST_BITS),
        eval_limit=_EVALUATIONS,
    )
    # The tail lies between 0 and its bound.
    return inside.real + (tail.upper() / 2 + arb(0, tail.upper() / 2) if area.tail is not None else 0)
