"""Points of a box: where a claim is surely false, and where its hypotheses surely hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import sympy

from bounds.certify.claim import Claim, Range, is_whole
from bounds.enclose import Exactly, enclose_ball
from bounds.errors import EnclosureError
from bounds.evaluate import evaluate_grid
from bounds.grids import counted_symbols
from bounds.hypotheses import holds, sign
from bounds.symbols import PARAMETERS
from bounds.tape import compile_expression

Point = dict[Any, Fraction]
Floats = npt.NDArray[np.float64]
_PRECISIONS = (128, 512, 2048)
_CLOSE = 30


def draw(box: Sequence[tuple[Any, Range]], count: int, rng: np.random.Generator) -> Floats:
    """Draw points of a box, many of them on its faces.

    Parameters
    ----------
    box : sequence of (symbol, Range)
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    array of shape (symbols, count)

    Examples
    --------
    >>> from bounds.symbols import t
    >>> draw([(t, Range(Fraction(1), Fraction(2)))], 3, np.random.default_rng(0)).shape
    (1, 3)
    """
    rows = []
    for symbol, values in box:
        low = float(values.low)
        if values.high is None:
            row = low + 10 ** rng.uniform(-3, 1.5 if is_whole(symbol) else 3, count)
            row[rng.random(count) < 0.15] = low
        else:
            width = float(values.high - values.low)
            share = np.where(rng.random(count) < 0.5, rng.random(count), 10 ** rng.uniform(-4, 0, count))
            share[rng.random(count) < 0.15] = 0.0
            share[rng.random(count) < 0.15] = 1.0
            row = low + width * share
        rows.append(np.round(row) if is_whole(symbol) else row)
    return np.array(rows, dtype=float).reshape((len(rows), count))


def around(
    box: Sequence[tuple[Any, Range]], centre: Floats, scale: float, count: int, rng: np.random.Generator
) -> Floats:
    """Draw points near one of them."""
    rows = []
    for (symbol, values), middle in zip(box, centre, strict=True):
        low = float(values.low)
        width = float(values.high) - low if values.high is not None else abs(middle - low) + 1
        row = middle + scale * width * rng.normal(size=count) * (rng.random(count) < 0.7)
        row = np.clip(row, low, math.inf if values.high is None else float(values.high))
        rows.append(np.round(row) if is_whole(symbol) else row)
    return np.array(rows, dtype=float).reshape((len(rows), count))


def exact_point(box: Sequence[tuple[Any, Range]], numbers: Sequence[float], denominator: int | None = None) -> Point:
    """Turn floats into exact numbers inside the box, simple ones where a denominator is given."""
    found = {}
    for (symbol, values), number in zip(box, numbers, strict=True):
        value = Fraction(number)
        if is_whole(symbol):
            value = Fraction(round(value))
        elif denominator is not None:
            value = Fraction(round(value * denominator), denominator)
        value = max(value, values.low)
        found[symbol] = value if values.high is None else min(value, values.high)
    return found


def in_domain(point: Mapping[Any, Fraction]) -> bool:
    """Tell whether every number lies in the domain of its symbol, open ends excluded.

    Examples
    --------
    >>> from bounds.symbols import curvature
    >>> in_domain({curvature: Fraction(0)})
    False
    """
    for symbol, value in point.items():
        described = PARAMETERS.get(symbol.name)
        if described is None or described.symbol != symbol:
            if not _is_as_assumed(symbol, value):
                return False
            continue
        if value < described.low or value > described.high:
            return False
        if (described.low_open and value == described.low) or (described.high_open and value == described.high):
            return False
        if described.integer and value.denominator != 1:
            return False
    return True


@lru_cache(maxsize=4096)
def _is_as_assumed(symbol: Any, value: Fraction) -> bool:
    """Tell whether a number is all that sympy takes a symbol to be, for it simplifies by that."""
    number = sympy.Rational(value.numerator, value.denominator)
    return all(getattr(number, f"is_{fact}") is known for fact, known in symbol.assumptions0.items())


def by_name(point: Mapping[Any, Fraction]) -> dict[str, Exactly]:
    """Return the numbers by the names of their symbols."""
    return {symbol.name: value for symbol, value in point.items()}


def satisfies(relations: Sequence[Any], point: Mapping[Any, Fraction]) -> bool:
    """Tell whether relations surely hold at a point of the domain."""
    try:
        return in_domain(point) and all(holds(relation, by_name(point)) for relation in relations)
    except (EnclosureError, ArithmeticError, TypeError):
        return False


def surely_negative(expression: Any, point: Mapping[Any, Fraction]) -> bool:
    """Tell whether an expression is surely below 0 at a point.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> surely_negative(lam - 1, {lam: Fraction(1, 2)}), surely_negative(lam - 1, {lam: Fraction(1)})
    (True, False)
    """
    for precision in _PRECISIONS:
        try:
            found = enclose_ball(compile_expression(expression), by_name(point), precision)
        except (EnclosureError, TypeError, ArithmeticError):
            return False
        if found.is_finite() and found < 0:
            return True
        if found.is_finite() and found > 0:
            return False
    return False


@dataclass(frozen=True)
class Sampler:
    """Ranks points of a claim by how negative its expression is, in doubles; what it finds is only a hint.

    Parameters
    ----------
    claim : Claim
    """

    claim: Claim

    def gaps(self, numbers: Floats) -> Floats:
        """Return the expression where the hypotheses seem to hold, and infinity elsewhere."""
        grid = {s.name: row for (s, _), row in zip(self.claim.box, numbers, strict=True)}
        count = numbers.shape[1]
        value = self._evaluate(self.claim.expression, grid, count)
        feasible = np.isfinite(value) & self._off_open_ends(numbers)
        for hypothesis in self.claim.hypotheses:
            feasible &= self._evaluate(hypothesis.expression, grid, count) >= 0
        return np.where(feasible, value, np.inf)

    def _off_open_ends(self, numbers: Floats) -> npt.NDArray[np.bool_]:
        """Tell which points avoid the ends of ranges that are outside the domains of their symbols."""
        off = np.ones(numbers.shape[1], dtype=bool)
        for (symbol, values), row in zip(self.claim.box, numbers, strict=True):
            for end in (values.low, values.high):
                if end is not None and not in_domain({symbol: end}):
                    off &= row != float(end)
        return off

    def _evaluate(self, expression: Any, grid: Mapping[str, Floats], count: int) -> Floats:
        used = {name: row for name, row in grid.items() if name in {s.name for s in expression.free_symbols}}
        try:
            found = evaluate_grid(compile_expression(expression), used, counted_symbols(expression))
        except (EnclosureError, TypeError, ArithmeticError, KeyError, ValueError):
            return np.full(count, np.nan)
        return np.broadcast_to(found, (count,))

    def lowest(self, count: int, rounds: int, rng: np.random.Generator) -> Iterator[Floats]:
        """Yield points from the most negative on, after some rounds of drawing closer to the best."""
        numbers = draw(self.claim.box, count, rng)
        gaps = self.gaps(numbers)
        for step in range(rounds):
            best = np.argsort(gaps)[:3]
            if not np.isfinite(gaps[best[0]]):
                break
            near = np.concatenate(
                [around(self.claim.box, numbers[:, i], 0.3 * 0.4**step, count // 8 + 1, rng) for i in best], axis=1
            )
            numbers, gaps = np.concatenate([numbers, near], axis=1), np.concatenate([gaps, self.gaps(near)])
        for i in np.argsort(gaps)[:_CLOSE]:
            if np.isfinite(gaps[i]):
                yield numbers[:, i]


def looks_false(claim: Claim, rng: np.random.Generator) -> bool:
    """Tell whether a claim is surely false at a point found quickly.

    Examples
    --------
    >>> from bounds.certify.claim import inequality
    >>> from bounds.symbols import lam
    >>> looks_false(inequality(1, lam, {lam: (0, 2)}), np.random.default_rng(0))
    True
    """
    for number, found in enumerate(Sampler(claim).lowest(96, 0, rng)):
        if number == 3:
            break
        point = exact_point(claim.box, found.tolist())
        if surely_negative(claim.expression, point) and _is_feasible(claim, point):
            return True
    return False


def _is_feasible(claim: Claim, point: Point) -> bool:
    """Tell whether the hypotheses of a claim surely hold; sympy has no relations between what is undefined."""
    try:
        signs = [sign(h.expression, by_name(point)) for h in claim.hypotheses]
    except (EnclosureError, ArithmeticError, TypeError):
        return False
    strict = (h.strict for h in claim.hypotheses)
    return in_domain(point) and all(s == 1 or (s == 0 and not only) for s, only in zip(signs, strict, strict=True))
