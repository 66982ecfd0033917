"""Loops of score networks in d dimensions: draws along the probability flow, and the distance to the real law by samples.

The flow is invertible, so the density of what it generates is known at any point, by carrying the point back. The distance
to the real law is then the mean of bounded values at draws of that law, in any dimension.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.distances import shortfall
from verify.evidence import DistanceSample
from verify.loop import Learner, models_of
from verify.mixing import Mixture, count
from verify.models.diffusion.scores import Score
from verify.models.score.features import RandomFeatures
from verify.models.score.flow import train_flow
from verify.models.score.matching import Matching
from verify.models.score.network import RandomFeatureScore
from verify.models.score.window import Window

Array = NDArray[np.float64]
SpatialTrainer = Callable[[np.random.Generator, Array], Score]
"""Trains one network on points of shape (n, d)."""


class CoordinateLaw(Protocol):
    """A law on the line with a density, to be drawn from."""

    def pdf(self, x: Array) -> Array:
        """Density at points, of their shape."""
        ...

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws, of shape `size`."""
        ...


class SpatialLaw(Protocol):
    """A real law in d dimensions with a known density, such as `verify.models.kde.IsotropicMixture`."""

    @property
    def dimension(self) -> int:
        """How many coordinates a point has, d."""
        ...

    def pdf(self, x: Array) -> Array:
        """Density at points of shape (..., d)."""
        ...

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws, of shape ``(*size, d)``."""
        ...


@dataclass(frozen=True)
class IndependentCoordinates:
    """The law of d independent coordinates with one law on the line.

    Parameters
    ----------
    law : CoordinateLaw
        Of each coordinate, such as `CosineMixture`: then the law is bounded, as fu2024 asks.
    dimension : int
        How many.

    Examples
    --------
    >>> from verify.models.score.laws import CosineMixture
    >>> square = IndependentCoordinates(CosineMixture((1.0,), (0.0,), (2.0,)), 2)
    >>> square.sample(np.random.default_rng(0), (3,)).shape, square.pdf(np.zeros((1, 2)))
    ((3, 2), array([0.25]))
    """

    law: CoordinateLaw
    dimension: int

    def pdf(self, x: Array) -> Array:
        """Density at points of shape (..., d)."""
        return np.asarray(self.law.pdf(x).prod(axis=-1))

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws, of shape ``(*size, d)``."""
        return self.law.sample(rng, (*size, self.dimension))


def spatial_flow_trainer(features: RandomFeatures, matching: Matching, tau: Callable[[int], float]) -> SpatialTrainer:
    """Train the outer layer by gradient flow up to a time that depends on the size of the training set (fu2024).

    Parameters
    ----------
    features : RandomFeatures
        Inner layer of every network, in any dimension.
    matching : Matching
        Times, weights and noise of the loss.
    tau : callable
        Training time by number of points.

    Returns
    -------
    SpatialTrainer

    Examples
    --------
    >>> from verify.models.score import Noising, draw_features
    >>> window = Window(0.05, Noising(3))
    >>> train = spatial_flow_trainer(draw_features(np.random.default_rng(0), 16, 2, window), Matching(window), lambda n: 9.0)
    >>> train(np.random.default_rng(1), np.zeros((10, 2))).dimension
    2
    """

    def train(rng: np.random.Generator, points: Array) -> Score:
        outer = train_flow(rng, points, features, matching).outer(tau(points.shape[0]))
        return RandomFeatureScore(features, outer)

    return train


def carry_points(score: Score, window: Window, points: Array, steps: int, *, back: bool = False) -> tuple[Array, Array]:
    """Carry points along the probability flow from T down to t_0, or back, by classical Runge-Kutta steps.

    Parameters
    ----------
    score : Score
    window : Window
        The forward process and t_0.
    points : ndarray, shape (k, d)
    steps : int
        Steps, evenly spaced in the logarithm of the noise's integral.
    back : bool
        From t_0 to T.

    Returns
    -------
    points : ndarray, shape (k, d)
        Where they end.
    stretch : ndarray, shape (k,)
        Logarithm of the factor by which the flow enlarges volumes there.

    Examples
    --------
    The true score of a standard normal law moves nothing:

    >>> from verify.models.diffusion.forward import Noising
    >>> class Standard:
    ...     dimension = 2
    ...     __call__ = staticmethod(lambda x, time: -x)
    ...     divergence = staticmethod(lambda x, time: np.full(x.shape[0], -2.0))
    >>> carry_points(Standard(), Window(0.01, Noising(3)), np.ones((1, 2)), 5)
    (array([[1., 1.]]), array([0.]))
    """
    times = window.path(count("steps", steps, 1))
    times = times[::-1] if back else times
    elapsed = window.elapsed(times)
    middles = window.time_of(0.5 * (elapsed[1:] + elapsed[:-1]))
    moved, stretch = np.array(points, dtype=np.float64), np.zeros(points.shape[0])

    def slopes(x: Array, time: float) -> tuple[Array, Array]:
        return x + score(x, time), points.shape[1] + score.divergence(x, time)

    for stride, first, middle, last in zip(-0.5 * np.diff(elapsed), times[:-1], middles, times[1:], strict=True):
        a, u = slopes(moved, float(first))
        b, v = slopes(moved + 0.5 * stride * a, float(middle))
        c, w = slopes(moved + 0.5 * stride * b, float(middle))
        d, z = slopes(moved + stride * c, float(last))
        moved = moved + stride / 6 * (a + 2 * b + 2 * c + d)
        stretch = stretch + stride / 6 * (u + 2 * v + 2 * w + z)
    return moved, stretch


def flow_log_density(score: Score, window: Window, at: Array, steps: int) -> Array:
    """Logarithm of the density that the probability flow generates from N(0, I), by carrying points back to T.

    Parameters
    ----------
    score : Score
    window : Window
        The forward process and t_0.
    at : ndarray, shape (k, d)
        Points, in units of the data.
    steps : int
        Runge-Kutta steps.

    Returns
    -------
    ndarray, shape (k,)

    Examples
    --------
    >>> from verify.models.score import Noising, draw_features
    >>> window = Window(0.05, Noising(3))
    >>> features = draw_features(np.random.default_rng(0), 16, 2, window)
    >>> none = RandomFeatureScore(features, np.zeros((16, 2)))  # without a score all points spread out by e^(3/2)
    >>> flow_log_density(none, window, np.zeros((1, 2)), 20).round(4)  # -log(2 pi) - (3 - 0.05)
    array([-4.7879])
    """
    end, stretch = carry_points(score, window, at, steps, back=True)
    return np.asarray(stretch - 0.5 * np.einsum("kd,kd->k", end, end) - 0.5 * at.shape[1] * math.log(2 * math.pi))


@dataclass(frozen=True, eq=False)
class SpatialScoreTrajectories:
    """Values whose mean is the expected distance to the real law, along replicates of a loop in d dimensions.

    Parameters
    ----------
    shortfall, error : ndarray, shape (R, T)
        Average of ``(1 - p_t/p_0)_+`` over fresh draws of p_0 for generation t (column t - 1), and an estimate of its
        numerical error. Rows are independent.

    Examples
    --------
    >>> found = SpatialScoreTrajectories(np.full((500, 1), 0.25), np.full((500, 1), 1e-4))
    >>> found.evidence(1).lower(0.05) > 0.22
    True
    """

    shortfall: Array
    error: Array

    def evidence(self, t: int) -> DistanceSample:
        """Evidence about the expected distance ``E TV(p_t, p_0)``.

        Parameters
        ----------
        t : int
            Generation, from 1 to T.

        Returns
        -------
        DistanceSample

        Raises
        ------
        ArgumentError
            If `t` is not a generation of the loop.
        """
        if not 1 <= t <= self.shortfall.shape[1]:
            raise ArgumentError(f"t = {t} is not among the generations 1 to {self.shortfall.shape[1]} of this loop")
        return DistanceSample(self.shortfall[:, t - 1], self.error[:, t - 1])


def spatial_score_loop(
    rng: np.random.Generator,
    law: SpatialLaw,
    mixture: Mixture,
    generations: int,
    replicates: int,
    train: SpatialTrainer,
    window: Window,
    *,
    places: int = 64,
    steps: int = 24,
) -> SpatialScoreTrajectories:
    """Retrain score networks in d dimensions on their own draws and compare every generation with the real law (fu2024).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    law : SpatialLaw
        The real law p_0.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations, replicates : int
        T and R, at least 1.
    train : SpatialTrainer
        Trains one network.
    window : Window
        The forward process and t_0.
    places : int
        Draws of p_0 at which a generation is compared with it, at least 1.
    steps : int
        Runge-Kutta steps of the coarser of two flows back, whose difference is the stated error; the finer one has twice
        as many, and so have draws.

    Returns
    -------
    SpatialScoreTrajectories
        Arrays of shape (R, T).

    Raises
    ------
    ArgumentError
        If a count is below 1.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> from verify.models.kde import IsotropicMixture
    >>> from verify.models.score import TANH, Noising, draw_features
    >>> rng, window = np.random.default_rng(0), Window(0.05, Noising(3))
    >>> features = draw_features(rng, 32, 2, window, activation=TANH)
    >>> train = spatial_flow_trainer(features, Matching(window), lambda n: 100 * n**0.5)
    >>> found = spatial_score_loop(rng, IsotropicMixture.normal(2), replace(30), 2, 3, train, window)
    >>> found.shortfall.shape, bool(found.error.max() < 1e-2)
    ((3, 2), True)
    """
    generations, replicates = count("generations", generations, 1), count("replicates", replicates, 1)
    places = count("places", places, 1)

    def draw(score: Score, size: int) -> Array:
        return carry_points(score, window, rng.standard_normal((size, law.dimension)), 2 * steps)[0]

    learner = Learner[Array, Score](
        lambda size: law.sample(rng, (size,)),
        draw,
        lambda a, b: np.concatenate([a, b]),
        lambda points: train(rng, points),
    )
    values, errors = np.empty((2, replicates, generations))
    for row in range(replicates):
        for t, score in enumerate(models_of(learner, mixture, generations)):
            values[row, t], errors[row, t] = _compared(rng, law, score, window, places, steps)
    return SpatialScoreTrajectories(values, errors)


def _compared(
    rng: np.random.Generator, law: SpatialLaw, score: Score, window: Window, places: int, steps: int
) -> tuple[float, float]:
    at = law.sample(rng, (places,))
    real = law.pdf(at)
    coarse, fine = (
        shortfall(real, np.exp(flow_log_density(score, window, at, number))) for number in (steps, 2 * steps)
    )
    return float(fine.mean()), float(np.abs(fine - coarse).mean()) + 1e-12
