"""Points that satisfy relations: draws from the domains of the symbols, repaired until every relation holds.

The search knows no theorem in particular: it draws a value for every symbol, and where a relation fails it moves one
symbol of that relation to where it holds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bounds.drawing.repair import (
    COUNTS_AT_MOST,
    STEPS_AT_MOST,
    Choose,
    Value,
    decided,
    draw_value,
    repaired,
    step_counts,
)
from bounds.errors import ArgumentError
from bounds.hypotheses import relation_text
from bounds.symbols import PARAMETERS
from bounds.theorem import Theorem

if TYPE_CHECKING:
    import numpy as np

NOTHING: Mapping[str, Value] = MappingProxyType({})
_ATTEMPTS, _ATTEMPTS_TO_BREAK = 300, 60


def tops(theorem: Theorem) -> dict[str, int]:
    """Return, per symbol, the largest whole number worth drawing: small where it sets a power or a loop.

    Examples
    --------
    >>> import bounds
    >>> tops(bounds.get("ferbach2024.uncurated_mixture"))["t"]
    60
    """
    steps = frozenset[str]().union(*(step_counts(part) for part in (theorem.expression, *theorem.hypotheses)))
    return {s.name: STEPS_AT_MOST if s.name in steps else COUNTS_AT_MOST for s in theorem.symbols}


def attempt(
    theorem: Theorem, relations: Sequence[Any], choose: Choose, fixed: Mapping[str, Value] = NOTHING
) -> dict[str, Value] | None:
    """Draw a point of the domains and repair it until all relations hold, or give up.

    Parameters
    ----------
    theorem : Theorem
        Of one regime; its symbols are drawn.
    relations : sequence of sympy relationals
        Those to satisfy, in these symbols.
    choose : callable
    fixed : mapping of name to Fraction or infinity
        Symbols that keep these values.

    Returns
    -------
    dict of name to Fraction or infinity, or None

    Examples
    --------
    >>> import bounds
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> {name: str(v) for name, v in attempt(theorem, theorem.hypotheses, lambda low, high: low).items()}
    {'K': '1', 'lam': '1/100'}
    """
    names, largest = [s.name for s in theorem.symbols], tops(theorem)
    drawn = {name: draw_value(PARAMETERS[name], choose, largest[name]) for name in names if name not in fixed}
    return settled(theorem, relations, {name: {**drawn, **fixed}[name] for name in names}, choose, frozenset(fixed))


def settled(
    theorem: Theorem, relations: Sequence[Any], start: Mapping[str, Value], choose: Choose, fixed: frozenset[str]
) -> dict[str, Value] | None:
    """Move a point until all relations hold, or give up.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    relations : sequence of sympy relationals
    start : mapping of name to Fraction or infinity
        A value of every symbol.
    choose : callable
    fixed : frozenset of str
        Symbols that must not move.

    Returns
    -------
    dict of name to Fraction or infinity, or None

    Examples
    --------
    >>> import bounds
    >>> from fractions import Fraction
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> start = {"K": Fraction(4), "lam": Fraction(9)}
    >>> found = settled(theorem, theorem.hypotheses, start, lambda low, high: low, frozenset({"K"}))
    >>> found["K"], found["lam"] < Fraction(1, 3)
    (Fraction(4, 1), True)
    """
    values, largest = dict(start), tops(theorem)
    for _ in range(4 + 3 * len(relations)):
        failing = [relation for relation in relations if not decided(relation, values)]
        if not failing:
            return values
        relation = failing[choose(0, len(failing) - 1)]
        movable = sorted(s.name for s in relation.free_symbols if s.name not in fixed)
        if not movable:
            return None
        name = movable[choose(0, len(movable) - 1)]
        found = repaired(relation, values, PARAMETERS[name], choose, largest[name])
        if found is not None:
            values[name] = found
    return None


@lru_cache(maxsize=4096)
def _witness(theorem: Theorem, relations: tuple[Any, ...]) -> tuple[tuple[str, Value], ...] | None:
    for seed in range(_ATTEMPTS if relations == theorem.hypotheses else _ATTEMPTS_TO_BREAK):
        found = attempt(theorem, relations, random.Random(seed).randint)
        if found is not None:
            return tuple(found.items())
    return None


def witness(theorem: Theorem, relations: tuple[Any, ...] | None = None) -> dict[str, Value] | None:
    """Return one point at which relations hold, the same in every call.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    relations : tuple of sympy relationals, optional
        The theorem's hypotheses by default.

    Returns
    -------
    dict or None
        None if hundreds of attempts found none, which does not prove that there is none.

    Examples
    --------
    >>> import bounds
    >>> from bounds.symbols import lam
    >>> witness(bounds.get("ferbach2024.kl_ball"), (lam > 2, lam < 1)) is None
    True
    """
    found = _witness(theorem, theorem.hypotheses if relations is None else relations)
    return None if found is None else dict(found)


def one_broken(theorem: Theorem, relation: Any) -> tuple[Any, ...]:
    """Return the relations of the points that break one hypothesis and no other.

    Examples
    --------
    >>> import bounds
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> one_broken(theorem, theorem.hypotheses[0])
    (lam*(K - 1) >= 1,)
    """
    return tuple(h.negated if h == relation else h for h in theorem.hypotheses)


def breakable(theorem: Theorem) -> tuple[Any, ...]:
    """Return the hypotheses that some point breaks while all others hold.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.

    Returns
    -------
    tuple of sympy relationals
        A hypothesis that is missing follows from the others and the domains, as far as the search can tell.

    Examples
    --------
    >>> import bounds
    >>> breakable(bounds.get("ferbach2024.reward_increase"))
    (variance <= mean*(-mean + y_max),)
    """
    return tuple(h for h in theorem.hypotheses if witness(theorem, one_broken(theorem, h)) is not None)


def draw_point(theorem: Theorem, choose: Choose, relations: tuple[Any, ...] | None = None) -> dict[str, Value]:
    """Draw a point at which relations hold.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    choose : callable
    relations : tuple of sympy relationals, optional
        The theorem's hypotheses by default.

    Returns
    -------
    dict of name to Fraction or infinity

    Raises
    ------
    ArgumentError
        If no point was ever found, or the theorem has several regimes.

    Examples
    --------
    >>> import bounds
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> point = draw_point(theorem, random.Random(1).randint)
    >>> point["lam"] * (point["K"] - 1) < 1
    True
    """
    if theorem.regimes:
        raise ArgumentError(f"{theorem.id} has several regimes; narrow it with .at(...) first")
    wanted = theorem.hypotheses if relations is None else relations
    fallback = witness(theorem, wanted)
    if fallback is None:
        listed = "; ".join(relation_text(relation) for relation in wanted)
        raise ArgumentError(
            f"{theorem.id}: no search met {listed}; the hypotheses may contradict each other or the "
            "domains of the symbols"
        )
    for _ in range(4):
        found = attempt(theorem, wanted, choose)
        if found is not None:
            return found
    return fallback


def points(theorem: Theorem, rng: np.random.Generator) -> Iterator[dict[str, Value]]:
    """Yield points inside the hypotheses of a theorem, for ever.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    rng : numpy.random.Generator

    Yields
    ------
    dict of name to Fraction or infinity

    Raises
    ------
    ArgumentError
        If no point was ever found, or the theorem has several regimes.

    Examples
    --------
    >>> import bounds, numpy
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> point = next(points(theorem, numpy.random.default_rng(0)))
    >>> theorem.evaluate(**point) >= 0
    True
    """

    def choose(low: int, high: int) -> int:
        return int(rng.integers(low, high + 1))

    while True:
        yield draw_point(theorem, choose)
