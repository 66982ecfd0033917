"""Values of one symbol: draws from its domain, and the value that makes a relation hold with all others staying.

Probes over the domain, then bisection in exact rationals towards the edge. Every decision comes from one function
``choose(low, high)``, so that hypothesis can drive and shrink a search as well as a NumPy generator can.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from bounds.enclose import enclose_ball
from bounds.errors import EnclosureError
from bounds.exact import Exact, NotRational
from bounds.functions import Recurrence, geometric_sum
from bounds.symbols import Parameter
from bounds.tape import compile_expression, run

Choose = Callable[[int, int], int]
"""Returns a whole number between two, both included; 0 should lead to the simplest values."""

Value = Fraction | float
"""A value known exactly: a fraction, or the float infinity."""

STEPS_AT_MOST = 60
COUNTS_AT_MOST = 100_000
_BISECTIONS = 45
_SIGNS = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {0, 1}, "==": {0}, "!=": {-1, 1}}


# --- domains ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def step_counts(expression: Any) -> frozenset[str]:
    """Return the names of symbols that set a power or the length of a loop, where large values only cost time.

    Parameters
    ----------
    expression : sympy expression or relational

    Returns
    -------
    frozenset of str

    Examples
    --------
    >>> from bounds.symbols import lam, n, t
    >>> sorted(step_counts(lam**t / n))
    ['t']
    """
    found: set[Any] = set()
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Pow):
            found |= node.exp.free_symbols
        elif isinstance(node, sympy.Sum):
            found |= node.limits[0][1].free_symbols | node.limits[0][2].free_symbols
        elif isinstance(node, Recurrence):
            found |= node.args[4].free_symbols
        elif isinstance(node, geometric_sum):
            found |= node.args[1].free_symbols
    return frozenset(symbol.name for symbol in found)


def inside(described: Parameter, value: Value) -> bool:
    """Tell whether a value lies in the domain of a symbol.

    Examples
    --------
    >>> from bounds.symbols import PARAMETERS
    >>> inside(PARAMETERS["delta"], Fraction(0)), inside(PARAMETERS["alpha"], Fraction(0))
    (False, True)
    """
    if isinstance(value, float):
        return described.infinite and value == float("inf")
    low, high = described.low, described.high
    if described.integer and value.denominator != 1:
        return False
    exact = sympy.Rational(value.numerator, value.denominator)
    above = exact > low or (exact == low and not described.low_open)
    return bool(above and (exact < high or (exact == high and not described.high_open)))


def _fraction(end: Any) -> Fraction | None:
    return Fraction(int(end.p), int(end.q)) if end.is_Rational else None


def draw_value(described: Parameter, choose: Choose, top: int = COUNTS_AT_MOST) -> Value:
    """Draw a value of a symbol: a plain one, an end of the domain, one next to an end, or one spread over many scales.

    Parameters
    ----------
    described : Parameter
    choose : callable
    top : int
        Largest value of a whole-number symbol without an upper end.

    Returns
    -------
    Fraction or float
        The only float is infinity.

    Examples
    --------
    >>> from bounds.symbols import PARAMETERS
    >>> draw_value(PARAMETERS["alpha"], lambda low, high: low), draw_value(PARAMETERS["n"], lambda low, high: low)
    (Fraction(1, 100), Fraction(1, 1))
    """
    low, high = _fraction(described.low), _fraction(described.high)
    kind = choose(0, 9)
    if kind == 1 and low is not None and not described.low_open:
        return low
    if kind == 2 and described.infinite:
        return float("inf")
    if kind == 2 and high is not None and not described.high_open:
        return high
    if described.integer:
        value: Value = _draw_count(low, high, choose, top)
    elif low is not None and high is not None:
        value = low + (high - low) * _draw_share(kind, choose)
    else:
        size = _draw_size(kind, choose)
        value = low + size if low is not None else high - size if high is not None else (-size, size)[choose(0, 1)]
    if kind % 2 and not described.integer:
        # Half of what programs pass are doubles, not decimals.
        rounded = Fraction(float(value))
        value = rounded if inside(described, rounded) else value
    return value


def _draw_count(low: Fraction | None, high: Fraction | None, choose: Choose, top: int) -> Fraction:
    start = int(low) if low is not None else -top
    room = (int(high) if high is not None else max(top, start)) - start
    bits = choose(0, max(room.bit_length(), 1))
    return Fraction(start + choose(0, min(room, 2**bits - 1)))


def _draw_share(kind: int, choose: Choose) -> Fraction:
    if kind == 3:
        return Fraction(1, 10 ** choose(2, 9))
    if kind == 4:
        return 1 - Fraction(1, 10 ** choose(2, 9))
    return Fraction(choose(1, 10**6 - 1), 10**6) if kind > 6 else Fraction(choose(1, 99), 100)


def _draw_size(kind: int, choose: Choose) -> Fraction:
    if kind < 3:
        return Fraction(choose(1, 300), 100)
    return Fraction(choose(1, 9999), 1000) * Fraction(10) ** choose(-6, 2)


@lru_cache(maxsize=1024)
def probes(described: Parameter, top: int = 10 * COUNTS_AT_MOST) -> tuple[Value, ...]:
    """Return values that span the domain of a symbol, ascending.

    Parameters
    ----------
    described : Parameter
    top : int
        Largest value of a whole-number symbol without an upper end.

    Returns
    -------
    tuple of Fraction or float

    Examples
    --------
    >>> from bounds.symbols import PARAMETERS
    >>> [str(value) for value in probes(PARAMETERS["t"], top=60)]
    ['0', '1', '2', '3', '4', '6', '10', '20', '50', '60']
    """
    low, high = _fraction(described.low), _fraction(described.high)
    if described.integer:
        steps = [0, 1, 2, 3, 4, 6, *(m * 10**k for k in range(1, 7) for m in (1, 2, 5)), top - int(low or 0)]
        found = [Fraction(int(low or 0) + step) for step in steps if step <= top]
        found += [-value for value in found] if low is None else []
    else:
        sizes = [Fraction(m) * Fraction(10) ** k for k in (-9, -6, -4, -3, -2, -1, 0, 1, 2, 3, 6) for m in (1, 3)]
        shares = [s for s in sizes if s < Fraction(1, 2)] + [Fraction(1, 2)]
        if low is not None and high is not None:
            found = [low + (high - low) * s for share in (Fraction(0), *shares) for s in (share, 1 - share)]
        elif low is not None:
            found = [low, *(low + size for size in sizes)]
        elif high is not None:
            found = [high, *(high - size for size in sizes)]
        else:
            found = [Fraction(0), *sizes, *(-size for size in sizes)]
    ordered: list[Value] = sorted({value for value in found if inside(described, value)})
    return (*ordered, float("inf")) if described.infinite else tuple(ordered)


# --- repair -------------------------------------------------------------------------------------------------------


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """Return the fraction of smallest denominator in a closed interval.

    Parameters
    ----------
    low, high : Fraction
        Ends, ``low <= high``.

    Returns
    -------
    Fraction

    Examples
    --------
    >>> simplest_between(Fraction(3, 10), Fraction(4, 10))
    Fraction(1, 3)
    """
    if low <= 0 <= high:
        return Fraction(0)
    if high < 0:
        return -simplest_between(-high, -low)
    whole = low.numerator // low.denominator
    if low == whole:
        return Fraction(whole)
    if whole + 1 <= high:
        return Fraction(whole + 1)
    return whole + 1 / simplest_between(1 / (high - whole), 1 / (low - whole))


def decided(relation: Any, values: Mapping[str, Value]) -> bool:
    """Tell whether a relation surely holds; one that cannot be decided does not count.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> decided(lam < 1, {"lam": Fraction(1, 2)})
    True
    """
    return _sign(relation.lhs - relation.rhs, values) in _SIGNS[relation.rel_op]


def _sign(expression: Any, values: Mapping[str, Value]) -> int | None:
    """Return the sign where rational arithmetic or a short ball decides it, sparing the search the slow ways."""
    tape = compile_expression(expression)
    finite = {name: value for name, value in values.items() if isinstance(value, Fraction)}
    try:
        value = run(tape, Exact(), finite)
        return (value > 0) - (value < 0)
    except (NotRational, KeyError):
        pass
    for precision in (64, 192):
        try:
            found = enclose_ball(tape, values, precision)
        except EnclosureError:
            return None
        if found > 0 or found < 0:
            return 1 if found > 0 else -1
        if found.is_zero():
            return 0
    return None


def edge(
    holds_at: Callable[[Fraction], bool], good: Fraction, bad: Fraction, whole: bool = False
) -> tuple[Fraction, Fraction]:
    """Narrow an interval from a value that serves to one that does not.

    Parameters
    ----------
    holds_at : callable
    good, bad : Fraction
        ``holds_at(good)`` is true and ``holds_at(bad)`` is not.
    whole : bool
        Whether only whole numbers may be tried.

    Returns
    -------
    tuple of Fraction
        The last value found to serve and the last found not to; neighbours if whole.

    Examples
    --------
    >>> edge(lambda x: x < 7, Fraction(0), Fraction(100), whole=True)
    (Fraction(6, 1), Fraction(7, 1))
    """
    for _ in range(_BISECTIONS):
        low, high = min(good, bad), max(good, bad)
        if whole and high - low <= 1:
            break
        third = (high - low) / 3
        middle = Fraction((low + high) // 2) if whole else simplest_between(low + third, high - third)
        if holds_at(middle):
            good = middle
        else:
            bad = middle
    return good, bad


def repaired(
    relation: Any, values: Mapping[str, Value], described: Parameter, choose: Choose, top: int
) -> Value | None:
    """Find a value of one symbol at which a relation holds, all others staying.

    Parameters
    ----------
    relation : sympy relational
    values : mapping of name to Fraction or infinity
    described : Parameter
        The symbol to move.
    choose : callable
        Decides between the inside and the edge, where equality is met exactly if it is rational and allowed.
    top : int
        Largest value of a whole-number symbol without an upper end.

    Returns
    -------
    Fraction, float or None
        None if no probe serves.

    Examples
    --------
    >>> from bounds.symbols import PARAMETERS, K, lam
    >>> str(repaired(lam * (K - 1) <= 1, {"lam": Fraction(9), "K": Fraction(4)}, PARAMETERS["lam"], lambda a, b: b, 60))
    '1/3'
    """

    def holds_at(value: Value) -> bool:
        return decided(relation, {**values, described.name: value})

    tried = probes(described, top)
    if isinstance(relation, sympy.Equality):
        return _root(relation, values, described, tried)
    serves = [holds_at(value) for value in tried]
    good = [value for value, served in zip(tried, serves, strict=True) if served]
    if not good:
        return None
    finite = [(v, s) for v, s in zip(tried, serves, strict=True) if isinstance(v, Fraction)]
    turns = [(a, b) for a, b in itertools.pairwise(finite) if a[1] != b[1]]
    place = choose(0, 2)
    if place == 0 or not turns:
        return good[choose(0, len(good) - 1)]
    (left, left_serves), (right, _) = turns[choose(0, len(turns) - 1)]
    inner, outer = (left, right) if left_serves else (right, left)
    last, first = edge(holds_at, inner, outer, described.integer)
    if place == 1:
        between = last + (inner - last) * Fraction(choose(1, 99), 100)
        return between if inside(described, between) and holds_at(between) else inner
    met = simplest_between(min(last, first), max(last, first))
    return (
        met if inside(described, met) and holds_at(met) and on_edge(relation, {**values, described.name: met}) else last
    )


def on_edge(relation: Any, values: Mapping[str, Value]) -> bool:
    """Tell whether the two sides of a relation surely agree.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> on_edge(lam < 1, {"lam": Fraction(1)})
    True
    """
    return _sign(relation.lhs - relation.rhs, values) == 0


def _root(relation: Any, values: Mapping[str, Value], described: Parameter, tried: Sequence[Value]) -> Value | None:
    gap = relation.lhs - relation.rhs

    def sign_at(value: Value) -> int | None:
        return _sign(gap, {**values, described.name: value})

    signs = [(value, sign_at(value)) for value in tried]
    for value, found in signs:
        if found == 0:
            return value
    for (left, before), (right, after) in itertools.pairwise(signs):
        if before and after and before != after and isinstance(left, Fraction) and isinstance(right, Fraction):
            last, first = edge(lambda v, s=before: sign_at(v) == s, left, right, described.integer)  # type: ignore[misc]
            met = simplest_between(min(last, first), max(last, first))
            if inside(described, met) and sign_at(met) == 0:
                return met
    return None
