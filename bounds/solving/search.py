"""Where on a range of numbers a set of relations holds: proved on intervals where possible, else found at points.

The range is cut into pieces. On a piece a relation is settled if its two sides never meet there, or if their difference is
monotone: then one bisection with exact decisions finds where it changes. Other pieces are cut in two, up to a limit; what
is left is sampled, and marked as found and not proved.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Literal

from bounds.solving.grid import Floats, Grid, Number, spread
from bounds.solving.jets import Jet

Kind = Literal["in", "out", "nowhere", "open"]

LARGEST_PIECES = 120
_SAMPLES, _CHANGES = 25, 8
_NEAR = (Fraction(1, 10), Fraction(1, 2), Fraction(10, 11), Fraction(11, 10), Fraction(2), Fraction(10))
_DESCENT, _GOLDEN = 40, 0.6180339887498949
_FOR_TREND = 16


@dataclass(frozen=True)
class Relation:
    """A relation between an expression of the unknown and zero.

    Parameters
    ----------
    decide : callable
        Whether it surely holds (True) or surely fails (False) at a number; None if that could not be decided.
    jet : callable
        The jet of the difference of its sides on an interval.
    signs : frozenset of int
        The signs of the difference for which it holds.
    sure : bool
        Whether decisions are proofs; else they are observations.
    difference : callable
        About the difference of the sides at a number, to look for where it is least; nan where it is not known.
    """

    decide: Callable[[Number], bool | None]
    jet: Callable[[Number, Number], Jet]
    signs: frozenset[int]
    sure: bool = True
    difference: Callable[[Number], float] = lambda x: math.nan


@dataclass(frozen=True)
class Piece:
    """An interval on which one thing is the case.

    Parameters
    ----------
    low, high : int or float
        Both included.
    kind : str
        "in" (the target is met), "out" (it is not), "nowhere" (a hypothesis fails) or "open" (not decided).
    proved : bool
        Whether that is proved for every number between the ends; else it was seen at some of them.
    trend : int or None
        1 or -1 where the bound surely rises or falls, 0 where it is constant, None where that is not known.
    """

    low: Number
    high: Number
    kind: Kind
    proved: bool
    trend: int | None = None


def settle(
    grid: Grid,
    low: Number,
    high: Number,
    hypotheses: Sequence[Relation],
    target: Relation,
    limit: int = LARGEST_PIECES,
    landmarks: Sequence[Fraction] = (),
) -> list[Piece]:
    """Cut a range into pieces on which it is known whether the target is met.

    Parameters
    ----------
    grid : Grid
    low, high : int or float
        The range, both ends included.
    hypotheses : sequence of Relation
    target : Relation
    limit : int
        Largest number of pieces that are examined before the rest is sampled.
    landmarks : sequence of Fraction
        Numbers of the problem's own scale; what is sampled is looked at near them too.

    Returns
    -------
    list of Piece
        In ascending order, covering the range up to gaps between neighbouring floats.

    Examples
    --------
    >>> from flint import arb
    >>> from bounds.solving.grid import WholeNumbers
    >>> from bounds.solving.jets import hull
    >>> rising = Relation(lambda x: x >= 7, lambda a, b: Jet(hull(arb(a - 7), arb(b - 7)), hull(arb(1))), frozenset({0, 1}))
    >>> [(p.low, p.high, p.kind) for p in settle(WholeNumbers(), 1, 1000, [], rising)]
    [(1, 6, 'out'), (7, 1000, 'in')]
    """
    waiting = deque([(low, high, tuple(hypotheses))])
    done: list[Piece] = []
    examined = 0
    while waiting and examined < limit:
        a, b, remaining = waiting.popleft()
        examined += 1
        found = _examine(grid, a, b, remaining, target, wants_trend=examined <= _FOR_TREND)
        done += found.pieces
        waiting += found.waiting
    for a, b in _joined(grid, [(a, b) for a, b, _ in waiting]):
        done += _sampled(grid, a, b, hypotheses, target, landmarks)
    return sorted(done, key=lambda piece: (piece.low, piece.high))


def _joined(grid: Grid, pieces: Sequence[tuple[Number, Number]]) -> list[tuple[Number, Number]]:
    """Join pieces that touch."""
    joined: list[tuple[Number, Number]] = []
    for low, high in sorted(pieces):
        if joined and grid.touch(joined[-1][1], low):
            joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


@dataclass(frozen=True)
class _Found:
    """What looking at a piece gave: pieces that are settled, and those to look at again."""

    pieces: tuple[Piece, ...] = ()
    waiting: tuple[tuple[Number, Number, tuple[Relation, ...]], ...] = ()


def _examine(
    grid: Grid, low: Number, high: Number, hypotheses: tuple[Relation, ...], target: Relation, wants_trend: bool
) -> _Found:
    unknown: list[Relation] = []
    for index, relation in enumerate(hypotheses):
        parts = _parts(grid, low, high, relation)
        if parts is None:
            unknown.append(relation)
        elif parts != [(low, high, True)]:
            rest = (*unknown, *hypotheses[index + 1 :])
            return _Found(
                tuple(Piece(a, b, "nowhere", proved=True) for a, b, state in parts if state is False),
                # Where the relation could not be decided it is looked at again, one number at a time.
                tuple((a, b, rest if state else (relation, *rest)) for a, b, state in parts if state is not False),
            )
    if not unknown:
        jet = target.jet(low, high)
        parts = _parts(grid, low, high, target, jet)
        trend = _trend(jet)
        if parts is not None and (trend is not None or not wants_trend or not grid.splits(low, high)):
            kinds: dict[bool | None, Kind] = {True: "in", False: "out", None: "open"}
            return _Found(tuple(Piece(a, b, kinds[s], s is not None, trend) for a, b, s in parts))
    if not grid.splits(low, high):
        return _Found(tuple(_one_by_one(grid, low, high, unknown, target)))
    return _Found(waiting=tuple((a, b, tuple(unknown)) for a, b in grid.halves(low, high)))


def _trend(jet: Jet) -> int | None:
    if jet.value.low.is_finite() and jet.value.high.is_finite():
        if jet.slope.nonnegative:
            return 0 if jet.slope.nonpositive else 1
        if jet.slope.nonpositive:
            return -1
    return None


def _parts(
    grid: Grid, low: Number, high: Number, relation: Relation, jet: Jet | None = None
) -> list[tuple[Number, Number, bool | None]] | None:
    """Cut a piece where a relation changes; None if that is not known."""
    jet = jet or relation.jet(low, high)
    sign = 1 if jet.value.low > 0 else -1 if jet.value.high < 0 else None
    if sign is not None:
        return [(low, high, sign in relation.signs)]
    if _trend(jet) is None or relation.signs in (frozenset({0}), frozenset({-1, 1})):
        return None
    # Monotone, and true on one side of one number: the ends tell all.
    ends = relation.decide(low), relation.decide(high)
    if None in ends:
        return None
    if ends[0] == ends[1]:
        return [(low, high, ends[0])]
    last, first = _change(grid, low, high, lambda x: relation.decide(x) is ends[0])
    if relation.decide(first) is not None:
        return [(low, last, ends[0]), (first, high, ends[1])]
    return [(low, last, ends[0]), (first, first, None), (grid.next(first), high, ends[1])] if first < high else None


def _change(grid: Grid, low: Number, high: Number, same: Callable[[Number], bool]) -> tuple[Number, Number]:
    """Bisect between a number where `same` is true and a higher one where it is not."""
    first, last = grid.rank(low), grid.rank(high)
    while last - first > 1:
        middle = (first + last) // 2
        if same(grid.at(middle)):
            first = middle
        else:
            last = middle
    return grid.at(first), grid.at(last)


def state(x: Number, hypotheses: Sequence[Relation], target: Relation) -> Kind:
    """Tell what is the case at one number.

    Parameters
    ----------
    x : int or float
    hypotheses : sequence of Relation
    target : Relation

    Returns
    -------
    str
        As `Piece.kind`.

    Examples
    --------
    >>> always = Relation(lambda x: True, lambda a, b: None, frozenset())
    >>> state(1, [], always)
    'in'
    """
    decided = [relation.decide(x) for relation in hypotheses]
    if False in decided:
        return "nowhere"
    met = target.decide(x) if None not in decided else None
    return "open" if met is None else "in" if met else "out"


def _one_by_one(grid: Grid, low: Number, high: Number, hypotheses: Sequence[Relation], target: Relation) -> list[Piece]:
    if isinstance(grid, Floats):
        return _sampled(grid, low, high, hypotheses, target)
    runs = itertools.groupby(range(int(low), int(high) + 1), lambda x: state(x, hypotheses, target))
    return [
        Piece(run[0], run[-1], kind, proved=kind == "nowhere" or (kind != "open" and target.sure))
        for kind, run in ((kind, list(found)) for kind, found in runs)
    ]


def _sampled(
    grid: Grid,
    low: Number,
    high: Number,
    hypotheses: Sequence[Relation],
    target: Relation,
    landmarks: Sequence[Fraction] = (),
) -> list[Piece]:
    """Look at some numbers of a piece, and bisect between those that differ."""
    points = sorted({*spread(grid, low, high, _SAMPLES), *_around(grid, low, high, landmarks)})
    kinds = [state(x, hypotheses, target) for x in points]
    if len(points) == 1:
        return [Piece(low, high, kinds[0], proved=kinds[0] == "nowhere" or (kinds[0] != "open" and target.sure))]
    if "in" not in kinds:
        points = sorted({*points, *_nearest_to_target(grid, points, kinds, target)})
    pieces: list[Piece] = []
    for i in range(len(points) - 1):
        pieces += _between(grid, points[i], points[i + 1], lambda x: state(x, hypotheses, target))
    return pieces


def _around(grid: Grid, low: Number, high: Number, landmarks: Sequence[Fraction]) -> set[Number]:
    """Return numbers of a range that are near the landmarks, on a scale of ratios."""
    near = (mark * factor for mark in landmarks for factor in _NEAR)
    return {float(x) if grid.continuous else round(x) for x in near if low <= x <= high}


def _nearest_to_target(grid: Grid, points: Sequence[Number], kinds: Sequence[Kind], target: Relation) -> list[Number]:
    """Go from the best of some numbers that miss the target to where the bound is nearest to it, as far as can be seen."""
    wanted = -1 if -1 in target.signs else 1

    @cache
    def missed_by(x: Number) -> float:
        found = target.difference(x)
        return -wanted * found if math.isfinite(found) else math.inf

    seen = {x: missed_by(x) for x, kind in zip(points, kinds, strict=True) if kind == "out"}
    if not seen or min(seen.values()) == math.inf:
        return []
    best = points.index(min(seen, key=lambda x: seen[x]))
    left, right = (grid.rank(points[min(max(i, 0), len(points) - 1)]) for i in (best - 1, best + 1))
    for _ in range(_DESCENT):
        if right - left < 3:
            break
        step = round(_GOLDEN * (right - left))
        first, second = right - step, left + step
        left, right = (left, second) if missed_by(grid.at(first)) <= missed_by(grid.at(second)) else (first, right)
    return [grid.at((left + right) // 2)]


def _between(grid: Grid, low: Number, high: Number, kind: Callable[[Number], Kind]) -> list[Piece]:
    """Bisect between two numbers for every change of kind that it comes across."""
    pieces: list[Piece] = []
    for _ in range(_CHANGES):
        here = kind(low)
        if here == kind(high):
            break
        last, first = _change(grid, low, high, lambda x, here=here: kind(x) == here)  # type: ignore[misc]
        pieces.append(Piece(low, last, here, proved=False))
        low = first
    return [*pieces, Piece(low, high, kind(high) if kind(low) == kind(high) else "open", proved=False)]
