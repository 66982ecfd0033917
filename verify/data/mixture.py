"""Mixtures of normal laws: known density, distribution function, quantile and moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import log_ndtr, ndtr, ndtri

from bounds.errors import ArgumentError
from verify.data.law import Array, Size, as_probabilities, as_scale

_WEIGHT_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class NormalMixture:
    """Finite mixture of normal laws on the line; the methods it shares with every law are described in `Law`.

    Parameters
    ----------
    weights : sequence of float
        Positive, summing to 1 within 1e-9; stored divided by their sum.
    means, stds : sequence of float
        Component means and standard deviations (positive), in the units of the data; as many as there are weights.

    Raises
    ------
    ArgumentError
        If the lengths differ, a number is not finite, or a weight or standard deviation is not positive.

    Examples
    --------
    >>> law = NormalMixture((0.5, 0.5), (-1.0, 1.0), (1.0, 1.0))
    >>> law.mean, law.variance
    (0.0, 2.0)
    >>> law.cdf([0.0, 1.0]).round(4)
    array([0.5   , 0.7386])
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    stds: tuple[float, ...]

    def __init__(self, weights: Sequence[float], means: Sequence[float], stds: Sequence[float]) -> None:
        w, m, s = (tuple(float(value) for value in column) for column in (weights, means, stds))
        _check_mixture(w, m, s)
        total = math.fsum(w)
        object.__setattr__(self, "weights", tuple(value / total for value in w))
        object.__setattr__(self, "means", m)
        object.__setattr__(self, "stds", s)

    @classmethod
    def normal(cls, mean: float = 0.0, std: float = 1.0) -> Self:
        """One normal law.

        Parameters
        ----------
        mean, std : float
            Mean and standard deviation, in the units of the data.

        Returns
        -------
        NormalMixture
            With a single component.

        Examples
        --------
        >>> NormalMixture.normal(std=2.0).variance
        4.0
        """
        return cls((1.0,), (mean,), (std,))

    @property
    def mean(self) -> float:
        """Expected value, in the units of the data."""
        return math.fsum(w * m for w, m in zip(self.weights, self.means, strict=True))

    @property
    def variance(self) -> float:
        """Variance, in the squared units of the data."""
        centre = self.mean
        parts = zip(self.weights, self.means, self.stds, strict=True)
        return math.fsum(w * (s * s + (m - centre) ** 2) for w, m, s in parts)

    def pdf(self, x: ArrayLike) -> Array:
        """Density at `x`.

        Parameters
        ----------
        x : array_like
            Points, in the units of the data.

        Returns
        -------
        ndarray
            Of the shape of `x`, in inverse units of the data.

        Examples
        --------
        >>> NormalMixture.normal().pdf(0.0).round(6).item()
        0.398942
        """
        w, _, s = self._columns()
        u = self._standardised(x)
        return np.asarray(np.sum(w / (s * math.sqrt(2 * math.pi)) * np.exp(-0.5 * u * u), axis=-1))

    def cdf(self, x: ArrayLike) -> Array:
        """``P(X <= x)``, accurate relative to its own size in the lower tail.

        Examples
        --------
        >>> NormalMixture.normal().cdf([-10.0, 0.0])
        array([7.61985302e-24, 5.00000000e-01])
        """
        return np.asarray(np.sum(self._columns()[0] * ndtr(self._standardised(x)), axis=-1))

    def sf(self, x: ArrayLike) -> Array:
        """``P(X > x)``, accurate relative to its own size in the upper tail; of the shape of `x`.

        Examples
        --------
        >>> NormalMixture.normal().sf(10.0).item()
        7.61985302416...e-24
        """
        return np.asarray(np.sum(self._columns()[0] * ndtr(-self._standardised(x)), axis=-1))

    def quantile(self, p: ArrayLike) -> Array:
        """Solution x of ``P(X <= x) = p``; p = 0 and 1 give minus and plus infinity.

        Examples
        --------
        >>> NormalMixture.normal(mean=1.0).quantile([0.5, 0.975]).round(6)
        array([1.      , 2.959964])
        """
        probability = as_probabilities(p)
        _, m, s = self._columns()
        parts = np.asarray(m + s * ndtri(probability)[..., None])
        # A mixture quantile lies between the smallest and the largest component quantile.
        low, high = np.asarray(parts.min(axis=-1)), np.asarray(parts.max(axis=-1))
        inner = np.isfinite(low)
        result = np.array(low)
        result[inner] = self._bisect(probability[inner], low[inner], high[inner])
        return np.asarray(result)

    def sample(self, rng: np.random.Generator, size: Size) -> Array:
        """Independent draws, of shape `size`.

        Examples
        --------
        >>> NormalMixture.normal().sample(np.random.default_rng(0), (2, 3)).shape
        (2, 3)
        """
        if len(self.weights) == 1:
            return np.asarray(rng.normal(self.means[0], self.stds[0], size))
        w, m, s = self._columns()
        component = rng.choice(len(w), size=size, p=w)
        return np.asarray(m[component] + s[component] * rng.standard_normal(size))

    def in_units_of(self, scale: float) -> Self:
        """Law of ``X / scale``: means and standard deviations divided by `scale`.

        Examples
        --------
        >>> NormalMixture.normal(4.0, 2.0).in_units_of(2.0)
        NormalMixture(weights=(1.0,), means=(2.0,), stds=(1.0,))
        """
        unit = as_scale(scale)
        return type(self)(self.weights, [m / unit for m in self.means], [s / unit for s in self.stds])

    def _columns(self) -> tuple[Array, Array, Array]:
        return np.array(self.weights), np.array(self.means), np.array(self.stds)

    def _standardised(self, x: ArrayLike) -> Array:
        _, m, s = self._columns()
        return np.asarray((np.asarray(x, dtype=np.float64)[..., None] - m) / s)

    def _bisect(self, p: Array, low: Array, high: Array) -> Array:
        # The nearer tail is compared, on a log scale, so that extreme quantiles keep their relative accuracy.
        lower_half = p <= 0.5
        log_target = np.log(np.where(lower_half, p, 1 - p))
        log_weights = np.log(self._columns()[0])
        while True:
            middle = low + 0.5 * (high - low)
            undecided = (middle > low) & (middle < high)
            if not undecided.any():
                return np.asarray(middle)
            u = self._standardised(middle)
            sign = np.where(lower_half, 1.0, -1.0)
            log_tail = np.logaddexp.reduce(log_weights + log_ndtr(sign[:, None] * u), axis=-1)
            too_low = sign * (log_tail - log_target) < 0
            low = np.where(undecided & too_low, middle, low)
            high = np.where(undecided & ~too_low, middle, high)


def _check_mixture(weights: tuple[float, ...], means: tuple[float, ...], stds: tuple[float, ...]) -> None:
    if not len(weights) == len(means) == len(stds) or not weights:
        lengths = f"{len(weights)} weights, {len(means)} means, {len(stds)} stds"
        raise ArgumentError(f"a mixture needs equally many weights, means and stds, at least one; given {lengths}")
    if not all(math.isfinite(value) for value in weights + means + stds):
        raise ArgumentError(f"a mixture needs finite numbers; given {weights=}, {means=}, {stds=}")
    if min(weights) <= 0 or abs(math.fsum(weights) - 1) > _WEIGHT_SUM_TOLERANCE:
        raise ArgumentError(f"weights = {weights} must be positive and sum to 1 (they sum to {math.fsum(weights)!r})")
    if min(stds) <= 0:
        raise ArgumentError(f"stds = {stds} must all be positive")
