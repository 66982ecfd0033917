"""Sets that tell two samples apart: chosen on one part of the points, so that the others can test them.

A set A chosen without looking at the test points bounds the total variation from below by P(A) - Q(A), whatever it is; a
poor choice costs power, never validity.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import expit

Array = NDArray[np.float64]
Score = Callable[[Array], Array]

# Points of each sample that choose a set; the others, never fewer than half, test it.
MOST_CHOOSING = 10_000
_BINS = (4, 16, 64)
_MOST_QUADRATIC = 12
_MOST_NEIGHBOURS = 20
_TREE = 4_000
_STEPS = 12
_RIDGE = 1e-3
_FAR = 1e6


@dataclass(frozen=True, eq=False)
class Region:
    """The set on which a score exceeds a threshold.

    Parameters
    ----------
    score : callable
        Takes points of shape (k, d), returns k numbers: large where the first sample prevails.
    threshold : float

    Examples
    --------
    >>> Region(lambda points: points[:, 0], 0.5).contains(np.array([[0.0], [1.0]]))
    array([False,  True])
    """

    score: Score
    threshold: float

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points lie in the set."""
        return np.asarray(self.score(points) > self.threshold)


def separate(first: Array, second: Array) -> Region:
    """Choose a set that the first sample visits more often than the second.

    Scores are fitted on two thirds of the points: on the line ratios of histograms, and in any dimension a logistic
    regression on the coordinates with their squares and products, and ratios of distances to nearest neighbours. The last
    third picks the score and the threshold.

    Parameters
    ----------
    first, second : ndarray, shape (k, d)
        Points in random order, in the units of the data; at least 3 of each.

    Returns
    -------
    Region

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> region = separate(rng.normal(0, 1, (500, 1)), rng.normal(1, 1, (500, 1)))
    >>> shares = [region.contains(rng.normal(m, 1, (2000, 1))).mean() for m in (0, 1)]
    >>> bool(0.3 < shares[0] - shares[1] < 0.42)  # the total variation is 0.383
    True
    """
    centre, spread = _standard(first, second)
    fits, picks = zip(*(_split(sample, (2 * len(sample)) // 3) for sample in (first, second)), strict=True)
    scaled = [_in_spreads(sample, centre, spread) for sample in fits]
    best = Region(lambda points: np.zeros(len(points)), 0.0)
    most = 0.0
    for score in _scores(*scaled):
        region, gain = _pick(_scaled(score, centre, spread), *picks)
        if gain > most:
            best, most = region, gain
    return best


def _in_spreads(points: Array, centre: Array, spread: Array) -> Array:
    with np.errstate(over="ignore"):
        return np.asarray(np.clip((points - centre) / spread, -_FAR, _FAR))


def _scaled(score: Score, centre: Array, spread: Array) -> Score:
    return lambda points: score(_in_spreads(points, centre, spread))


def _standard(first: Array, second: Array) -> tuple[Array, Array]:
    pooled = np.concatenate([first, second])
    low, high = np.quantile(pooled, [0.16, 0.84], axis=0)
    spread = (high - low) / 2
    # A coordinate that hardly moves still has outliers to tell apart.
    spread = np.where(spread > 0, spread, pooled.std(axis=0))
    return np.median(pooled, axis=0), np.where(spread > 0, spread, 1.0)


def _split(points: Array, at: int) -> tuple[Array, Array]:
    return points[:at], points[at:]


def _scores(first: Array, second: Array) -> list[Score]:
    dimension = first.shape[1]
    scores = [_logistic(first, second)]
    if dimension == 1:
        scores += [_histogram(first, second, bins) for bins in _BINS if bins <= len(first) // 4]
    if dimension <= _MOST_NEIGHBOURS:
        scores.append(_neighbours(first, second))
    return scores


def _histogram(first: Array, second: Array, bins: int) -> Score:
    edges = np.unique(np.quantile(np.concatenate([first, second])[:, 0], np.linspace(0, 1, bins + 1)[1:-1]))
    shares = [
        (np.bincount(np.searchsorted(edges, s[:, 0]), minlength=edges.size + 1) + 0.5) / len(s) for s in (first, second)
    ]
    ratio = np.log(shares[0] / shares[1])
    return lambda points: np.asarray(ratio[np.searchsorted(edges, points[:, 0])])


def _features(points: Array) -> Array:
    # Far outliers would dominate squares: what lies beyond ten spreads counts as ten.
    bounded = np.clip(points, -10.0, 10.0)
    columns = [np.ones((len(points), 1)), bounded]
    if points.shape[1] <= _MOST_QUADRATIC:
        rows, across = np.triu_indices(points.shape[1])
        columns.append(bounded[:, rows] * bounded[:, across])
    else:
        columns.append(bounded**2)
    return np.concatenate(columns, axis=1)


def _logistic(first: Array, second: Array) -> Score:
    """Logistic regression by Newton steps with a ridge; both samples count alike."""
    x = np.concatenate([_features(first), _features(second)])
    scale = np.maximum(np.sqrt((x**2).mean(axis=0)), 1e-12)
    x /= scale
    y = np.repeat([1.0, 0.0], [len(first), len(second)])
    w = np.repeat([0.5 / len(first), 0.5 / len(second)], [len(first), len(second)])
    beta = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = expit(np.clip(x @ beta, -30.0, 30.0))
        slope = x.T @ (w * (y - p)) - _RIDGE * beta
        curve = (x * (w * p * (1 - p))[:, None]).T @ x + _RIDGE * np.eye(len(beta))
        step = np.linalg.solve(curve, slope)
        beta += step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
    weights = beta / scale
    return lambda points: np.asarray(_features(points) @ weights)


def _neighbours(first: Array, second: Array) -> Score:
    trees = [cKDTree(sample[:_TREE]) for sample in (first, second)]
    orders = [max(1, round(math.sqrt(tree.n) / 2)) for tree in trees]
    weights = [math.log(order / tree.n) / first.shape[1] for tree, order in zip(trees, orders, strict=True)]

    def score(points: Array) -> Array:
        reach = [tree.query(points, k=[order])[0][:, 0] for tree, order in zip(trees, orders, strict=True)]
        logs = [np.log(np.maximum(distance, 1e-12)) - shift for distance, shift in zip(reach, weights, strict=True)]
        return np.asarray(logs[1] - logs[0])

    return score


def _pick(score: Score, first: Array, second: Array) -> tuple[Region, float]:
    """Return the threshold at which the set separates the samples best, and by how much."""
    a, b = np.sort(score(first)), np.sort(score(second))
    cuts = np.unique(np.concatenate([a, b]))
    # Between two seen scores, so that points beyond the last one seen are not all on one side of it.
    cuts = np.concatenate([cuts[:1] - 1.0, (cuts[:-1] + cuts[1:]) / 2])
    gain = np.searchsorted(b, cuts, side="right") / len(b) - np.searchsorted(a, cuts, side="right") / len(a)
    at = int(np.argmax(gain))
    return Region(score, float(cuts[at])), float(gain[at])
