"""Rigorous ranges of an expression and of its slope while one symbol runs over an interval.

A tape is run in jets: an enclosure of all values on the interval and one of all slopes. Where an expression is a rational
function of the symbol it is kept as one, so that its sign and its direction are decided by polynomials and not lost to
interval arithmetic, which forgets that two terms hold the same symbol.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, ctx, fmpq, fmpq_poly

from bounds.enclose import Balls, Exactly
from bounds.errors import EnclosureError
from bounds.exact import Exact
from bounds.solving.jets import RULES, UNKNOWN_JET, ZERO, Jet, Span, hull, jet_power, jet_product, jet_sum
from bounds.tape import Tape, run

RUNNING = sympy.Symbol("_running", real=True)
"""The symbol that runs over the interval; values of other symbols may be expressions in it."""

PRECISION = 96
_DEGREE = 12
_KEPT = ("max", "min", "abs")
_EXACT = Exact()
_BALLS = Balls()
_STEPS = 500


@dataclass(frozen=True, slots=True)
class Ratio:
    """A rational function of the symbol in lowest terms."""

    top: Any
    bottom: Any


def jet_on(tape: Tape, low: Fraction, high: Fraction, values: Mapping[str, Tape | Exactly]) -> Jet:
    """Enclose an expression and its slope on an interval.

    Parameters
    ----------
    tape : Tape
        The expression.
    low, high : Fraction
        Ends of the interval, both included.
    values : mapping of name to Fraction, infinity or Tape
        The value of every symbol of the expression; a tape says how it depends on `RUNNING`, the symbol that runs.

    Returns
    -------
    Jet
        With nan for what could not be enclosed; of the slopes sometimes only the sign is told.
        If the values are finite the expression is continuous on the interval.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> lam = Symbol("lam")
    >>> tape, itself = compile_expression(lam / (1 + lam)), compile_expression(RUNNING)
    >>> found = jet_on(tape, Fraction(0), Fraction(10**18), {"lam": itself})
    >>> bool(found.slope.low > 0)
    True
    """
    found = _jet(tape, low, high, values, _RUNNING)
    if low < 0 or high < 3 * low + 1 or found.slope.nonnegative or found.slope.nonpositive:
        return found
    # In u = 1/(1 + x) a long interval is short, and x/(1 + x) and the like are linear; it falls as x rises.
    turned = _jet(tape, 1 / (1 + high), 1 / (1 + low), values, _TURNED)
    if not (turned.slope.nonnegative or turned.slope.nonpositive):
        return found
    rises = turned.slope.nonpositive
    return Jet(turned.value, RISING if rises else FALLING)


def _jet(tape: Tape, low: Fraction, high: Fraction, values: Mapping[str, Tape | Exactly], running: Ratio) -> Jet:
    arithmetic = Jets(_fmpq(low), _fmpq(high))
    runner = {RUNNING.name: running}
    with ctx.workprec(PRECISION):
        try:
            read = {
                name: run(value, arithmetic, runner) if isinstance(value, Tape) else _constant(value)
                for name, value in values.items()
            }
            return arithmetic.jet(run(tape, arithmetic, read))
        except (EnclosureError, ZeroDivisionError):
            return UNKNOWN_JET


def trend_on_box(
    tape: Tape, name: str, box: Mapping[str, tuple[Fraction, Fraction]], rest: Mapping[str, Exactly]
) -> int | None:
    """Return 1 or -1 if an expression surely rises or falls with one symbol on a box, 0 if it is constant, else None.

    Parameters
    ----------
    tape : Tape
        The expression.
    name : str
        The symbol that runs; in the box.
    box : mapping of name to (Fraction, Fraction)
        Ends of the ranges, both included.
    rest : mapping of name to Fraction or infinity
        The symbols that have one value.

    Returns
    -------
    int or None
        Rising means nowhere falling. The expression is continuous in the symbol there.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> sides = {"x": (Fraction(0), Fraction(1)), "y": (Fraction(-1), Fraction(2))}
    >>> trend_on_box(compile_expression(Symbol("x") ** 3 + Symbol("y")), "x", sides, {})
    1
    """
    found = _jet_on_box(tape, name, box, rest)
    if not (found.value.low.is_finite() and found.value.high.is_finite()):
        return None
    if found.slope.nonnegative:
        return 0 if found.slope.nonpositive else 1
    return -1 if found.slope.nonpositive else None


def sign_on_box(tape: Tape, box: Mapping[str, tuple[Fraction, Fraction]], rest: Mapping[str, Exactly]) -> int | None:
    """Return 1 or -1 if an expression surely is above or below 0 on a box, else None.

    Parameters
    ----------
    tape : Tape
    box : mapping of name to (Fraction, Fraction)
        Not empty.
    rest : mapping of name to Fraction or infinity

    Returns
    -------
    int or None

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> sign_on_box(compile_expression(Symbol("x") - 2), {"x": (Fraction(0), Fraction(1))}, {})
    -1
    """
    # In one symbol the expression may be a rational function, which is enclosed more sharply.
    value = _jet_on_box(tape, max(box, key=lambda name: box[name][1] - box[name][0]), box, rest).value
    return 1 if value.low > 0 else -1 if value.high < 0 else None


def _jet_on_box(
    tape: Tape, name: str, box: Mapping[str, tuple[Fraction, Fraction]], rest: Mapping[str, Exactly]
) -> Jet:
    arithmetic = Jets(*map(_fmpq, box[name]))
    with ctx.workprec(PRECISION):
        read = {key: _constant(value) for key, value in rest.items()}
        read |= {key: _anywhere(*ends) for key, ends in box.items()}
        read[name] = _RUNNING
        try:
            return arithmetic.jet(run(tape, arithmetic, read))
        except (EnclosureError, ZeroDivisionError):
            return UNKNOWN_JET


def _anywhere(low: Fraction, high: Fraction) -> Ratio | Jet:
    """Return a constant of which only the range is known."""
    return _constant(low) if low == high else Jet(Span(hull(arb(_fmpq(low))).low, hull(arb(_fmpq(high))).high), ZERO)


def _fmpq(value: Fraction) -> Any:
    return fmpq(value.numerator, value.denominator)


def _constant(value: Exactly) -> Ratio | Jet:
    if isinstance(value, Fraction):
        return Ratio(fmpq_poly([_fmpq(value)]), fmpq_poly([1]))
    return Jet(Span(arb(value), arb(value)), ZERO)


_RUNNING = Ratio(fmpq_poly([0, 1]), fmpq_poly([1]))
_TURNED = Ratio(fmpq_poly([1, -1]), fmpq_poly([0, 1]))
RISING, FALLING = Span(arb(0), arb("inf")), Span(arb("-inf"), arb(0))


@dataclass(frozen=True)
class Jets:
    """Jets and rational functions on the interval from `low` to `high`, as an arithmetic for tapes."""

    low: Any
    high: Any

    def rational(self, numerator: int, denominator: int) -> Ratio:
        """Return a constant."""
        return Ratio(fmpq_poly([fmpq(numerator, denominator)]), fmpq_poly([1]))

    def power(self, base: Ratio | Jet, exponent: int) -> Ratio | Jet:
        """Raise to a whole power."""
        if isinstance(base, Ratio) and _size(base) * abs(exponent) <= _DEGREE and _short(base, exponent):
            top, bottom = (base.top, base.bottom) if exponent >= 0 else (base.bottom, base.top)
            return Ratio(top ** abs(exponent), bottom ** abs(exponent)) if bottom != 0 else UNKNOWN_JET
        return jet_power(self.jet(base), exponent)

    def count(self, value: Ratio | Jet) -> int:
        """Read a number of steps that does not depend on the symbol."""
        fixed = _fixed(value)
        if fixed is None or fixed.denominator != 1 or fixed > _STEPS:
            raise EnclosureError("the number of steps is not fixed, or too large")
        return int(fixed)

    def integrate(self, area: Any, values: Mapping[str, Ratio | Jet]) -> Ratio | Jet:
        """Refuse integrals: their slope is not enclosed."""
        raise EnclosureError("integrals have no range")

    def apply(self, operation: str, operands: Sequence[Ratio | Jet]) -> Ratio | Jet:
        """Apply a named operation."""
        if operation in ("add", "mul"):
            return self._folded(operation, operands)
        if operation == "pow":
            fixed = _fixed(operands[1])
            if fixed is not None and fixed.denominator == 1:
                return self.power(operands[0], int(fixed))
        constants = [_fixed(operand) for operand in operands]
        if operation in _KEPT and None not in constants:
            return _constant(_EXACT.apply(operation, [c for c in constants if c is not None]))
        jets = [self.jet(operand) for operand in operands]
        if all(jet.slope is ZERO for jet in jets):
            return Jet(hull(_BALLS.apply(operation, [_ball(jet.value) for jet in jets])), ZERO)
        rule = RULES.get(operation)
        return UNKNOWN_JET if rule is None else rule(*jets)

    def _folded(self, operation: str, operands: Sequence[Ratio | Jet]) -> Ratio | Jet:
        """Join the rational operands first: together they are tighter."""
        rational = [o for o in operands if isinstance(o, Ratio)]
        jets = [o for o in operands if isinstance(o, Jet)]
        combine = _ratio_sum if operation == "add" else _ratio_product
        while len(rational) > 1:
            first, second = rational.pop(), rational.pop()
            joined = combine(first, second)
            if _size(joined) > _DEGREE:
                jets += [self.jet(first), self.jet(second)]
            else:
                rational.append(joined)
        if not jets:
            return rational[0]
        total, *rest = jets + [self.jet(ratio) for ratio in rational]
        for other in rest:
            total = jet_sum(total, other) if operation == "add" else jet_product(total, other)
        return total

    def jet(self, number: Ratio | Jet) -> Jet:
        """Return the jet of a rational function; exact at its ends where it is monotone."""
        if isinstance(number, Jet):
            return number
        fixed = _fixed(number)
        if fixed is not None:
            value = arb(_fmpq(fixed))
            return Jet(hull(value), ZERO)
        bottom = self._range(number.bottom)
        if not (bottom[0] > 0 or bottom[1] < 0):
            return UNKNOWN_JET
        slope_top = number.top.derivative() * number.bottom - number.top * number.bottom.derivative()
        rise = self._range(slope_top)
        squares = sorted(end * end for end in bottom)
        slope = hull(*(arb(r) / arb(s) for r in rise for s in squares))
        if rise[0] >= 0 or rise[1] <= 0:
            ends = [number.top(x) / number.bottom(x) for x in (self.low, self.high)]
            return Jet(hull(*(arb(end) for end in ends)), slope)
        return Jet(hull(*(arb(p) / arb(q) for p in self._range(number.top) for q in bottom)), slope)

    def _range(self, polynomial: Any) -> tuple[Any, Any]:
        """Enclose a polynomial by its Bernstein coefficients, between which its values lie."""
        shifted = polynomial(fmpq_poly([self.low, self.high - self.low])).coeffs() or [fmpq(0)]
        degree = len(shifted) - 1
        row = [c / math.comb(degree, k) for k, c in enumerate(shifted)]
        found = [row[0]]
        # Coefficient k of the Bernstein basis is sum_i C(k, i) row_i: repeated sums of neighbours.
        for _ in range(degree):
            row = [row[i] + row[i + 1] for i in range(len(row) - 1)]
            found.append(row[0])
        return min(found), max(found)


def _ball(span: Span) -> Any:
    """Return a ball that holds a span; an exact one for a single number, infinity included."""
    return span.low if span.low == span.high else span.low.union(span.high)


def _size(ratio: Ratio) -> int:
    return int(max(ratio.top.degree(), ratio.bottom.degree(), 0))


def _short(ratio: Ratio, exponent: int) -> bool:
    """Tell whether a power of it is cheap to write out."""
    parts = (*ratio.top.coeffs(), *ratio.bottom.coeffs())
    return abs(exponent) * max(max(int(abs(c.p)).bit_length(), int(c.q).bit_length()) for c in parts) < 20_000


def _fixed(number: Ratio | Jet) -> Fraction | None:
    if isinstance(number, Jet) or _size(number) > 0:
        return None
    value = number.top[0] / number.bottom[0]
    return Fraction(int(value.p), int(value.q))


def _ratio_sum(u: Ratio, v: Ratio) -> Ratio:
    return _lowest(u.top * v.bottom + v.top * u.bottom, u.bottom * v.bottom)


def _ratio_product(u: Ratio, v: Ratio) -> Ratio:
    return _lowest(u.top * v.top, u.bottom * v.bottom)


def _lowest(top: Any, bottom: Any) -> Ratio:
    if bottom.degree() <= 0:
        return Ratio(top / bottom[0], fmpq_poly([1]))
    common = top.gcd(bottom)
    return Ratio(top // common, bottom // common) if common.degree() > 0 else Ratio(top, bottom)
