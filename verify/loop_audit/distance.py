"""What two samples show of the distance of their laws: sound limits, and no more.

From samples alone the total variation has lower limits only: two laws that never meet can give any pair of samples. Upper
limits of a transport distance need a range that holds both laws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.evidence import Evidence, Indicators, Interval
from verify.loop_audit.separation import MOST_CHOOSING, separate

Array = NDArray[np.float64]


@final
@dataclass(frozen=True)
class SeparatedVariation(Evidence):
    """Total variation as a set shows it that was chosen without the counted points.

    Parameters
    ----------
    first, second : Indicators
        How often independent draws of the two laws fall into the set; ``TV >= P(A) - Q(A)``. Each count spends half the
        level on a limit of Clopper and Pearson; no upper limit but 1 is sound.

    Examples
    --------
    >>> found = SeparatedVariation(Indicators(90, 100), Indicators(20, 100))
    >>> found.estimate, round(found.lower(0.05), 3), found.upper(0.05)
    (0.7, 0.532, 1.0)
    """

    first: Indicators
    second: Indicators

    @property
    def estimate(self) -> float:
        """Difference of the shares, at least 0: an estimate of what the set shows, not of the total variation."""
        return max(self.first.estimate - self.second.estimate, 0.0)

    def _lower(self, level: float) -> float:
        return max(math.nextafter(self.first.lower(level / 2) - self.second.upper(level / 2), -math.inf), 0.0)

    def _upper(self, level: float) -> float:
        return 1.0


@final
@dataclass(frozen=True)
class GapOfDistributions(Evidence):
    """Total variation as the distribution functions of the coordinates show it.

    Massart's inequality holds for all half-lines at once. Hence the limit is valid even where one law was learned from the
    other's sample, so that no set could be chosen without it.

    Parameters
    ----------
    gap : float
        Largest difference of the empirical distribution functions, over all coordinates.
    sizes : tuple of (int, int)
        Points of the two samples.
    dimension : int
        Number of coordinates looked at.

    Examples
    --------
    >>> found = GapOfDistributions(0.5, (1000, 1000), 1)
    >>> round(found.lower(0.05), 3), found.upper(0.05)
    (0.406, 1.0)
    """

    gap: float
    sizes: tuple[int, int]
    dimension: int

    @property
    def estimate(self) -> float:
        """The largest difference."""
        return self.gap

    def _lower(self, level: float) -> float:
        return max(self.gap - band(self.sizes, self.dimension, level), 0.0)

    def _upper(self, level: float) -> float:
        return 1.0


def band(sizes: tuple[int, int], dimension: int, level: float) -> float:
    """Return how far the difference of two empirical distribution functions may be from the true one, anywhere.

    Massart's form of the inequality of Dvoretzky, Kiefer and Wolfowitz for each sample and coordinate, with equal parts of
    the level.

    Parameters
    ----------
    sizes : tuple of (int, int)
    dimension : int
    level : float
        Probability that it is farther somewhere.

    Returns
    -------
    float

    Examples
    --------
    >>> round(band((1000, 1000), 1, 0.05), 4)
    0.0936
    """
    part = math.log(2 * 2 * dimension / level)
    width = sum(math.sqrt(part / (2 * size)) for size in sizes)
    return width * (1 + 1e-12)


def gap_of_distributions(first: Array, second: Array) -> GapOfDistributions:
    """Measure the largest gap between the distribution functions of two samples, coordinate by coordinate.

    Parameters
    ----------
    first, second : ndarray, shapes (m, d) and (n, d)

    Returns
    -------
    GapOfDistributions

    Examples
    --------
    >>> gap_of_distributions(np.arange(4.0)[:, None], np.arange(2.0, 6.0)[:, None]).gap
    0.5
    """
    gap = max(float(np.abs(_gaps(a, b)[1]).max()) for a, b in zip(first.T, second.T, strict=True))
    return GapOfDistributions(gap, (len(first), len(second)), first.shape[1])


def separated_variation(first: Array, second: Array, rng: np.random.Generator) -> SeparatedVariation:
    """Measure total variation by a set: half of each sample chooses it, the other half tests it.

    Valid if the points of each sample are independent draws and the second law was learned without the first sample.

    Parameters
    ----------
    first, second : ndarray, shapes (m, d) and (n, d)
        At least 6 points each.
    rng : numpy.random.Generator
        Decides which points choose.

    Returns
    -------
    SeparatedVariation

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = separated_variation(rng.normal(0, 1, (2000, 2)), rng.normal(0, 3, (2000, 2)), rng)
    >>> 0.4 < found.lower(0.01) < found.estimate < 0.7
    True
    """
    parts = [_halves(points, rng) for points in (first, second)]
    (choose_first, test_first), (choose_second, test_second) = parts
    region = separate(choose_first, choose_second)
    hits = [region.contains(test) for test in (test_first, test_second)]
    return SeparatedVariation(*(Indicators(int(hit.sum()), len(hit)) for hit in hits))


def _halves(points: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    order = rng.permutation(len(points))
    at = min(len(points) // 2, MOST_CHOOSING)
    return points[order[:at]], points[order[at:]]


def transport_limits(first: Array, second: Array, level: float, ends: tuple[float, float] | None) -> Interval:
    """Return limits of the Wasserstein-1 distance that hold together with probability at least 1 - level.

    On the line ``W1 = int abs(F - G)``, and both empirical distribution functions lie within Massart's band everywhere.
    In d dimensions (Euclidean distance) a coordinate is a 1-Lipschitz map: the distance is at least that of any coordinate.

    Parameters
    ----------
    first, second : ndarray, shapes (m, d) and (n, d)
    level : float
    ends : tuple of (float, float) or None
        An interval that surely holds both laws; without it, or with several coordinates, the upper limit is infinite.

    Returns
    -------
    Interval
        In the units of the data.

    Raises
    ------
    ArgumentError
        If the interval does not hold the points.

    Examples
    --------
    >>> x, y = np.arange(0, 1, 0.001)[:, None], np.arange(1, 2, 0.001)[:, None]
    >>> limits = transport_limits(x, y, 0.05, (0.0, 2.0))  # the distance is 1
    >>> round(limits.lower, 2), round(limits.upper, 2)
    (0.82, 1.18)
    """
    width = band((len(first), len(second)), first.shape[1], level)
    lower = max(_area(a, b, -width, None) for a, b in zip(first.T, second.T, strict=True))
    upper = math.inf
    if ends is not None:
        require_inside(first, ends)
        require_inside(second, ends)
        if first.shape[1] == 1:
            upper = _area(first[:, 0], second[:, 0], width, ends)
    return Interval(lower, upper)


def require_inside(points: Array, ends: tuple[float, float]) -> None:
    """Refuse an interval that does not hold all points.

    Examples
    --------
    >>> require_inside(np.ones((2, 1)), (0.0, 0.5))
    Traceback (most recent call last):
    bounds.errors.ArgumentError: range 0:0.5 does not hold the value 1: give a range that no draw can leave
    """
    low, high = ends
    outside = points[(points < low) | (points > high)]
    if outside.size:
        raise ArgumentError(
            f"range {low:g}:{high:g} does not hold the value {outside[0]:g}: give a range that no draw can leave"
        )


def _gaps(first: Array, second: Array) -> tuple[Array, Array]:
    """Return all distinct values, ascending, and the gap F - G from each to the next."""
    places = np.unique(np.concatenate([first, second]))
    shares = [np.searchsorted(np.sort(s), places, side="right") / len(s) for s in (first, second)]
    return places, shares[0] - shares[1]


def _area(first: Array, second: Array, shift: float, ends: tuple[float, float] | None) -> float:
    """Integrate the gap, moved by ``shift`` and kept between 0 and 1, over the sample or over an interval."""
    places, gaps = _gaps(first, second)
    moved = np.clip(np.abs(gaps) + shift, 0.0, 1.0)
    area = float((moved[:-1] * np.diff(places)).sum())
    if ends is not None:
        area += float(places[0] - ends[0] + ends[1] - places[-1]) * min(max(shift, 0.0), 1.0)
    error = 1e-12 * abs(area) + 1e-13 * float(np.abs(places).max())
    return max(area - error, 0.0) if shift < 0 else area + error
