"""A tape as a program on jets: what does not depend on the interval is worked out once.

Constants and rational functions of the symbol are the same on every interval. Running a tape in this arithmetic joins them
and records what is left, with the steps of recursions one after the other; the record is then played on each interval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

from flint import arb

from bounds.enclose import Balls, Exactly
from bounds.errors import EnclosureError
from bounds.exact import Exact
from bounds.solving.jets import RULES, UNKNOWN_JET, ZERO, Jet, Span, hull, jet_power, jet_product, jet_sum
from bounds.solving.ratios import (
    Curve,
    Ratio,
    constant_ratio,
    fraction,
    ratio_power,
    ratio_product,
    ratio_sum,
    short_power,
)

_DEGREE = 12
_KEPT = ("max", "min", "abs")
_EXACT = Exact()
_BALLS = Balls()
_STEPS = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value that depends on the interval is found in a record."""

    index: int


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on jets; operands are constants, or places of earlier values."""

    rule: Callable[..., Jet]
    operands: tuple[Jet | int, ...]


Operand = Ratio | Jet | Place
"""A rational function of the symbol, a constant, or the place of what depends on the interval."""


@dataclass(frozen=True)
class JetCode:
    """What is left of a tape.

    Parameters
    ----------
    parts : tuple of Curve or Step
        In the order in which they are played.
    result : Jet or Place
    """

    parts: tuple[Curve | Step, ...]
    result: Jet | Place

    def jet(self, low: Any, high: Any) -> Jet:
        """Enclose the values and slopes between two fractions, at flint's working precision.

        Examples
        --------
        >>> from flint import fmpq, fmpq_poly
        >>> from sympy import Symbol, exp
        >>> from bounds.tape import compile_expression, run
        >>> recorder, symbol = Recorder(), Ratio(fmpq_poly([0, 1]), fmpq_poly([1]))
        >>> found = run(compile_expression(exp(Symbol("x"))), recorder, {"x": symbol})
        >>> recorder.code(found).jet(fmpq(0), fmpq(1)).value.low
        1.00000000000000
        """
        if isinstance(self.result, Jet):
            return self.result
        values: list[Jet] = []
        for part in self.parts:
            if isinstance(part, Curve):
                values.append(part.jet(low, high))
            else:
                values.append(part.rule(*[values[o] if isinstance(o, int) else o for o in part.operands]))
        return values[self.result.index]


@dataclass(frozen=True)
class Recorder:
    """Rational functions, constants and a record of everything else, as an arithmetic for tapes.

    Examples
    --------
    >>> Recorder().apply("mul", [constant_ratio(Fraction(2)), constant_ratio(Fraction(3))]).constant
    Fraction(6, 1)
    """

    _parts: list[Curve | Step] = field(default_factory=list)
    _curves: dict[int, tuple[Ratio, Place]] = field(default_factory=dict)

    def code(self, result: Operand) -> JetCode:
        """Return the record, of which one value is wanted."""
        wanted = self._jet(result)
        return JetCode(tuple(self._parts), wanted)

    def rational(self, numerator: int, denominator: int) -> Ratio:
        """Return a constant."""
        return constant_ratio(Fraction(numerator, denominator))

    def power(self, base: Operand, exponent: int) -> Operand:
        """Raise to a whole power."""
        if isinstance(base, Ratio) and base.size * abs(exponent) <= _DEGREE and short_power(base, exponent):
            raised = ratio_power(base, exponent)
            return UNKNOWN_JET if raised is None else raised
        return self._step(partial(jet_power, exponent=exponent), (base,))

    def count(self, value: Operand) -> int:
        """Read a number of steps that does not depend on the symbol."""
        fixed = _fixed(value)
        if fixed is None or fixed.denominator != 1 or fixed > _STEPS:
            raise EnclosureError("the number of steps is not fixed, or too large")
        return int(fixed)

    def integrate(self, area: Any, values: Mapping[str, Operand]) -> Operand:
        """Refuse integrals: their slope is not enclosed."""
        raise EnclosureError("integrals have no range")

    def apply(self, operation: str, operands: Sequence[Operand]) -> Operand:
        """Apply a named operation."""
        if operation in ("add", "mul"):
            return self._folded(operation, operands)
        if operation == "pow":
            fixed = _fixed(operands[1])
            if fixed is not None and fixed.denominator == 1:
                return self.power(operands[0], int(fixed))
        if operation in _KEPT:
            constants = [_fixed(operand) for operand in operands]
            if None not in constants:
                return constant_ratio(_EXACT.apply(operation, [c for c in constants if c is not None]))
        jets = [self._jet(operand) for operand in operands]
        known = [jet for jet in jets if isinstance(jet, Jet) and jet.slope is ZERO]
        if len(known) == len(jets):
            return Jet(hull(_BALLS.apply(operation, [_ball(jet.value) for jet in known])), ZERO)
        rule = RULES.get(operation)
        return UNKNOWN_JET if rule is None else self._step(rule, jets)

    def _folded(self, operation: str, operands: Sequence[Operand]) -> Operand:
        """Join the rational operands first: together they are tighter."""
        rational = [o for o in operands if isinstance(o, Ratio)]
        jets: list[Operand] = [o for o in operands if not isinstance(o, Ratio)]
        combine, rule = (ratio_sum, jet_sum) if operation == "add" else (ratio_product, jet_product)
        while len(rational) > 1:
            first, second = rational.pop(), rational.pop()
            joined = combine(first, second)
            if joined.size > _DEGREE:
                jets += [first, second]
            else:
                rational.append(joined)
        if not jets:
            return rational[0]
        # Constants first, so that they are joined once and for all.
        total, *rest = sorted(map(self._jet, jets + list(rational)), key=lambda o: isinstance(o, Place))
        for other in rest:
            total = self._step(rule, (total, other))
        return total

    def _step(self, rule: Callable[..., Jet], operands: Sequence[Operand]) -> Jet | Place:
        """Apply a rule to constants at once, and record it for anything else."""
        jets = [self._jet(operand) for operand in operands]
        known = [jet for jet in jets if isinstance(jet, Jet)]
        if len(known) == len(jets):
            return rule(*known)
        return self._recorded(Step(rule, tuple(o.index if isinstance(o, Place) else o for o in jets)))

    def _jet(self, number: Operand) -> Jet | Place:
        """Turn a rational function into a constant, or record it."""
        if not isinstance(number, Ratio):
            return number
        fixed = number.constant
        if fixed is not None:
            return Jet(hull(arb(fraction(fixed))), ZERO)
        if id(number) not in self._curves:
            # The function is kept beside its place, so that no other one is given its id.
            self._curves[id(number)] = (number, self._recorded(Curve.of(number)))
        return self._curves[id(number)][1]

    def _recorded(self, part: Curve | Step) -> Place:
        self._parts.append(part)
        return Place(len(self._parts) - 1)


def constant(value: Exactly) -> Ratio | Jet:
    """Return a constant, infinity included.

    Examples
    --------
    >>> constant(Fraction(1, 2)).constant
    Fraction(1, 2)
    """
    return constant_ratio(value) if isinstance(value, Fraction) else Jet(Span(arb(value), arb(value)), ZERO)


def _fixed(number: Operand) -> Fraction | None:
    return number.constant if isinstance(number, Ratio) else None


def _ball(span: Span) -> Any:
    """Return a ball that holds a span; an exact one for a single number, infinity included."""
    return span.low if span.low == span.high else span.low.union(span.high)
