"""The relations that make a number a solution: domains, hypotheses and the target, decided at numbers and on intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from bounds.errors import EnclosureError
from bounds.evaluate import evaluate_grid
from bounds.exact import NotRational
from bounds.functions import Recurrence, geometric_sum
from bounds.hypotheses import holds
from bounds.solving.jets import UNKNOWN_JET
from bounds.solving.ranges import RUNNING, jet_on
from bounds.solving.search import LARGEST_PIECES, Number, Relation, WholeNumbers
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
_LARGEST_EXPONENT = 2000
_RAISING = (sympy.Pow, sympy.exp, geometric_sum)
_OPERATIONS, FEWEST_PIECES = 1500, 16


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
        difference = bound - sympy.Rational(aim.numerator, aim.denominator)
        target = _relation(difference, relation, unknown.values)
        if compile_expression(unknown.theorem.expression).integrates:
            target = _by_floats(target, unknown, aim)
        return Problem(unknown, aim, relation, (*domain, *own), target, Values.of(bound, unknown.values))

    @property
    def pieces(self) -> int:
        """How many pieces are worth examining: fewer where one takes many operations."""
        expression, fixed = self.unknown.theorem.expression, self.unknown.values
        known = {symbol: fixed[symbol.name] for symbol in expression.free_symbols}
        steps = {symbol: int(v) for symbol, v in known.items() if isinstance(v, Fraction) and v.denominator == 1}
        counts = [node.args[4].subs(steps) for node in expression.atoms(Recurrence)]
        counts += [(node.limits[0][2] - node.limits[0][1]).subs(steps) for node in expression.atoms(sympy.Sum)]
        loops = sum(int(count) for count in counts if count.is_Integer)
        operations = (1 + loops) * len(compile_expression(expression).instructions)
        return max(FEWEST_PIECES, min(LARGEST_PIECES, _OPERATIONS // operations))

    def within(self, x: Number) -> bool:
        """Tell whether all hypotheses surely hold at a number."""
        return all(relation.decide(x) for relation in self.hypotheses)

    def step(self, first: Number, second: Number) -> int | None:
        """Return 1, -1 or 0 if the bound surely rises, falls or stays from one number to another, else None."""
        if not self.target.sure:
            return None
        try:
            low, high = (self.bound.ball(x, _PRECISIONS[1]) for x in (first, second))
        except (EnclosureError, NotRational, ZeroDivisionError):
            return None
        if low < high or low > high:
            return 1 if low < high else -1
        if self.unknown.grid.continuous:
            return None
        exactly = self.bound.exact(first)
        return 0 if exactly is not None and exactly == self.bound.exact(second) else None


def _written_out(expression: Any, values: Mapping[str, Any]) -> Any:
    """Write generalized harmonic numbers of a few terms as sums of powers, whose slopes are known."""
    sums = {}
    for node in expression.atoms(sympy.harmonic):
        terms = values.get(node.args[0].name) if node.args[0].is_Symbol else None
        if len(node.args) == 2 and isinstance(terms, Fraction) and terms.denominator == 1 and terms <= _MOST_TERMS:
            sums[node] = sympy.Add(*(sympy.Integer(k) ** -node.args[1] for k in range(1, int(terms) + 1)))
    return expression.xreplace(sums)


def _relation(difference: Any, operator: str, values: Mapping[str, Any]) -> Relation:
    expression = Values.of(difference, values)
    relevant = {**expression.fixed, **expression.running}
    decide = lru_cache(maxsize=None)(_decider(expression, operator, difference))
    return Relation(decide, lambda a, b: jet_on(expression.tape, Fraction(a), Fraction(b), relevant), _SIGNS[operator])


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


def _decider(expression: Values, operator: str, difference: Any) -> Callable[[Number], bool | None]:
    """Make the decision at a number: by balls, and exactly where they cannot tell."""
    signs = _SIGNS[operator]
    relation = sympy.Rel(difference, 0, operator, evaluate=False)
    raised = {symbol.name for node in difference.atoms(*_RAISING) for symbol in node.args[-1].free_symbols}

    def decide(x: Number) -> bool | None:
        try:
            for precision in _PRECISIONS:
                ball = expression.ball(x, precision)
                sign = 1 if ball > 0 else -1 if ball < 0 else 0 if ball.is_zero() else None
                if sign is None and precision == _PRECISIONS[0]:
                    sign = _exact_sign(expression, x)
                if sign is not None:
                    return sign in signs
                if precision > _PRECISIONS[0] and not ball.is_finite() and not expression.infinite:
                    # More digits would hardly help, and may take very long.
                    return None
            here = expression.at(x)
            # A power written out by algebra takes time without end.
            short = all(-_LARGEST_EXPONENT <= here[name] <= _LARGEST_EXPONENT for name in raised)
            return holds(relation, here) if short and expression.walk is None else None
        except (EnclosureError, NotRational, ZeroDivisionError):
            return None

    return decide


def _exact_sign(expression: Values, x: Number) -> int | None:
    value = expression.exact(x)
    return None if value is None else (value > 0) - (value < 0)
