"""How far the symbols of a theorem can move: to the edge of its hypotheses, and to where it beats the trivial bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from bounds.auditing.limits import loop_counts
from bounds.drawing.points import tops
from bounds.drawing.repair import Value, decided, edge, on_edge, probes, simplest_between
from bounds.hypotheses import relation_text
from bounds.quantities import Direction
from bounds.symbols import PARAMETERS, Parameter
from bounds.theorem import Theorem

_TOP = 1_000_000


@dataclass(frozen=True)
class Reach:
    """How far one symbol can move from the reference point before a hypothesis fails.

    Parameters
    ----------
    symbol : str
    low, high : Fraction or None
        Where the hypotheses end: exactly, if that is a fraction of moderate size, else the last value found inside. Of a
        whole number, the last value inside. None where the domain ends first.
    stopped_below, stopped_above : str
        The hypothesis that fails beyond, empty where the domain ends first.

    Examples
    --------
    >>> Reach("lam", None, Fraction(1, 3), "", "lam*(K - 1) < 1").stopped_above
    'lam*(K - 1) < 1'
    """

    symbol: str
    low: Value | None
    high: Value | None
    stopped_below: str
    stopped_above: str


@dataclass(frozen=True)
class Threshold:
    """Where the bound starts to beat the trivial one, along one symbol.

    Parameters
    ----------
    at : dict
        Values of another symbol, or empty.
    symbol : str
    relation : {"always", "never", ">=", "<=", "mixed", "outside"}
        For which values it is informative, among those inside the hypotheses.
    value : Fraction or None
        The last value found to be informative.

    Examples
    --------
    >>> Threshold({}, "n", ">=", Fraction(100)).relation
    '>='
    """

    at: dict[str, Value]
    symbol: str
    relation: str
    value: Value | None


def reach(theorem: Theorem, reference: Mapping[str, Value], name: str) -> Reach:
    """Find how far one symbol can move from a point inside the hypotheses.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    reference : mapping of name to Fraction or infinity
    name : str

    Returns
    -------
    Reach

    Examples
    --------
    >>> import bounds
    >>> found = reach(bounds.get("ferbach2024.kl_ball"), {"K": Fraction(4), "lam": Fraction(1, 5)}, "lam")
    >>> str(found.high), found.stopped_above
    ('1/3', 'lam*(K - 1) < 1')
    """
    described = PARAMETERS[name]
    start = reference[name]
    if not isinstance(start, Fraction):
        return Reach(name, None, None, "", "")
    tried = [v for v in probes(described) if isinstance(v, Fraction)]
    below = _stop(theorem, reference, described, start, [v for v in reversed(tried) if v < start])
    above = _stop(theorem, reference, described, start, [v for v in tried if v > start])
    return Reach(name, below[0], above[0], below[1], above[1])


def _stop(
    theorem: Theorem, reference: Mapping[str, Value], described: Parameter, start: Fraction, tried: Sequence[Fraction]
) -> tuple[Fraction | None, str]:
    def broken(value: Fraction) -> Any | None:
        here = {**reference, described.name: value}
        return next((h for h in theorem.hypotheses if not decided(h, here)), None)

    last = start
    for value in tried:
        if broken(value) is not None:
            last, first = edge(lambda v: broken(v) is None, last, value, described.integer)
            relation = broken(first)
            met = simplest_between(min(last, first), max(last, first))
            at_edge = on_edge(relation, {**reference, described.name: met})
            return met if at_edge and not described.integer else last, relation_text(relation)
        last = value
    return None, ""


def thresholds(theorem: Theorem, reference: Mapping[str, Value], free: Sequence[str]) -> tuple[Threshold, ...]:
    """Find where a theorem beats the trivial bound: along each symbol, and along the first for values of the second.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    reference : mapping of name to Fraction or infinity
        Values of the symbols that do not move.
    free : sequence of str
        The symbols that may move.

    Returns
    -------
    tuple of Threshold
        Empty for an identity, and for a quantity without a trivial bound.

    Examples
    --------
    >>> import bounds
    >>> point = {"L": Fraction(1), "curvature": Fraction(1), "epsilon": Fraction(3), "lam": Fraction(1, 4)}
    >>> found = thresholds(bounds.get("bertrand2024.jacobian_refined"), point, ["lam"])[0]
    >>> found.relation, 0.333 < found.value < Fraction(1, 3)
    ('<=', True)
    """
    trivial = theorem.quantity.trivial
    known = trivial is not None and {s.name for s in trivial.free_symbols} <= set(reference)
    if not known or theorem.direction is Direction.EXACT:
        return ()
    below = theorem.direction is Direction.UPPER
    beats = _compared(theorem.expression, sympy.Lt if below else sympy.Gt, trivial)
    if beats in (sympy.true, sympy.false):
        return (Threshold({}, "", "always" if beats == sympy.true else "never", None),)
    moving = [name for name in _by_interest(free) if any(s.name == name for s in beats.free_symbols)]
    alone = [_threshold(theorem, beats, reference, name, {}) for name in moving]
    if len(moving) < 2:
        return tuple(alone)
    first, second = moving[0], moving[1]
    crossed = [
        _threshold(theorem, beats, {**reference, second: value}, first, {second: value})
        for value in _few(PARAMETERS[second], tops(theorem)[second])
    ]
    return (*alone, *crossed)


def _compared(expression: Any, relation: Any, trivial: Any) -> Any:
    try:
        return relation(expression, trivial)
    except TypeError:  # sympy does not know of every recursion that it is real
        return relation(expression, trivial, evaluate=False)


def _by_interest(names: Sequence[str]) -> list[str]:
    first = [name for name in ("n", "alpha", "lam", "t") if name in names]
    return [*first, *(name for name in names if name not in first)]


def _few(described: Parameter, top: int) -> list[Value]:
    tried = [
        v for v in probes(described, min(top, 60) if described.unit != "points" else top) if isinstance(v, Fraction)
    ]
    if not described.integer and described.high.is_infinite:
        tried = [v for v in tried if Fraction(1, 100) <= abs(v) <= 100]
    chosen = tried[1 :: max(len(tried) // 5, 1)][:5]
    return list(chosen) or list(tried[:1])


def _threshold(
    theorem: Theorem, beats: Any, reference: Mapping[str, Value], name: str, at: dict[str, Value]
) -> Threshold:
    described = PARAMETERS[name]

    def informative(value: Fraction) -> bool:
        return decided(beats, {**reference, name: value})

    top = tops(theorem)[name] if name in loop_counts(theorem.expression) else _TOP
    tried = [v for v in probes(described, top) if isinstance(v, Fraction)]
    allowed = [v for v in tried if all(decided(h, {**reference, name: v}) for h in theorem.hypotheses)]
    told = [informative(v) for v in allowed]
    if not allowed:
        return Threshold(at, name, "outside", None)
    if all(told) or not any(told):
        return Threshold(at, name, "always" if told[0] else "never", None)
    turns = [i for i in range(1, len(told)) if told[i] != told[i - 1]]
    if len(turns) > 1:
        return Threshold(at, name, "mixed", None)
    before, after = allowed[turns[0] - 1], allowed[turns[0]]
    good, bad = (after, before) if told[-1] else (before, after)
    last, _ = edge(_inside_and(informative, theorem, reference, name), good, bad, described.integer)
    return Threshold(at, name, ">=" if told[-1] else "<=", last)


def _inside_and(
    informative: Callable[[Fraction], bool], theorem: Theorem, reference: Mapping[str, Value], name: str
) -> Callable[[Fraction], bool]:
    def serves(value: Fraction) -> bool:
        return informative(value) and all(decided(h, {**reference, name: value}) for h in theorem.hypotheses)

    return serves
