"""Integrals as doubles: the integrand is evaluated in doubles where these keep its digits, and in balls where they lose them.

A difference of nearly equal densities, say, is a smooth function plus rounding errors that no comparison of quadrature rules
shows: only a second evaluation with more bits does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from bounds.enclose import Balls, Exactly, ball
from bounds.errors import EnclosureError
from bounds.integrals.quadrature import ACCURACY, Quadrature, adaptive, integrate_floats, panel_edges, sampled
from bounds.integrals.trace import Traced, trace
from bounds.tape import Area, Arithmetic, Tape, run

Array = NDArray[np.float64]

# Part of an integral that rounding errors of its integrand may be; what balls may leave open of it, and with how many bits.
_TRUSTED, _OPEN = 5e-14, 1e-18
_NODE_BITS = (128, 256, 512)
_PANELS_IN_BALLS = 1000


@dataclass(frozen=True)
class _InDoubles:
    """An integrand, and the quantities at whose changes of sign it may have corners."""

    traced: Traced[Any]
    arithmetic: Arithmetic[Any]

    def values(self, points: Array) -> Array:
        return np.broadcast_to(np.asarray(self.traced.at(points, self.arithmetic), dtype=float), points.shape)

    def turns(self, points: Array) -> list[Array]:
        return [np.broadcast_to(turn, points.shape) for turn in self.traced.turns(points, self.arithmetic)]


@dataclass(frozen=True)
class _InBalls:
    """The same in balls with so many bits, rounded to doubles at the end."""

    traced: Traced[Any]
    bits: int

    def values(self, points: Array) -> Array:
        return self.values_and_radii(points)[0]

    def values_and_radii(self, points: Array) -> tuple[Array, Array]:
        with ctx.workprec(self.bits):
            found = [arb(self.traced.at(arb(point), Balls())) for point in points.ravel().tolist()]
            middles, radii = ([float(getattr(one, part)()) for one in found] for part in ("mid", "rad"))
        return np.reshape(middles, points.shape), np.reshape(radii, points.shape)

    def turns(self, points: Array) -> list[Array]:
        with ctx.workprec(self.bits):
            rows = [self.traced.turns(arb(point), Balls()) for point in points.ravel().tolist()]
            columns = [[float(arb(turn).mid()) for turn in column] for column in zip(*rows, strict=True)]
        return [np.reshape(column, points.shape) for column in columns]


def integrate_area(area: Area, arithmetic: Arithmetic[Any], values: Mapping[str, Exactly]) -> float:
    """Integrate by adaptive quadrature.

    Parameters
    ----------
    area : Area
    arithmetic : Arithmetic
        Of doubles and their arrays.
    values : mapping of name to Fraction or float
        Exact.

    Returns
    -------
    float

    Raises
    ------
    EnclosureError
        If doubles cannot hold the integrand, or the quadrature does not settle.

    Examples
    --------
    Doubles alone find 0.3333329886 here.

    >>> from sympy import Integral, Symbol
    >>> from bounds.evaluate import Arrays
    >>> from bounds.tape import compile_expression
    >>> u, a = Symbol("u"), Symbol("a")
    >>> area = compile_expression(Integral(((a + u) ** 2 - a**2 - 2 * a * u), (u, 0, 1))).instructions[-1].constant
    >>> round(integrate_area(area, Arrays(), {"a": 1e5}), 15)
    0.333333333333333
    """
    balls = _in_balls(area, values, _NODE_BITS[0])
    quick = _InDoubles(_rounded(balls.traced), arithmetic)
    doubles = {name: float(value) for name, value in values.items()}

    def at(tape: Tape, radius: float) -> float:
        return float(run(tape, arithmetic, {**doubles, area.radius: radius}))

    start = at(area.start, math.nan)
    scales = tuple((at(centre, math.nan), at(scale, math.nan)) for centre, scale in area.scales)

    def over(left: float, right: float) -> Quadrature:
        if left == right:
            return Quadrature(0.0, 0.0)
        if not math.isfinite(right - left):
            raise EnclosureError("the ends of the integral leave the range of doubles")
        edges = panel_edges(quick.turns, left, right, scales)
        precise, agrees = _compared(area, values, balls, quick, edges)
        found = _accurate(quick, edges) if agrees else None
        if found is not None:
            return found
        # Rounding errors move the corners, too.
        return adaptive(precise.values, panel_edges(precise.turns, left, right, scales), _PANELS_IN_BALLS)

    if area.tail is None:
        return over(at(area.left, start), at(area.right, start)).value
    tail = area.tail
    return integrate_floats(over, lambda r: (at(area.left, r), at(area.right, r)), lambda r: at(tail, r), start)


def _in_balls(area: Area, values: Mapping[str, Exactly], bits: int) -> _InBalls:
    with ctx.workprec(bits):
        known = {name: ball(values[name]) for name in area.symbols}
        return _InBalls(trace(area.integrand, Balls(), known, area.variable), bits)


def _rounded(traced: Traced[Any]) -> Traced[float]:
    return replace(traced, numbers=tuple(float(number.mid()) for number in traced.numbers))


def _compared(
    area: Area, values: Mapping[str, Exactly], balls: _InBalls, quick: _InDoubles, edges: Array
) -> tuple[_InBalls, bool]:
    """Return the integrand in balls of negligible radii, and whether a sample of its values shows that doubles do as well."""
    points, weights = sampled(edges)
    for bits in _NODE_BITS:
        balls = balls if bits == balls.bits else _in_balls(area, values, bits)
        right, radii = balls.values_and_radii(points)
        size = weights @ np.abs(right)
        if weights @ radii <= _OPEN * size < math.inf:
            return balls, bool(weights @ np.abs(quick.values(points) - right) <= _TRUSTED * size)
    raise EnclosureError("the integrand is not finite everywhere in doubles")


def _accurate(quick: _InDoubles, edges: Array) -> Quadrature | None:
    """Integrate in doubles; None where a settled value is not reached, as where an integrand underflows between the samples."""
    try:
        found = adaptive(quick.values, edges)
    except EnclosureError:
        return None
    return found if found.error <= ACCURACY * abs(found.value) else None
