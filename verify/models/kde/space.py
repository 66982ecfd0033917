"""Density-estimate loops in d dimensions: exact kernel sums, and the distance to the real law as bounded evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.errors import ArgumentError
from verify.distances import shortfall
from verify.evidence import DistanceSample
from verify.loop import models_of
from verify.mixing import Mixture, count
from verify.models.kde.bandwidth import Bandwidth
from verify.models.kde.kernels import GAUSSIAN, Array, Gaussian, Kernel
from verify.models.kde.line import bandwidth_proxy, generation
from verify.models.kde.model import learner

_BLOCK = 1 << 17  # kernel values held at a time
_ROUNDING = 1e-10  # kernel sums and densities are relatively exact to about 1e-13 where they matter
_WEIGHT_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class IsotropicMixture:
    """Finite mixture of normal laws ``N(mean_i, std_i^2 I)`` in d dimensions.

    Parameters
    ----------
    weights : array_like, shape (c,)
        Positive, summing to 1 within 1e-9; stored divided by their sum.
    means : array_like, shape (c, d)
        Component means.
    stds : array_like, shape (c,)
        Standard deviation of every coordinate within a component, positive.

    Raises
    ------
    ArgumentError
        If the shapes disagree, a number is not finite, or a weight or standard deviation is not positive.

    Examples
    --------
    >>> law = IsotropicMixture([0.5, 0.5], [[-1.0, 0.0], [1.0, 0.0]], [1.0, 2.0])
    >>> law.dimension, law.pdf(np.zeros((1, 2))).round(4)
    (2, array([0.0658]))
    """

    weights: Array
    means: Array
    stds: Array

    def __init__(self, weights: ArrayLike, means: ArrayLike, stds: ArrayLike) -> None:
        w, m, s = (np.array(part, dtype=np.float64) for part in (weights, means, stds))
        if w.ndim != 1 or w.size == 0 or m.ndim != 2 or s.shape != w.shape or m.shape[0] != w.size or m.shape[1] == 0:
            raise ArgumentError(
                f"weights, means, stds have shapes {w.shape}, {m.shape}, {s.shape}; allowed: (c,), (c, d), (c,)"
            )
        if not all(np.all(np.isfinite(part)) for part in (w, m, s)) or np.min(w) <= 0 or np.min(s) <= 0:
            raise ArgumentError("a mixture needs finite numbers, positive weights and positive standard deviations")
        if abs(math.fsum(w) - 1) > _WEIGHT_SUM_TOLERANCE:
            raise ArgumentError(f"weights sum to {math.fsum(w)!r}; they must sum to 1")
        for name, part in (("weights", w / math.fsum(w)), ("means", m), ("stds", s)):
            part.setflags(write=False)
            object.__setattr__(self, name, part)

    @classmethod
    def normal(cls, d: int, std: float = 1.0) -> IsotropicMixture:
        """Centred normal law with independent coordinates.

        Parameters
        ----------
        d : int
            Dimension, at least 1.
        std : float
            Standard deviation of a coordinate, in units of the data.

        Returns
        -------
        IsotropicMixture
            With a single component.

        Examples
        --------
        >>> IsotropicMixture.normal(3).means
        array([[0., 0., 0.]])
        """
        return cls([1.0], np.zeros((1, count("d", d, 1))), [std])

    @property
    def dimension(self) -> int:
        """Dimension d."""
        return int(self.means.shape[1])

    def pdf(self, x: Array) -> Array:
        """Density at points.

        Parameters
        ----------
        x : ndarray, shape (..., d)
            Points, in units of the data.

        Returns
        -------
        ndarray, shape (...)
            In inverse units of the data to the power d.
        """
        total = np.zeros(x.shape[:-1])
        for w, m, s in zip(self.weights, self.means, self.stds, strict=True):
            square = np.sum((x - m) ** 2, axis=-1)
            total += w * (2 * math.pi * s * s) ** (-0.5 * self.dimension) * np.exp(-square / (2 * s * s))
        return total

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        size : tuple of int
            Shape of the result without its last axis.

        Returns
        -------
        ndarray, shape (*size, d)
            In units of the data.
        """
        draws = rng.standard_normal((*size, self.dimension))
        if self.weights.size == 1:
            draws *= self.stds[0]
            draws += self.means[0]
            return draws
        component = rng.choice(self.weights.size, size=size, p=self.weights)
        return np.asarray(self.means[component] + self.stds[component][..., None] * draws)

    def smoothed(self, variance: float) -> IsotropicMixture:
        """The law convolved with ``N(0, variance I)``, e.g. ``variance = l h^2`` for l steps of the normal kernel.

        Parameters
        ----------
        variance : float
            At least 0, in squared units of the data.

        Returns
        -------
        IsotropicMixture
            With wider components.

        Examples
        --------
        >>> IsotropicMixture.normal(2).smoothed(3.0).stds
        array([2.])
        """
        return IsotropicMixture(self.weights, self.means, np.sqrt(self.stds**2 + variance))


def kernel_sums(points: Array, at: Array, h: float, kernel: Kernel = GAUSSIAN) -> Array:
    """Density estimate at given places, every kernel term summed.

    Parameters
    ----------
    points : ndarray, shape (N, d)
        Training set, in units of the data.
    at : ndarray, shape (M, d)
        Places.
    h : float
        Bandwidth, positive.
    kernel : Kernel
        K; the product of K over the coordinates is used.

    Returns
    -------
    ndarray, shape (M,)
        Densities, exact up to rounding; blocks keep the memory independent of M times N.

    Examples
    --------
    >>> float(kernel_sums(np.zeros((1, 2)), np.zeros((1, 2)), 1.0).round(6)[0])  # 1/(2 pi)
    0.159155
    """
    size, dimension = points.shape
    columns = np.ascontiguousarray(points.T) / h
    places = at / h
    sums = np.zeros(at.shape[0])
    wide = min(size, _BLOCK)
    tall = max(1, _BLOCK // wide)
    for row in range(0, at.shape[0], tall):
        for column in range(0, size, wide):
            block = columns[:, column : column + wide]
            sums[row : row + tall] += _block_sums(block, places[row : row + tall], kernel)
    return np.asarray(sums / (size * h**dimension))


def _block_sums(columns: Array, places: Array, kernel: Kernel) -> Array:
    if isinstance(kernel, Gaussian):  # one exponential for all coordinates
        square = (places[:, :1] - columns[0]) ** 2
        for j in range(1, columns.shape[0]):
            square += (places[:, j : j + 1] - columns[j]) ** 2
        square *= -0.5
        np.exp(square, out=square)
        return np.asarray(square.sum(axis=1) * (2 * math.pi) ** (-0.5 * columns.shape[0]))
    product = kernel.density(places[:, :1] - columns[0])
    for j in range(1, columns.shape[0]):
        product *= kernel.density(places[:, j : j + 1] - columns[j])
    return np.asarray(product.sum(axis=1))


@dataclass(frozen=True, eq=False)
class SpatialTrajectories:
    """Values whose mean is the expected distance to the real law, along replicates of a loop in d dimensions.

    Parameters
    ----------
    shortfall : ndarray, shape (R, T)
        Average of ``(1 - p_t/p_0)_+`` over fresh draws of p_0, for generation t (column t - 1): its mean is
        ``E TV(p_t, p_0)``, and rows are independent.
    bandwidth : ndarray, shape (R, T)
        h, in units of the data.
    proxy : ndarray, shape (T,)
        Sub-Gaussian variance proxy of the values; infinite when the bandwidth depends on the data.

    Examples
    --------
    >>> found = SpatialTrajectories(np.full((500, 1), 0.25), np.ones((500, 1)), np.array([1e-4]))
    >>> found.evidence(1).upper(0.05) < 0.26
    True
    """

    shortfall: Array
    bandwidth: Array
    proxy: Array

    def evidence(self, t: int) -> DistanceSample:
        """Evidence about the expected distance ``E TV(p_t, p_0)``.

        Parameters
        ----------
        t : int
            Generation, from 1 to T.

        Returns
        -------
        DistanceSample
            Without numerical errors but rounding.

        Raises
        ------
        ArgumentError
            If `t` is not a generation of the loop, or was not measured.
        """
        column = generation(t, self.shortfall.shape[1]) - 1
        values = self.shortfall[:, column]
        if np.isnan(values).any():
            raise ArgumentError(f"t = {t} was not among the measured generations of this loop")
        return DistanceSample(values, np.full(values.size, _ROUNDING), float(self.proxy[column]))


def spatial_kde_loop(
    rng: np.random.Generator,
    law: IsotropicMixture,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    bandwidth: Bandwidth,
    kernel: Kernel = GAUSSIAN,
    places: int = 64,
    measured: Sequence[int] | None = None,
) -> SpatialTrajectories:
    """Retrain density estimates in d dimensions on their own draws (fu2024), one replicate at a time.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same seed gives the same bits.
    law : IsotropicMixture
        The real law p_0, in any dimension.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations, replicates : int
        T and R, at least 1.
    bandwidth : Bandwidth
        ``Fixed(h)``, or ``NormalReference()``.
    kernel : Kernel
        K, normal unless given; the product over coordinates.
    places : int
        Draws of p_0 at which each estimate is compared with p_0, at least 1.
    measured : sequence of int, optional
        Generations at which the estimate is evaluated, all unless given; nan elsewhere.

    Returns
    -------
    SpatialTrajectories
        Arrays of shape (R, T).

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> from verify.models.kde import Fixed
    >>> rng, law = np.random.default_rng(0), IsotropicMixture.normal(2)
    >>> found = spatial_kde_loop(rng, law, replace(500), 3, 20, bandwidth=Fixed(0.4))
    >>> found.shortfall.shape, found.evidence(3).lower(0.05) > 0
    ((20, 3), True)
    """
    generations, replicates = count("generations", generations, 1), count("replicates", replicates, 1)
    places = count("places", places, 1)
    wanted = {generation(t, generations) for t in (range(1, generations + 1) if measured is None else measured)}
    rows = [_replicate(rng, law, mixture, generations, bandwidth, kernel, places, wanted) for _ in range(replicates)]
    values, widths = (np.array(column) for column in zip(*rows, strict=True))
    # Given the estimate, the average of `places` independent values in [0, 1] has the proxy 1/(4 places).
    proxy = bandwidth_proxy(bandwidth, mixture, generations) + 1 / (4 * places)
    return SpatialTrajectories(values, widths, proxy)


def _replicate(
    rng: np.random.Generator,
    law: IsotropicMixture,
    mixture: Mixture,
    generations: int,
    bandwidth: Bandwidth,
    kernel: Kernel,
    places: int,
    wanted: set[int],
) -> tuple[list[float], list[float]]:
    values: list[float] = []
    widths: list[float] = []
    estimate = learner(rng, lambda size: law.sample(rng, (1, size)), kernel, bandwidth)
    for t, model in enumerate(models_of(estimate, mixture, generations), 1):
        h = float(model.bandwidth[0])
        widths.append(h)
        if t not in wanted:
            values.append(math.nan)
            continue
        at = law.sample(rng, (places,))
        density = kernel_sums(model.points[0], at, h, kernel)
        values.append(float(shortfall(law.pdf(at), density).mean()))
    return values, widths
