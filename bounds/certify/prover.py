"""Search for a certificate: algebra first, then the structure of the expression, then boxes.

Nothing here has to be trusted: whatever is found is checked by `bounds.certify.checker`.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from bounds.certify import rules
from bounds.certify.algebra import prove_by_algebra, prove_whole
from bounds.certify.balls import enclose_on
from bounds.certify.checker import RULES
from bounds.certify.claim import Claim, is_whole
from bounds.certify.points import looks_false
from bounds.certify.recursions import closed_forms
from bounds.certify.rules import NotProved
from bounds.certify.structure import prove_by_structure
from bounds.enclose import ends
from bounds.functions import Recurrence, geometric_sum
from bounds.integrals.integral import TailedIntegral

Step = dict[str, Any]
_DEEPEST = 14
_DEEPEST_BOX = 40
_MOST_VALUES = 200
_ALGEBRA_DEPTH = 3
_STRUCTURE = ("logarithms", "geometric", "power", "increasing")


class OutOfTime(Exception):
    """The time allowed is over.

    Examples
    --------
    >>> raise OutOfTime
    Traceback (most recent call last):
    bounds.certify.prover.OutOfTime
    """


@dataclass
class Prover:
    """One search, its time limit, and what it could not settle.

    Parameters
    ----------
    deadline : float
        In the time of `time.monotonic`.
    rng : numpy.random.Generator
    left : list of Claim
        Boxes on which nothing was proved.
    failed : set of Claim
        Claims given up, so that they are not tried again.

    Examples
    --------
    >>> from bounds.certify.claim import inequality
    >>> from bounds.symbols import lam
    >>> prover = Prover(time.monotonic() + 10, np.random.default_rng(0))
    >>> prover.prove(inequality(sympy.log(lam), lam - 1, {lam: (1, 2)}))["rule"]
    'monotone'
    """

    deadline: float
    rng: np.random.Generator
    left: list[Claim] = field(default_factory=list)
    failed: set[Claim] = field(default_factory=set)

    def prove(self, claim: Claim, depth: int = 0) -> Step | None:
        """Return the certificate of a claim, or None if none is found."""
        if time.monotonic() > self.deadline:
            raise OutOfTime
        if depth > _DEEPEST or claim in self.failed:
            return None
        found = self._prove(claim, depth)
        if found is None and depth <= _DEEPEST // 2:  # deeper down it may be the depth that it failed for
            self.failed.add(claim)
        return found

    def _prove(self, claim: Claim, depth: int) -> Step | None:
        leaf = _leaf(claim)
        if leaf is not None:
            return leaf
        if not claim.expression.free_symbols or looks_false(claim, self.rng):
            return None
        if claim.expression.has(sympy.Sum, TailedIntegral):
            found = prove_by_structure(claim)
            if found is not None:
                return found
        if claim.expression.has(Recurrence):
            found = self._apply("affine", claim, {}, depth) or self._by_closed_forms(claim, depth)
            if found is not None:
                return found
        if rules.kinks(claim):
            return self._apply("branch", claim, {}, depth)
        found = prove_by_algebra(claim) or self._by_multiplying(claim)
        if found is not None:
            return found
        for name, data in self._structural(claim):
            found = self._apply(name, claim, data, depth)
            if found is not None:
                return found
        counts = _exponents(claim.expression)
        return (
            self._by_value(claim, depth, counts)
            or self._by_renaming(claim, depth)
            or self._by_value(claim, depth, claim.expression.free_symbols - counts)
            or self._numeric(claim, depth, 0)
        )

    def _apply(self, name: str, claim: Claim, data: Step, depth: int) -> Step | None:
        """Try a rule and prove all that it leaves."""
        try:
            parts = RULES[name](claim, data)
        except (NotProved, TypeError, ValueError, ArithmeticError):
            return None
        steps = []
        for part in parts:
            step = self.prove(part, depth + 1)
            if step is None:
                return None
            steps.append(step)
        return {"rule": name, **data, "then": steps}

    def _by_closed_forms(self, claim: Claim, depth: int) -> Step | None:
        try:
            closed = closed_forms(claim)
        except (NotProved, ArithmeticError):
            return None
        return None if closed is None else self._apply("solved", claim, {"closed": closed}, depth)

    def _by_multiplying(self, claim: Claim) -> Step | None:
        """Try algebra on a positive multiple, which may be a sum where the expression itself is none."""
        for symbol in _positive_in_hypotheses(claim):
            found = _multiplied(claim, symbol)
            if found is None and is_whole(symbol) and claim.ranges[symbol].high is None:
                # A square of a distance is a product of distances on either side of its root.
                cut = {"symbol": symbol.name, "at": str(claim.ranges[symbol].low + 1)}
                halves = [_multiplied(part, symbol) for part in rules.bisect(claim, cut)]
                found = None if None in halves else {"rule": "bisect", **cut, "then": halves}
            if found is not None:
                return found
        return None

    def _structural(self, claim: Claim) -> Iterator[tuple[str, Step]]:
        yield from self._factorings(claim)
        for name in _STRUCTURE:
            yield name, {}
        yield from _pivots(claim)
        if any(_is_root(f) for term in sympy.Add.make_args(claim.expression) for f in sympy.Mul.make_args(term)):
            yield "square", {}
        if claim.expression.has(Recurrence):
            yield "induction", {"low": "0"}

    def _factorings(self, claim: Claim) -> Iterator[tuple[str, Step]]:
        factors = rules.signed_factors(claim.expression)
        if factors == [claim.expression]:
            return
        options = []
        for factor in factors:
            options.append([s for s in (1, -1) if not looks_false(claim.about(s * factor), self.rng)])
        for signs in itertools.islice(itertools.product(*options), 4):
            if math.prod(signs) == 1:
                yield "factor", {"signs": list(signs)}

    def _by_value(self, claim: Claim, depth: int, candidates: set[Any]) -> Step | None:
        for symbol, values in claim.box:
            if symbol in candidates and is_whole(symbol) and values.high is not None:
                if values.high - values.low <= _MOST_VALUES:
                    return self._apply("by value", claim, {"symbol": symbol.name}, depth)
                return None
        return None

    def _by_renaming(self, claim: Claim, depth: int) -> Step | None:
        for data in _renamings(claim):
            found = self._apply("rename", claim, data, depth)
            if found is not None:
                return found
        return None

    def _numeric(self, claim: Claim, depth: int, level: int) -> Step | None:
        """Cut the box until on every piece an enclosure or the slopes decide."""
        if time.monotonic() > self.deadline:
            self.left.append(claim)
            raise OutOfTime
        if level:
            leaf = _leaf(claim)
            if leaf is not None:
                return leaf
            if looks_false(claim, self.rng):
                return None
            found = prove_by_algebra(claim) if level <= _ALGEBRA_DEPTH else None
            if found is not None:
                return found
        found = self._by_slope(claim, depth)
        if found is not None:
            return found
        cut = _widest(claim) if level < _DEEPEST_BOX else None
        if cut is None:
            self.left.append(claim)
            return None
        parts = rules.bisect(claim, cut)
        steps = []
        for part in parts:
            step = self._numeric(part, depth, level + 1)
            if step is None:
                return None
            steps.append(step)
        return {"rule": "bisect", **cut, "then": steps}

    def _by_slope(self, claim: Claim, depth: int) -> Step | None:
        for symbol in sorted(claim.expression.free_symbols & set(claim.ranges), key=lambda s: str(s.name)):
            for end in ("low", "high"):
                data = {"symbol": symbol.name, "end": end}
                try:
                    face, slope = rules.monotone(claim, data)
                except (NotProved, TypeError, ValueError):
                    continue
                steep = self._sloped(slope, 2)
                if steep is None:
                    continue
                start = self.prove(face, depth + 1)
                if start is not None:
                    return {"rule": "monotone", **data, "then": [start, steep]}
        return None

    def _sloped(self, claim: Claim, orders: int) -> Step | None:
        """Prove a sign of a slope on this very box, by slopes of slopes if need be."""
        leaf = _leaf(claim) or (prove_by_algebra(claim) if orders == 2 else None)
        if leaf is not None or orders == 0:
            return leaf
        for symbol in sorted(claim.expression.free_symbols & set(claim.ranges), key=lambda s: str(s.name)):
            for end in ("low", "high"):
                data = {"symbol": symbol.name, "end": end}
                try:
                    face, slope = rules.monotone(claim, data)
                except (NotProved, TypeError, ValueError):
                    continue
                steep = self._sloped(slope, orders - 1)
                start = None if steep is None else self._sloped(face, orders - 1)
                if start is not None:
                    return {"rule": "monotone", **data, "then": [start, steep]}
        return None


def _pivots(claim: Claim) -> Iterator[tuple[str, Step]]:
    """Propose the logarithms that may be compared with a mean of the others."""
    terms = [term.as_coeff_Mul() for term in sympy.Add.make_args(claim.expression)]
    alone = {function: coefficient for coefficient, function in terms if function.func == sympy.log}
    logs = sorted(rules.outer_logarithms(claim.expression), key=sympy.default_sort_key)
    for number, node in enumerate(logs):
        if len(logs) > 1 and node in alone:
            yield "mean of logarithms", {"pivot": number, "sign": 1 if alone[node] > 0 else -1}


def _multiplied(claim: Claim, symbol: Any) -> Step | None:
    data = {"symbol": symbol.name}
    found = prove_whole(RULES["times"](claim, data)[0])
    return None if found is None else {"rule": "times", **data, "then": [found]}


def _positive_in_hypotheses(claim: Claim) -> list[Any]:
    """Return the positive symbols of the expression that occur in a product with others in a hypothesis."""
    known = {s for h in claim.hypotheses if len(h.expression.free_symbols) > 1 for s in h.expression.free_symbols}
    return [s for s, values in claim.box if s in known & claim.expression.free_symbols and values.low > 0]


def _leaf(claim: Claim) -> Step | None:
    """End a branch if nothing needs to be looked for."""
    found = enclose_on(claim.expression, claim.ranges)
    if found.is_finite() and found >= 0:
        return {"rule": "balls"}
    for number, hypothesis in enumerate(claim.hypotheses):
        false = enclose_on(hypothesis.expression, claim.ranges)
        if false.is_finite() and (false < 0 or (hypothesis.strict and false <= 0)):
            return {"rule": "empty", "hypothesis": number}
    return (
        {"rule": "evident"} if _is_root(claim.expression) or claim.expression.func in (sympy.exp, sympy.cosh) else None
    )


def _is_root(expression: Any) -> bool:
    return bool(expression.is_Pow and abs(expression.args[1]) == sympy.S.Half)


def _exponents(expression: Any) -> set[Any]:
    """Symbols in exponents and in numbers of steps."""
    found: set[Any] = set()
    for node in expression.atoms(sympy.Pow, sympy.exp, geometric_sum, Recurrence, sympy.Sum):
        if isinstance(node, Recurrence):
            found |= node.args[4].free_symbols
        elif isinstance(node, sympy.Sum):
            found |= node.limits[0][1].free_symbols | node.limits[0][2].free_symbols
        else:
            found |= node.args[-1].free_symbols
    return found


def _widest(claim: Claim) -> Step | None:
    """Cut the symbol whose range is widest for its size."""
    sizes = []
    for symbol, values in claim.box:
        if symbol not in claim.expression.free_symbols.union(*(h.expression.free_symbols for h in claim.hypotheses)):
            continue
        if values.high is None:
            return None
        if values.low < values.high:
            width = values.high - values.low
            sizes.append((float(width / (abs(values.low) + abs(values.high) + width)), symbol, values.low, values.high))
    if not sizes:
        return None
    _, symbol, low, high = max(sizes, key=lambda item: item[0])
    return {"symbol": symbol.name, "at": str(_simple_between(low, high))}


def _simple_between(low: Fraction, high: Fraction) -> Fraction:
    """Return a short number near the middle."""
    middle, width = (low + high) / 2, high - low
    power = Fraction(1)
    while power * 8 > width:
        power /= 2
    return round(middle / power) * power


def _renamings(claim: Claim) -> Iterator[Step]:
    """Propose a fresh symbol for a function of rational parts."""
    names = set(claim.ranges)
    nodes = sorted(
        (p for p in claim.expression.atoms(sympy.exp, sympy.log, sympy.Pow) if p.free_symbols <= names),
        key=lambda p: (sympy.count_ops(p), sympy.default_sort_key(p)),
    )
    for node in nodes:
        if (node.is_Pow and node.args[1].is_Integer) or not node.free_symbols:
            continue
        name = next(f"z{i}" for i in itertools.count(1) if all(s.name != f"z{i}" for s in names))
        for sign, low, high in _ends(node, claim):
            top = None if high is None else str(high)
            yield {"part": str(node), "name": name, "sign": sign, "low": str(low), "high": top}
        return


def _ends(node: Any, claim: Claim) -> Iterator[tuple[int, Fraction, Fraction | None]]:
    argument = enclose_on(node.args[0], claim.ranges) if node.func in (sympy.exp, sympy.log) else None
    if argument is not None and argument.is_finite():
        low, high = ends(argument)
        found = [enclose_on(node.func(sympy.Rational(x.numerator, x.denominator)), {}) for x in (low, high)]
        if all(f.is_finite() for f in found):
            yield 1, _rounded(ends(found[0])[0], math.floor), _rounded(ends(found[1])[1], math.ceil)
            return
    if node.func == sympy.log:
        yield 1, Fraction(0), None
        yield -1, Fraction(0), None
    else:
        yield 1, Fraction(0), Fraction(1)
        yield 1, Fraction(0), None


def _rounded(value: Fraction, outwards: Any) -> Fraction:
    near = Fraction(round(value * 64), 64)
    return near if abs(value - near) < Fraction(1, 10**7) else Fraction(outwards(value * 2**20), 2**20)
