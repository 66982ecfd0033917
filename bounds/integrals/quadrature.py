"""Integrals of compiled integrands: adaptive Gauss-Legendre in doubles, with an error estimate.

The enclosure of an integral is `bounds.enclose`'s; what is here is fast and serves floats and grids.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bounds.errors import EnclosureError

Array = NDArray[np.float64]

NODES = 16
PANEL_LIMIT = 20_000
_SECTIONS, _ROUNDS = 32, 6
# A panel is settled when halving it moves its integral by less than this part of the whole.
_SETTLED = 1e-13
ACCURACY = 1e-12
"""Relative error estimate above which a result is refused."""
# Part of the whole that may lie outside the range.
_OUTSIDE = 1e-13
# Points of a sample at least, and panels at most that they are spread over.
_SAMPLE_LEAST, _SAMPLE = 16, 24


@dataclass(frozen=True)
class Quadrature:
    """An integral in doubles.

    Parameters
    ----------
    value : float
    error : float
        Estimate of the absolute error: the sum over all panels of the change made by their last halving.
    """

    value: float
    error: float


@lru_cache(maxsize=32)
def _rule(nodes: int) -> tuple[Array, Array]:
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return points, weights


def gauss_legendre(function: Callable[[Array], Array], edges: Array, nodes: int = NODES) -> Array:
    """Integrate over every panel between successive edges by one Gauss-Legendre rule.

    Parameters
    ----------
    function : callable
        Takes and returns an array.
    edges : ndarray, shape (panels, 2)
        Ends of the panels.
    nodes : int
        Points per panel.

    Returns
    -------
    ndarray, shape (panels,)

    Examples
    --------
    >>> gauss_legendre(lambda x: x**2, np.array([[0.0, 3.0]])).round(12)
    array([9.])
    """
    points, weights = _rule(nodes)
    middle, half = edges.mean(axis=1), np.diff(edges, axis=1)[:, 0] / 2
    values = function(middle[:, None] + half[:, None] * points)
    return np.asarray(np.broadcast_to(values, (len(edges), nodes)) @ weights * half)


def adaptive(function: Callable[[Array], Array], edges: Array, limit: int = PANEL_LIMIT) -> Quadrature:
    """Integrate by halving panels until each settles.

    Parameters
    ----------
    function : callable
        Takes and returns an array.
    edges : ndarray, shape (k,)
        Increasing: ends of the first panels. They must resolve the scales on which the function varies.
    limit : int
        How many panels may be tried.

    Returns
    -------
    Quadrature

    Raises
    ------
    EnclosureError
        If the integrand is not finite, or rounding errors or singularities keep it from settling.

    Examples
    --------
    >>> found = adaptive(lambda x: np.abs(x - 0.3), np.array([0.0, 1.0]))
    >>> abs(found.value - 0.29) <= found.error + 1e-15
    True
    """
    panels = np.stack([edges[:-1], edges[1:]], axis=1)
    coarse = gauss_legendre(function, panels)
    settled, error, spent = 0.0, 0.0, len(panels)
    while len(panels):
        middle = panels.mean(axis=1)
        halves = np.stack([panels[:, 0], middle, middle, panels[:, 1]], axis=1).reshape(-1, 2)
        fine = gauss_legendre(function, halves).reshape(-1, 2)
        change = np.abs(fine.sum(axis=1) - coarse)
        if not np.isfinite(change).all():
            raise EnclosureError("the integrand is not finite everywhere in doubles")
        done = change <= _SETTLED * abs(settled + fine.sum())
        settled, error = settled + fine[done].sum(), error + change[done].sum()
        panels, coarse = halves.reshape(-1, 2, 2)[~done].reshape(-1, 2), fine[~done].ravel()
        spent += 2 * len(done)
        if spent > limit:
            raise EnclosureError(f"the integral did not settle on {limit} panels in doubles")
    return Quadrature(float(settled), float(error))


def graded_edges(left: float, right: float, scales: tuple[tuple[float, float], ...]) -> Array:
    """Return panel edges that grow geometrically away from every centre.

    Parameters
    ----------
    left, right : float
        Ends of the range.
    scales : tuple of (centre, scale)
        Where the function varies and over which distance.

    Returns
    -------
    ndarray, shape (k,)
        Increasing, from left to right.

    Examples
    --------
    >>> graded_edges(0.0, 6.0, ((0.0, 1.0),))
    array([0., 1., 2., 4., 6.])
    """
    found = {left, right}
    for centre, scale in scales:
        step = scale
        reach = max(right - centre, centre - left)
        while step < reach:
            found |= {edge for edge in (centre - step, centre, centre + step) if left < edge < right}
            step *= 2
    edges = np.array(sorted(found))
    width = (right - left) * 1e-15
    return edges[np.concatenate([[True], np.diff(edges) > width])] if len(edges) > 2 else edges


def turning_points(turns: Callable[[Array], list[Any]], edges: Array) -> Array:
    """Find where any of some quantities changes sign, so that panels can end there.

    A corner just inside a panel's end lies beyond the outermost node: no comparison of rules would see it.

    Parameters
    ----------
    turns : callable
        Takes an array and returns arrays that broadcast to it.
    edges : ndarray, shape (k,)
        Increasing; panels fine enough to separate the changes of sign.

    Returns
    -------
    ndarray, shape (m,)

    Examples
    --------
    >>> turning_points(lambda x: [x - 0.3, x + 5], np.array([0.0, 1.0])).round(9)
    array([0.3])
    """
    inner, _ = _rule(NODES)
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    points = np.unique(np.concatenate([edges, (middle[:, None] + half[:, None] * inner).ravel()]))
    found = []
    for number, values in enumerate(turns(points)):
        signs = np.sign(np.broadcast_to(values, points.shape))
        found.append(points[1:-1][signs[1:-1] == 0])
        places = np.flatnonzero(signs[1:] * signs[:-1] < 0)
        if len(places):
            found.append(_sectioned(turns, number, points[places], points[places + 1]))
    return np.concatenate([*found, np.empty(0)])


def _sectioned(turns: Callable[[Array], list[Any]], number: int, low: Array, high: Array) -> Array:
    """Narrow brackets of a change of sign by sections, to a relative width below the square root of a rounding error."""
    fractions = np.arange(_SECTIONS + 1) / _SECTIONS
    rows = np.arange(len(low))
    for _ in range(_ROUNDS):
        points = low[:, None] + (high - low)[:, None] * fractions
        signs = np.sign(np.broadcast_to(turns(points)[number], points.shape))
        first = np.argmax(signs[:, 1:] != signs[:, :1], axis=1)
        low, high = points[rows, first], points[rows, first + 1]
    return (low + high) / 2


def integrate_floats(
    over: Callable[[float, float], Quadrature],
    ends: Callable[[float], tuple[float, float]],
    tail: Callable[[float], float],
    start: float,
) -> float:
    """Integrate a non-negative function over an unbounded range.

    Parameters
    ----------
    over : callable
        The integral between two ends.
    ends : callable
        The finite range at a radius.
    tail : callable
        A bound on what lies outside it.
    start : float
        The least radius at which that bound is valid.

    Returns
    -------
    float

    Raises
    ------
    EnclosureError
        If an accuracy of 1e-12 relative to the value cannot be reached.

    Examples
    --------
    >>> decay = integrate_floats(
    ...     lambda a, b: adaptive(lambda u: np.exp(-u), np.linspace(a, b, 9)), lambda r: (0.0, r), lambda r: np.exp(-r), 1.0)
    >>> abs(decay - 1) < 1e-12
    True
    """
    radius = _radius(tail, start, 1e-18)
    for _ in range(3):
        found = over(*ends(radius))
        if found.value <= 0 or found.error > ACCURACY * found.value:
            break
        if tail(radius) <= _OUTSIDE * found.value:
            return found.value
        radius = _radius(tail, start, found.value * _OUTSIDE / 100)
    raise EnclosureError("doubles do not reach the accuracy asked of an integral here")


def sampled(edges: Array) -> tuple[Array, Array]:
    """Return a few points and weights with which to see how large a function is over panels, not to integrate it.

    Parameters
    ----------
    edges : ndarray, shape (k,)
        Increasing ends of panels.

    Returns
    -------
    points, weights : ndarray, shape (m,)

    Examples
    --------
    >>> points, weights = sampled(np.array([0.0, 1.0, 3.0]))
    >>> len(points), round(float(weights.sum()), 12)
    (16, 3.0)
    """
    panels = np.stack([edges[:-1], edges[1:]], axis=1)
    if len(panels) > _SAMPLE:
        panels = panels[np.linspace(0, len(panels) - 1, _SAMPLE).round().astype(int)]
    points, weights = _rule(-(-_SAMPLE_LEAST // len(panels)))
    middle, half = panels.mean(axis=1), np.diff(panels, axis=1)[:, 0] / 2
    return (middle[:, None] + half[:, None] * points).ravel(), (half[:, None] * weights).ravel()


def panel_edges(
    turns: Callable[[Array], list[Any]], left: float, right: float, scales: tuple[tuple[float, float], ...]
) -> Array:
    """Return first panels that resolve the scales and end at the corners.

    Examples
    --------
    >>> panel_edges(lambda x: [x - 0.5], 0.0, 1.0, ())
    array([0. , 0.5, 1. ])
    """
    edges = graded_edges(left, right, scales)
    return np.unique(np.concatenate([edges, turning_points(turns, edges)]))


def _radius(tail: Callable[[float], Any], start: float, target: float) -> float:
    """Return a radius at which the tail is below the target."""
    radius = max(start, 1.0)
    for _ in range(400):
        if tail(radius) <= target:
            return radius
        radius *= 1.15
    raise EnclosureError("the tail of the integral does not become small")
