"""Means, variances and quartiles of each coordinate of a sample, with intervals where some are sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from verify.evidence import Interval, QuantileSample
from verify.loop_audit.distance import require_inside

Array = NDArray[np.float64]

QUARTILES = {"lower quartile": 0.25, "median": 0.5, "upper quartile": 0.75}
ANYTHING = Interval(-math.inf, math.inf)


@dataclass(frozen=True)
class Moment:
    """One number that describes one coordinate of one sample.

    Parameters
    ----------
    name : str
        "mean", "variance", or a quartile.
    coordinate : int
        From 1.
    estimate : float
        In the units of the data, squared for a variance.
    ci : Interval
        Infinite on both sides where no interval is sound.

    Examples
    --------
    >>> Moment("mean", 1, 0.5, Interval(0.4, 0.6)).name
    'mean'
    """

    name: str
    coordinate: int
    estimate: float
    ci: Interval


def count_intervals(dimension: int, ends: tuple[float, float] | None) -> int:
    """Return how many intervals `moments` gives for one sample.

    Examples
    --------
    >>> count_intervals(2, None), count_intervals(2, (0.0, 1.0))
    (6, 10)
    """
    return dimension * (len(QUARTILES) + (2 if ends else 0))


def moments(points: Array, level: float, ends: tuple[float, float] | None) -> tuple[Moment, ...]:
    """Describe a sample of independent draws.

    Quartiles have intervals of order statistics, for any law. A mean or a variance can hide in values that were never
    drawn, so that they have intervals only with a range that surely holds the law: by Maurer and Pontil's empirical
    Bernstein inequality, for the variance on half the squared differences of disjoint pairs.

    Parameters
    ----------
    points : ndarray, shape (m, d)
        In random order.
    level : float
        Probability that one interval misses.
    ends : tuple of (float, float) or None
        The range.

    Returns
    -------
    tuple of Moment

    Raises
    ------
    ArgumentError
        If the range does not hold the points.

    References
    ----------
    maurer2009: Maurer and Pontil, Empirical Bernstein bounds and sample variance penalization, COLT 2009, Theorem 4.

    Examples
    --------
    >>> points = np.linspace(0, 1, 1001)[:, None]
    >>> [(m.name, m.ci.upper) for m in moments(points, 0.05, None)][:3]
    [('mean', inf), ('variance', inf), ('lower quartile', 0.277)]
    """
    if ends is not None:
        require_inside(points, ends)
    return tuple(m for at, column in enumerate(points.T, start=1) for m in _moments(column, at, level, ends))


def _moments(column: Array, at: int, level: float, ends: tuple[float, float] | None) -> list[Moment]:
    mean, variance = float(column.mean()), float(column.var(ddof=1))
    around = spread = ANYTHING
    if ends is not None:
        around = bernstein_interval(column, *ends, level)
        pairs = column[: 2 * (column.size // 2)].reshape(-1, 2)
        spread = bernstein_interval((pairs[:, 0] - pairs[:, 1]) ** 2 / 2, 0.0, (ends[1] - ends[0]) ** 2 / 2, level)
    found = [Moment("mean", at, mean, around), Moment("variance", at, variance, spread)]
    ordered = np.sort(column)
    for name, probability in QUARTILES.items():
        low, middle, high = _ranks(column.size, probability, level)
        limits = Interval(
            float(ordered[int(low)]) if math.isfinite(low) else -math.inf,
            float(ordered[int(high)]) if math.isfinite(high) else math.inf,
        )
        found.append(Moment(name, at, float(ordered[int(middle)]), limits))
    return found


@lru_cache(maxsize=256)
def _ranks(size: int, probability: float, level: float) -> tuple[float, float, float]:
    """Return the positions of the order statistics that limit and estimate a quantile."""
    positions = QuantileSample(np.arange(float(size)), probability)
    limits = positions.interval(level)
    return limits.lower, positions.estimate, limits.upper


def bernstein_interval(values: Array, low: float, high: float, level: float) -> Interval:
    """Confidence interval for the mean of independent values in a known range.

    Parameters
    ----------
    values : ndarray, shape (n,)
        At least 2.
    low, high : float
        The range, ``low <= high``.
    level : float
        Probability of missing the mean.

    Returns
    -------
    Interval

    Examples
    --------
    >>> found = bernstein_interval(np.tile([0.4, 0.6], 500), 0.0, 1.0, 0.05)
    >>> round(found.lower, 3), round(found.upper, 3)
    (0.48, 0.52)
    """
    part = math.log(4 / level)  # each side spends half the level
    size = values.size
    width = math.sqrt(2 * float(values.var(ddof=1)) * part / size) + 7 * (high - low) * part / (3 * (size - 1))
    width = width * (1 + 1e-12) + 1e-12 * max(abs(low), abs(high))
    mean = float(values.mean())
    return Interval(max(mean - width, low), min(mean + width, high))
