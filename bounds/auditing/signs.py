"""Proofs of sign: whether an expression is nowhere negative on a whole region, not only where it was tried.

Two kinds of argument, both exact. Rules: a product of nonnegative factors is nonnegative. Polynomials: every symbol is
shifted to run over [0, oo); a polynomial whose coefficients then have one sign has that sign everywhere, and so has one
that exceeds a multiple of a hypothesis in this way. Where neither serves the answer is None. All signs are weak: 1 means
nowhere negative.

This is the calculus of signs, on regions that may be unbounded and hold hypotheses: `bounds.auditing.direction` takes the
signs of slopes from it. Enclosures of slopes in numbers, on bounded boxes, are those of `bounds.solving.ranges`, which
`bounds.auditing.boxes` uses as well; and `bounds.certify` shares nothing with either, so that it can check them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy
from sympy import oo

from bounds.auditing.inequalities import gaps, is_known
from bounds.auditing.polynomials import exceeds, exceeds_multiples, joined_roots, one_sign, over_nonnegative
from bounds.functions import Recurrence, c4, geometric_sum
from bounds.symbols import PARAMETERS
from bounds.theorem import Theorem

Interval = tuple[Any, Any]

_ODD = (sympy.atan, sympy.erf, sympy.sinh, sympy.tanh, sympy.asin)
_MOST_OPERATIONS = 400
_MOST_RELATIONS = 12
_MOST_TERMS = 30
_BINDING = (sympy.Sum, Recurrence)
_EVERYTHING = (-oo, oo)


@dataclass(frozen=True)
class Region:
    """Where a claim is made: intervals of the symbols, and relations that hold there.

    Parameters
    ----------
    intervals : mapping of name to (low, high)
        Closed, of sympy numbers or infinities; a whole-number symbol runs over the real numbers between.
    relations : tuple of sympy relationals

    Examples
    --------
    >>> import bounds
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> region = region_of(theorem)
    >>> region.sign(theorem.expression)
    1
    """

    intervals: Mapping[str, Interval]
    relations: tuple[Any, ...] = ()
    _signs: dict[Any, int | None] = field(default_factory=dict, compare=False, repr=False)
    _opaque: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    _shifts: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    _quotients: dict[Any, tuple[Any, Any] | None] = field(default_factory=dict, compare=False, repr=False)

    def sign(self, expression: Any) -> int | None:
        """Return 1 if it is nowhere negative in the region, -1 if nowhere positive, 0 if it vanishes, else None.

        Parameters
        ----------
        expression : sympy expression

        Returns
        -------
        int or None

        Examples
        --------
        >>> from bounds.symbols import alpha
        >>> Region({"alpha": (0, 1)}).sign(1 - alpha**2)
        1
        """
        if expression not in self._signs:
            self._signs[expression] = None  # what depends on itself is unknown
            found = self._sign_by_rules(expression)
            found = self._sign_by_polynomials(expression) if found is None else found
            self._signs[expression] = self.by_cases(expression, Region.sign) if found is None else found
        return self._signs[expression]

    def by_cases(self, expression: Any, ask: Callable[[Region, Any], int | None]) -> int | None:
        """Ask for each order of the sides of a maximum or minimum, and agree if all answers do."""
        if len(self.relations) > _MOST_RELATIONS:
            return None
        for node in sorted(expression.atoms(sympy.Max, sympy.Min), key=str):
            if len(node.args) == 2 and not node.has(*_BINDING):
                first, second = node.args
                larger, smaller = (first, second) if isinstance(node, sympy.Max) else (second, first)
                answers = [
                    ask(narrowed(self.intervals, (*self.relations, relation)), expression.xreplace({node: value}))
                    for value, relation in (
                        (first, sympy.Ge(larger, smaller, evaluate=False)),
                        (second, sympy.Ge(smaller, larger, evaluate=False)),
                    )
                ]
                return agree(answers)
        return None

    def _sign_by_rules(self, node: Any) -> int | None:
        if node.is_number:
            return 0 if node.is_zero else 1 if node.is_nonnegative else -1 if node.is_nonpositive else None
        if node.is_Symbol:
            low, high = self.intervals.get(node.name, _EVERYTHING)
            return 1 if low >= 0 else -1 if high <= 0 else None
        if node.is_Add:
            return agree([self.sign(a) for a in node.args])
        if node.is_Mul:
            return multiply([self.sign(a) for a in node.args])
        if node.is_Pow:
            return self._sign_of_power(*node.as_base_exp()) if node.base != sympy.E else 1
        return self._sign_of_function(node)

    def _sign_of_power(self, base: Any, exponent: Any) -> int | None:
        if exponent.is_Integer and exponent % 2 == 0:
            return 1
        of_base = self.sign(base)
        if of_base == 1 or exponent.is_Integer:
            return of_base
        return None

    def _sign_of_function(self, node: Any) -> int | None:
        first = node.args[0] if node.args else node
        if isinstance(node, sympy.exp | sympy.cosh | sympy.erfc | sympy.Abs | c4):
            return 1
        if isinstance(node, _ODD):
            return self.sign(first)
        if isinstance(node, sympy.log):
            return self.sign(first - 1)
        if isinstance(node, sympy.Max | sympy.Min):
            signs, enough = [self.sign(a) for a in node.args], 1 if isinstance(node, sympy.Max) else -1
            return enough if enough in signs else agree(signs)
        if isinstance(node, geometric_sum | sympy.gamma | sympy.harmonic):
            return 1 if self.sign(first) == 1 else None
        if isinstance(node, sympy.polygamma) and first.is_Integer and first >= 1:
            return (1 if first % 2 else -1) if self.sign(node.args[1]) == 1 else None
        if isinstance(node, sympy.Sum):
            index, start, stop = node.limits[0]
            inner = Region({**self.intervals, index.name: (start if start.is_number else -oo, oo)}, self.relations)
            return inner.sign(node.function) if self.sign(stop - start + 1) == 1 else None
        if isinstance(node, Recurrence):
            return self.inside_loop(node).sign(node.args[0])
        return None

    def inside_loop(self, node: Any) -> Region:
        """Return the region in which the state of a recursion lives: nonnegative where that is passed on by its step."""
        _, states, initial, step, _ = node.args
        hoped = Region({**self.intervals, **{s.name: (sympy.S.Zero, oo) for s in states}}, self.relations)
        kept = all(self.sign(i) in (0, 1) for i in initial) and all(hoped.sign(e) in (0, 1) for e in step)
        return hoped if kept else Region({**self.intervals, **dict.fromkeys([s.name for s in states], _EVERYTHING)})

    def strictly_positive(self, expression: Any) -> bool:
        """Tell whether an expression is surely above 0 wherever the symbols are finite.

        Parameters
        ----------
        expression : sympy expression

        Returns
        -------
        bool

        Examples
        --------
        >>> from bounds.symbols import lam
        >>> Region({"lam": (0, oo)}).strictly_positive(1 - lam / (1 + lam))
        True
        """
        rational = self._with_opaque_parts(expression)
        bounded = [s for s in rational.free_symbols if -oo < self._interval(s)[0] < self._interval(s)[1] < oo]
        parts = self._polynomials(expression)
        if parts is None or any(s in self._opaque.values() for s in bounded):
            return False
        signs = {one_sign(part) for part in parts}
        inside = len(signs) == 1 and None not in signs and all(p.nth(*[0] * len(p.gens)) != 0 for p in parts)
        # A shifted symbol never reaches the upper end of a bounded interval.
        return inside and all(self.strictly_positive(expression.xreplace({s: self._interval(s)[1]})) for s in bounded)

    def _sign_by_polynomials(self, node: Any) -> int | None:
        parts = self._polynomials(node)
        return None if parts is None else multiply([self._polynomial_sign(part) for part in parts])

    def _polynomial_sign(self, polynomial: Any) -> int | None:
        found = one_sign(polynomial)
        if found is not None:
            return found
        signs: list[int | None] = []
        for factor, power in polynomial.factor_list()[1]:
            known = 1 if power % 2 == 0 else one_sign(factor)
            signs.append(self._sign_by_inequalities(factor) if known is None else known)
        leading = polynomial.factor_list()[0]
        return multiply([self._sign_by_rules(sympy.sympify(leading)), *signs])

    def _sign_by_inequalities(self, polynomial: Any) -> int | None:
        for relation in self.relations:
            gap = _positive_side(relation)
            found = None if gap is None else self._sign_beside(polynomial, gap, exceeds)
            if found is not None:
                return found
        for gap in self._classical(polynomial):
            found = self._sign_beside(polynomial, gap, exceeds_multiples)
            if found is not None:
                return found
        return None

    def _sign_beside(self, polynomial: Any, gap: Any, beyond: Callable[[Any, Any], bool]) -> int | None:
        """Compare a polynomial with an expression that is nowhere negative."""
        parts = self._polynomials(gap)
        if parts is None or (below := one_sign(parts[1])) is None:
            return None
        given = parts[0] * below
        return 1 if beyond(polynomial, given) else -1 if beyond(-polynomial, given) else None

    def _classical(self, polynomial: Any) -> Iterator[Any]:
        """Yield nonnegative expressions in the parts of a polynomial that are not rational."""
        if polynomial.length() > _MOST_TERMS:
            return
        present = set(polynomial.gens)
        for node, dummy in list(self._opaque.items()):
            if is_known(node) and present & getattr(self._shifts.get(dummy), "free_symbols", set()):
                yield from gaps(node, self.sign(node.args[-1]) == 1)

    def _polynomials(self, node: Any) -> tuple[Any, Any] | None:
        """Write a node as a quotient of polynomials in symbols that run over [0, oo)."""
        if node not in self._quotients:
            self._quotients[node] = self._as_quotient(node)
        return self._quotients[node]

    def _as_quotient(self, node: Any) -> tuple[Any, Any] | None:
        if node.count_ops() > _MOST_OPERATIONS:
            return None
        rational = self._with_opaque_parts(node)
        shifts = {s: self._shifted(s) for s in rational.free_symbols}
        if any(shift is None for shift in shifts.values()):
            return None
        top, bottom = sympy.fraction(sympy.together(rational.xreplace(shifts)))
        free = sorted(top.free_symbols | bottom.free_symbols, key=str) or [sympy.Dummy()]
        try:
            return sympy.Poly(top, *free), sympy.Poly(bottom, *free)
        except sympy.PolynomialError:
            return None

    def _shifted(self, symbol: Any) -> Any | None:
        if symbol not in self._shifts:
            low, high = self._interval(symbol)
            bounded = (low, high) != _EVERYTHING or any(
                is_known(n) for n, dummy in self._opaque.items() if dummy == symbol
            )
            # Without an inequality to hold against it, a symbol without a sign only takes time.
            self._shifts[symbol] = over_nonnegative(symbol, low, high) if bounded else None
        return self._shifts[symbol]

    def _with_opaque_parts(self, node: Any) -> Any:
        """Replace what is not rational in the symbols by symbols of their own."""
        if node.is_Symbol or node.is_number:
            return node
        if node.is_Add or node.is_Mul:
            parts = joined_roots(node.args) if node.is_Mul else node.args
            return node.func(*(self._with_opaque_parts(a) for a in parts))
        if node.is_Pow and node.exp.is_Integer:
            return self._with_opaque_parts(node.base) ** node.exp
        if node not in self._opaque:
            self._opaque[node] = sympy.Dummy(f"part{len(self._opaque)}", real=True)
        return self._opaque[node]

    def _interval(self, symbol: Any) -> Interval:
        for node, dummy in self._opaque.items():
            if dummy == symbol:
                return self._range(node)
        return self.intervals.get(symbol.name, _EVERYTHING)

    def _range(self, node: Any) -> Interval:
        """Return an interval that surely holds the values of a part that is not rational."""
        if isinstance(node, c4):
            return sympy.S.Zero, sympy.S.One
        if isinstance(node, sympy.exp):
            return _beside_one(self.sign(node.args[0]))
        if isinstance(node, sympy.erf | sympy.tanh) and self.sign(node.args[0]) == 1:
            return sympy.S.Zero, sympy.S.One
        if isinstance(node, geometric_sum) and self.sign(node.args[0]) == 1 and self.sign(node.args[1] - 1) == 1:
            return sympy.S.One, oo
        if node.is_Pow and self.sign(node.base) == 1:
            return _beside_one(multiply([self.sign(node.base - 1), self.sign(node.exp)]))
        return {1: (sympy.S.Zero, oo), -1: (-oo, sympy.S.Zero)}.get(self.sign(node) or 0, _EVERYTHING)


def region_of(theorem: Theorem, pinned: Mapping[str, Any] | None = None) -> Region:
    """Return the region of a theorem: the domains of its symbols, narrowed by its hypotheses.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    pinned : mapping of name to sympy number, optional
        Symbols that are fixed.

    Returns
    -------
    Region

    Examples
    --------
    >>> import bounds
    >>> region_of(bounds.get("ferbach2024.mixed_reward_gain")).intervals["t"]
    (1, oo)
    """
    fixed = {s: (pinned or {})[s.name] for s in theorem.symbols if s.name in (pinned or {})}
    intervals = {s.name: (PARAMETERS[s.name].low, PARAMETERS[s.name].high) for s in theorem.symbols if s not in fixed}
    relations = tuple(r for r in (h.xreplace(fixed) for h in theorem.hypotheses) if r not in (sympy.true, sympy.false))
    return narrowed(intervals, relations)


def narrowed(intervals: Mapping[str, Interval], relations: tuple[Any, ...]) -> Region:
    """Return a region whose intervals are cut where a relation bounds one symbol by a number.

    Parameters
    ----------
    intervals : mapping of name to (low, high)
    relations : tuple of sympy relationals

    Returns
    -------
    Region

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> narrowed({"lam": (0, oo)}, (2 * lam < 1,)).intervals["lam"]
    (0, 1/2)
    """
    cut = dict(intervals)
    for relation in relations:
        gap = _positive_side(relation)
        if gap is None or len(gap.free_symbols) != 1:
            continue
        (symbol,) = gap.free_symbols
        slope, start = gap.coeff(symbol, 1), gap.subs(symbol, 0)
        if (
            symbol.name not in cut
            or not slope.is_Rational
            or slope == 0
            or sympy.expand(gap - slope * symbol - start) != 0
        ):
            continue
        low, high = cut[symbol.name]
        edge = -start / slope
        cut[symbol.name] = (sympy.Max(low, edge), high) if slope > 0 else (low, sympy.Min(high, edge))
    return Region(cut, relations)


def _sides(relation: Any) -> list[tuple[Any, Any]]:
    """Return the smaller and the larger side of an inequality."""
    if relation.rel_op in ("<", "<="):
        return [(relation.lhs, relation.rhs)]
    return [(relation.rhs, relation.lhs)] if relation.rel_op in (">", ">=") else []


def _positive_side(relation: Any) -> Any | None:
    sides = _sides(relation)
    return sides[0][1] - sides[0][0] if sides else None


def agree(signs: list[int | None]) -> int | None:
    """Return the sign of a sum of terms of these signs.

    Examples
    --------
    >>> agree([1, 0, 1]), agree([1, -1]), agree([1, None])
    (1, None, None)
    """
    present = {s for s in signs if s != 0}
    return 0 if not present else present.pop() if len(present) == 1 else None


def multiply(signs: list[int | None]) -> int | None:
    """Return the sign of a product of factors of these signs.

    Examples
    --------
    >>> multiply([-1, -1]), multiply([0, None]), multiply([1, None])
    (1, 0, None)
    """
    if 0 in signs:
        return 0
    known = [s for s in signs if s is not None]
    return math.prod(known) if len(known) == len(signs) else None


def _beside_one(sign: int | None) -> Interval:
    """Return the interval of a positive power by the sign of its logarithm."""
    if sign == 0:
        return sympy.S.One, sympy.S.One
    return {1: (sympy.S.One, oo), -1: (sympy.S.Zero, sympy.S.One)}.get(sign or 0, (sympy.S.Zero, oo))
