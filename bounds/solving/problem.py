"""The relations that make a number a solution: domains, hypotheses and the target, decided at numbers and on intervals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy
from flint import ctx

from bounds.enclose import ball as enclosed
from bounds.errors import EnclosureError
from bounds.evaluate import evaluate_grid
from bounds.exact import NotRational
from bounds.functions import Recurrence, geometric_sum
from bounds.hypotheses import holds
from bounds.solving.grid import Number, WholeNumbers
from bounds.solving.jets import UNKNOWN_JET
from bounds.solving.ranges import RUNNING, Ranges
from bounds.solving.search import LARGEST_PIECES, Relation
from bounds.solving.unknown import Unknown
from bounds.solving.values import Values
from bounds.tape import compile_expression

_SIGNS = {
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    ">": frozenset({1}),
    ">=": frozenset({0, 1}),
    "==": frozenset({0}),
    "!=": frozenset({-1, 1}),
}
_PRECISIONS = (96, 192, 384, 768)
_MOST_TERMS = 100
_CLOSE = 1e-6
_NOTHING = Fraction(0)
_LARGEST_EXPONENT = 2000
_RAISING = (sympy.Pow, sympy.exp, geometric_sum)
_OPERATIONS, FEWEST_PIECES = 1500, 16
_LANDMARKS = 6


@dataclass(frozen=True)
class Problem:
    """The relations that make a value of the unknown a solution.

    Parameters
    ----------
    unknown : Unknown
    aim : Fraction
        The target.
    relation : str
        "<=" or ">=".
    hypotheses : tuple of Relation
        Those of the theorem, and the domains of converted values.
    target : Relation
    bound : Values
        Of the right side.
    """

    unknown: Unknown
    aim: Fraction
    relation: str
    hypotheses: tuple[Relation, ...]
    target: Relation
    bound: Values

    @staticmethod
    def of(unknown: Unknown, aim: Fraction, relation: str) -> Problem:
        """Write down the relations of a theorem."""
        domain = [
            _relation(c.lhs - c.rhs, c.rel_op, {RUNNING.name: compile_expression(RUNNING)}) for c in unknown.domain
        ]
        own = [_relation(h.lhs - h.rhs, h.rel_op, unknown.values) for h in unknown.theorem.hypotheses]
        bound = _written_out(unknown.theorem.expression, unknown.values)
        values = Values.of(bound, unknown.values)
        target = _relation(bound, relation, unknown.values, values, aim)
        if compile_expression(unknown.theorem.expression).integrates:
            target = _by_floats(target, unknown, aim)
        return Problem(unknown, aim, relation, (*domain, *own), target, values)

    @property
    def pieces(self) -> int:
        """How many pieces are worth examining: fewer where one takes many operations."""
        expression, fixed = self.unknown.theorem.expression, self.unknown.values
        tape = compile_expression(expression)
        if not tape.loops and not tape.integrates:
            return _pieces(len(tape.instructions))
        known = {symbol: fixed[symbol.name] for symbol in expression.free_symbols}
        steps = {symbol: int(v) for symbol, v in known.items() if isinstance(v, Fraction) and v.denominator == 1}
        counts = [node.args[4].subs(steps) for node in expression.atoms(Recurrence)]
        counts += [(node.limits[0][2] - node.limits[0][1]).subs(steps) for node in expression.atoms(sympy.Sum)]
        loops = sum(int(count) for count in counts if count.is_Integer)
        return _pieces((1 + loops) * len(tape.instructions))

    @property
    def landmarks(self) -> tuple[Fraction, ...]:
        """One and the other numbers of the problem, in whose neighbourhood a bound is most likely to change."""
        given = (value for value in self.unknown.values.values() if isinstance(value, Fraction) and value > 0)
        return tuple(sorted({Fraction(1), *itertools.islice(given, _LANDMARKS)}))

    def within(self, x: Number) -> bool:
        """Tell whether all hypotheses surely hold at a number."""
        return all(relation.decide(x) for relation in self.hypotheses)

    def step(self, first: Number, second: Number) -> int | None:
        """Return 1, -1 or 0 if the bound surely rises, falls or stays from one number to another, else None."""
        if not self.target.sure:
            return None
        try:
            continuous = self.unknown.grid.continuous
            # What was a tie once is often one again, and long.
            exactly = self._exact_step(first, second) if self.bound.written_out(first) and not continuous else None
            if exactly is not None:
                return exactly
            for precision in _PRECISIONS[:2]:
                low, high = (self.bound.ball(x, precision) for x in (first, second))
                if low < high or low > high:
                    return 1 if low < high else -1
            return None if continuous else self._exact_step(first, second)
        except (EnclosureError, NotRational, ZeroDivisionError):
            return None

    def _exact_step(self, first: Number, second: Number) -> int | None:
        low = self.bound.exact(first)
        high = None if low is None else self.bound.exact(second)
        return None if low is None or high is None else (low < high) - (low > high)


def _pieces(operations: int) -> int:
    return max(FEWEST_PIECES, min(LARGEST_PIECES, _OPERATIONS // operations))


def _written_out(expression: Any, values: Mapping[str, Any]) -> Any:
    """Write generalized harmonic numbers of a few terms as sums of powers, whose slopes are known."""
    tape = compile_expression(expression)
    if not (tape.loops or tape.integrates or any(i.operation == "harmonic" for i in tape.instructions)):
        return expression
    sums = {}
    for node in expression.atoms(sympy.harmonic):
        terms = values.get(node.args[0].name) if node.args[0].is_Symbol else None
        if len(node.args) == 2 and isinstance(terms, Fraction) and terms.denominator == 1 and terms <= _MOST_TERMS:
            sums[node] = sympy.Add(*(sympy.Integer(k) ** -node.args[1] for k in range(1, int(terms) + 1)))
    return expression.xreplace(sums)


def _relation(
    left: Any, operator: str, values: Mapping[str, Any], known: Values | None = None, right: Fraction = _NOTHING
) -> Relation:
    """Write down a relation between an expression and a number."""
    known = Values.of(left, values) if known is None else known
    difference = left - sympy.Rational(right.numerator, right.denominator)
    ranges = Ranges(compile_expression(difference), {**known.fixed, **known.running})
    decide = lru_cache(maxsize=None)(_decider(known, right, operator, difference))

    def about(x: Number) -> float:
        try:
            return float(_minus(known.ball(x, _PRECISIONS[0]), right, _PRECISIONS[0]).mid())
        except (EnclosureError, NotRational, ZeroDivisionError):
            return math.nan

    return Relation(decide, lambda a, b: ranges.jet(Fraction(a), Fraction(b)), _SIGNS[operator], difference=about)


def _by_floats(target: Relation, unknown: Unknown, aim: Fraction) -> Relation:
    """Decide a bound that is an integral in floats, and prove it only where they come close to the target.

    An enclosure of an integral takes seconds. Whole numbers close to the target are few; among floats there are too many,
    and they are left undecided.
    """
    tape, goal = compile_expression(unknown.theorem.expression), float(aim)
    bound = Values.of(unknown.theorem.expression, unknown.values)

    def decide(x: Number) -> bool | None:
        try:
            found = float(evaluate_grid(tape, {name: float(value) for name, value in bound.at(x).items()}))
        except (EnclosureError, NotRational, OverflowError):
            return None
        if abs(found - goal) > _CLOSE * max(abs(found), abs(goal)):
            return (1 if found > goal else -1) in target.signs
        return target.decide(x) if isinstance(unknown.grid, WholeNumbers) else None

    return Relation(lru_cache(maxsize=None)(decide), lambda a, b: UNKNOWN_JET, target.signs, sure=False)


def _decider(left: Values, right: Fraction, operator: str, difference: Any) -> Callable[[Number], bool | None]:
    """Make the decision at a number: by balls, and exactly where they cannot tell."""
    signs = _SIGNS[operator]
    relation = sympy.Rel(difference, 0, operator, evaluate=False)

    def decide(x: Number) -> bool | None:
        try:
            for precision in _PRECISIONS:
                ball = _minus(left.ball(x, precision), right, precision)
                sign = 1 if ball > 0 else -1 if ball < 0 else 0 if ball.is_zero() else None
                if sign is None and precision == _PRECISIONS[0]:
                    sign = _exact_sign(left.exact(x), right)
                if sign is not None:
                    return sign in signs
                if precision > _PRECISIONS[0] and not ball.is_finite() and not left.infinite:
                    # More digits would hardly help, and may take very long.
                    return None
            here = left.at(x)
            return holds(relation, here) if left.walk is None and _short(difference, here) else None
        except (EnclosureError, NotRational, ZeroDivisionError):
            return None

    return decide


def _short(difference: Any, values: Mapping[str, Any]) -> bool:
    """Tell whether algebra may write the powers out, which else takes time without end."""
    return all(-_LARGEST_EXPONENT <= values[name] <= _LARGEST_EXPONENT for name in _exponents(difference))


@lru_cache(maxsize=256)
def _exponents(difference: Any) -> frozenset[str]:
    return frozenset(symbol.name for node in difference.atoms(*_RAISING) for symbol in node.args[-1].free_symbols)


def _minus(left: Any, right: Fraction, precision: int) -> Any:
    if not right:
        return left
    with ctx.workprec(precision):
        return left - enclosed(right)


def _exact_sign(left: Fraction | None, right: Fraction) -> int | None:
    return None if left is None else (left > right) - (left < right)
