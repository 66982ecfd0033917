"""Sampled loops with known constants: a normal generator of known spread, trained on bounded real data (fu2025).

The real law is normal with standard deviation 1, cut off at distance `cut` from its centre, so that replacing a real point
moves it by at most ``D = 2 cut``; every model is N(mean of its training set, 1). All constants of the generalisation bounds
follow, and three learners of known stability read the training sets.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.integrate import quad
from scipy.special import erf, ndtr, ndtri

from bounds.errors import ArgumentError
from verify.models.stability.counts import Array
from verify.models.stability.learners import (
    clipped_mean_stability,
    ridge_residual,
    ridge_stability,
    ridge_weights,
)

LearnerName = Literal["sine feature", "clipped mean", "ridge regression"]
_PENALTY = 1.0


@dataclass(frozen=True)
class CutNormalLoop:
    """A loop of the normal mean generator on real data from a normal law cut off at both sides.

    Parameters
    ----------
    reused, synthetic : int
        Points alpha n and N of a training set, at least 1 each; generation 1 is trained on n real points.
    cut : float
        Largest distance of a real point from the centre 0, in standard deviations.

    Raises
    ------
    ArgumentError
        If a number is out of range.

    Examples
    --------
    >>> loop = CutNormalLoop(10, 10, 3.0)
    >>> loop.eta(1) < loop.gamma(1) < 1
    True
    """

    reused: int
    synthetic: int
    cut: float

    def __post_init__(self) -> None:
        if self.reused < 1 or self.synthetic < 1 or not self.cut > 0:
            raise ArgumentError(
                f"{self.reused} reused, {self.synthetic} synthetic points, cut {self.cut}; give at least one of each and "
                "a positive cut"
            )

    @property
    def size(self) -> int:
        """Points n of a training set."""
        return self.reused + self.synthetic

    @property
    def real_variance(self) -> float:
        """Variance of the real law, ``1 - 2 c phi(c)/(2 Phi(c) - 1)``."""
        density = math.exp(-(self.cut**2) / 2) / math.sqrt(2 * math.pi)
        return 1 - 2 * self.cut * density / float(2 * ndtr(self.cut) - 1)

    def displacement(self, t: int) -> float:
        """Largest move of the mean of generation t when a real point is replaced and the noise is kept."""
        q, moved = self.synthetic / self.size, 0.0
        for _ in range(t):
            moved = 2 * self.cut / self.size + q * moved
        return moved

    def noise(self, t: int) -> float:
        """Variance of the mean of generation t given the real data."""
        q, variance = self.synthetic / self.size, 0.0
        for _ in range(t - 1):
            variance = q**2 * (variance + 1 / self.synthetic)
        return variance

    def eta(self, t: int) -> float:
        """Recursive stability of one draw, by shared noise."""
        return float(erf(self.displacement(t) / math.sqrt(8)))

    def gamma(self, t: int) -> float:
        """Recursive stability of all N synthetic points: their mean is normal and decides between the two laws."""
        spread = math.sqrt(1 / self.synthetic + self.noise(t))
        return float(erf(self.displacement(t) / (spread * math.sqrt(8))))

    def d_tv(self, t: int) -> float:
        """Bound on the mean learning error of the generations up to t.

        The mixture is split into its parts; cutting costs ``2 Phi(-cut)``, and normal laws whose means are x apart are at
        most ``x/sqrt(2 pi)`` apart, in the mean at most the root mean square of x over that.
        """
        alpha, q = self.reused / self.size, self.synthetic / self.size
        cutting = float(2 * ndtr(-self.cut))
        # Weights of the means of the reused and of the other real points in the mean of a generation.
        reused, others = alpha, q
        largest = cutting + self._rms(reused, others, 0.0)
        for g in range(1, t):
            after = (alpha + q * reused, q * others)
            to_real = cutting + self._rms(*after, self.noise(g + 1))
            step = (1 - q) ** 2 * self.noise(g) + q**2 / self.synthetic
            to_last = self._rms(after[0] - reused, after[1] - others, step)
            largest = max(largest, alpha * to_real + q * to_last)
            reused, others = after
        return min(largest, 1.0)

    def _rms(self, reused: float, others: float, noise: float) -> float:
        variance = self.real_variance * (reused**2 / self.reused + others**2 / self.synthetic) + noise
        return math.sqrt(variance / (2 * math.pi))

    def draw_means(self, rng: np.random.Generator, t: int, replicates: int) -> Array:
        """Run the loop by the sums of its synthetic points alone and return the means of generation t, shape (R,).

        Examples
        --------
        >>> CutNormalLoop(2, 3, 1.0).draw_means(np.random.default_rng(0), 2, 4).shape
        (4,)
        """
        real = self.draw_real(rng, replicates)
        mean, reused = real.mean(axis=1), real[:, : self.reused].sum(axis=1)
        for _ in range(t - 1):
            sums = self.synthetic * mean + math.sqrt(self.synthetic) * rng.standard_normal(replicates)
            mean = (reused + sums) / self.size
        return np.asarray(mean)

    def real_tv(self, means: Array) -> Array:
        """Total variation between the real law and models with these means.

        The real density exceeds that of a model with mean m > 0 up to ``(m^2/2 - log Z)/m``, Z the mass that cutting leaves.

        Examples
        --------
        >>> CutNormalLoop(1, 1, 1.0).real_tv(np.array([0.0, 0.5])).round(6)  # 2 Phi(-1) for m = 0
        array([0.317311, 0.375345])
        """
        mass = float(2 * ndtr(self.cut) - 1)
        m = np.maximum(np.abs(means), 1e-300)
        crossing = np.minimum(m / 2 - math.log(mass) / m, self.cut)
        real = (ndtr(crossing) - ndtr(-self.cut)) / mass
        return np.asarray(real - (ndtr(crossing - m) - ndtr(-self.cut - m)))

    def draw_training_sets(self, rng: np.random.Generator, t: int, replicates: int) -> Array:
        """Run the loop and return training sets of reused real points and draws of generation t, shape (R, n).

        Examples
        --------
        >>> CutNormalLoop(2, 3, 1.0).draw_training_sets(np.random.default_rng(0), 2, 4).shape
        (4, 5)
        """
        real = self.draw_real(rng, replicates)
        mean = real.mean(axis=1)
        for generation in range(t):
            drawn = mean[:, None] + rng.standard_normal((replicates, self.synthetic))
            training = np.concatenate([real[:, : self.reused], drawn], axis=1)
            mean = training.mean(axis=1) if generation < t - 1 else mean
        return training

    def draw_real(self, rng: np.random.Generator, replicates: int) -> Array:
        """Draw the n real points of generation 1, the reused ones first, shape (R, n)."""
        low, high = float(ndtr(-self.cut)), float(ndtr(self.cut))
        points = ndtri(rng.uniform(low, high, (replicates, self.size)))
        return np.asarray(np.clip(points, -self.cut, self.cut))


@dataclass(frozen=True)
class SampledLearner:
    """A learner of known stability, and its gap on sampled training sets.

    Parameters
    ----------
    name : str
    loss_range : float
        Length M of an interval that holds the loss.
    beta : float
        Uniform stability, or a bound on it.
    gaps : callable
        ``gaps(training)`` returns real minus empirical risk on training sets of shape (R, n), shape (R,).

    Examples
    --------
    >>> learner = sampled_learner("sine feature", CutNormalLoop(5, 5, 3.0))
    >>> learner.loss_range, learner.beta
    (1.0, 0.1)
    """

    name: LearnerName
    loss_range: float
    beta: float
    gaps: Callable[[Array], Array]


def sampled_learner(name: LearnerName, loop: CutNormalLoop) -> SampledLearner:
    """Return a learner with its constants on a loop.

    ``sine feature`` keeps the mean A of sin(x) and has the loss ``(1 - A sin z)/2``. ``clipped mean`` has the squared loss,
    all points clipped to [-cut, cut]. ``ridge regression`` predicts the clipped point from the features
    ``(1, sin x)/sqrt(2)``, with penalty 1.

    Parameters
    ----------
    name : str
    loop : CutNormalLoop

    Returns
    -------
    SampledLearner

    Raises
    ------
    ArgumentError
        If there is no learner of that name.

    Examples
    --------
    >>> sampled_learner("clipped mean", CutNormalLoop(5, 5, 0.5)).beta
    0.19
    """
    match name:
        case "sine feature":
            return SampledLearner(name, 1.0, 1 / loop.size, _sine_gaps)
        case "clipped mean":
            return SampledLearner(
                name, 4 * loop.cut**2, clipped_mean_stability(loop.size, loop.cut), lambda x: _mean_gaps(loop, x)
            )
        case "ridge regression":
            return SampledLearner(
                name,
                ridge_residual(_PENALTY, 1.0, loop.cut) ** 2,
                ridge_stability(loop.size, _PENALTY, 1.0, loop.cut),
                lambda x: _ridge_gaps(loop, x),
            )
    raise ArgumentError(f"there is no learner '{name}'; there are sine feature, clipped mean and ridge regression")


def _sine_gaps(points: Array) -> Array:
    """The real mean of the sine is 0, so the real risk is 1/2 and the gap A^2/2."""
    return np.asarray(np.sin(points).mean(axis=1) ** 2 / 2)


def _mean_gaps(loop: CutNormalLoop, points: Array) -> Array:
    held = np.clip(points, -loop.cut, loop.cut)
    mean = held.mean(axis=1)
    return np.asarray(mean**2 + loop.real_variance - ((held - mean[:, None]) ** 2).mean(axis=1))


def _ridge_gaps(loop: CutNormalLoop, points: Array) -> Array:
    targets, features = np.clip(points, -loop.cut, loop.cut), _features(points)
    weights = ridge_weights(np.full(points.shape, 1 / loop.size), features, targets, _PENALTY)
    empirical = ((targets - np.einsum("rd,rnd->rn", weights, features)) ** 2).mean(axis=1)
    # Under the real law y and sin x are odd: only y^2, y sin x and sin^2 x have a mean.
    product, square = _moments(loop.cut)
    real = (
        loop.real_variance
        - math.sqrt(2) * weights[:, 1] * product
        + 0.5 * (weights[:, 0] ** 2 + weights[:, 1] ** 2 * square)
    )
    return np.asarray(real - empirical)


def _features(points: Array) -> Array:
    return np.stack([np.ones(points.shape), np.sin(points)], axis=-1) / math.sqrt(2)


@lru_cache(maxsize=64)
def _moments(cut: float) -> tuple[float, float]:
    """Means of ``x sin x`` and ``sin^2 x`` under the real law."""
    total = float(2 * ndtr(cut) - 1) * math.sqrt(2 * math.pi)

    def mean(term: Callable[[float], float]) -> float:
        return 2 * float(quad(lambda x: term(x) * math.exp(-x * x / 2), 0, cut, epsabs=1e-13)[0]) / total

    return mean(lambda x: x * math.sin(x)), mean(lambda x: math.sin(x) ** 2)
