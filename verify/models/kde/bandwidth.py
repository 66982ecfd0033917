"""Bandwidths: fixed, or by a rule of thumb from the training set itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np

from bounds.errors import ArgumentError, DataError
from verify.models.kde.kernels import Array, Kernel


class Bandwidth(ABC):
    """A rule that gives every replicate the bandwidth of its density estimate.

    Examples
    --------
    >>> from verify.models.kde.kernels import GAUSSIAN
    >>> Fixed(0.5).of(np.zeros((2, 10)), GAUSSIAN)
    array([0.5, 0.5])
    """

    @abstractmethod
    def of(self, points: Array, kernel: Kernel) -> Array:
        """Bandwidths of training sets.

        Parameters
        ----------
        points : ndarray, shape (R, N) or (R, N, d)
            One training set per replicate.
        kernel : Kernel
            The kernel they are used with.

        Returns
        -------
        ndarray, shape (R,)
            Positive, in units of the data.
        """

    @abstractmethod
    def typical(self, std: float, n: int, kernel: Kernel) -> float:
        """What the rule gives about for `n` points of a normal law on the line; serves to choose a grid."""


@final
@dataclass(frozen=True)
class Fixed(Bandwidth):
    """The same bandwidth in every generation, as the theorems on density-estimate loops assume.

    Parameters
    ----------
    h : float
        Positive and finite, in units of the data.

    Raises
    ------
    ArgumentError
        If `h` is not positive and finite.

    Examples
    --------
    >>> Fixed(0.0)
    Traceback (most recent call last):
    bounds.errors.ArgumentError: h = 0.0 is not a bandwidth; it must be positive and finite
    """

    h: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.h) and self.h > 0):
            raise ArgumentError(f"h = {self.h} is not a bandwidth; it must be positive and finite")

    def of(self, points: Array, kernel: Kernel) -> Array:
        """`h` for every replicate."""
        return np.full(points.shape[0], float(self.h))

    def typical(self, std: float, n: int, kernel: Kernel) -> float:
        """`h`."""
        return float(self.h)


@final
@dataclass(frozen=True)
class NormalReference(Bandwidth):
    """Scott's rule: the bandwidth that is asymptotically best for normal data (mean integrated squared error).

    ``h = s (4 R(K)^d (4 pi)^(d/2) / (mu_2(K)^2 (d+2) N))^(1/(d+4))``, s^2 the variance averaged over coordinates: for the
    normal kernel on the line ``1.059 s N^(-1/5)``, for the parabolic one ``2.345 s N^(-1/5)``.

    Examples
    --------
    >>> from verify.models.kde.kernels import GAUSSIAN
    >>> NormalReference().of(np.array([[-1.0, 0.0, 1.0]]), GAUSSIAN).round(4)  # s = 1, N = 3
    array([0.8503])
    """

    def of(self, points: Array, kernel: Kernel) -> Array:
        """One bandwidth per replicate, from its standard deviation (divisor N - 1)."""
        dimension = 1 if points.ndim == 2 else points.shape[2]
        return _stds(points) * _normal_factor(kernel, points.shape[1], dimension)

    def typical(self, std: float, n: int, kernel: Kernel) -> float:
        """The rule at the standard deviation given."""
        return std * _normal_factor(kernel, n, 1)


@final
@dataclass(frozen=True)
class Silverman(Bandwidth):
    """Silverman's rule of thumb on the line: ``0.9 min(s, IQR/1.349) N^(-1/5)`` for the normal kernel.

    Other kernels get the same multiple, 0.9/1.059, of their normal-reference bandwidth. An interquartile range of zero
    is passed over.

    Examples
    --------
    >>> from verify.models.kde.kernels import GAUSSIAN
    >>> Silverman().of(np.array([[-1.0, 0.0, 1.0]]), GAUSSIAN).round(4)
    array([0.5356])
    """

    def of(self, points: Array, kernel: Kernel) -> Array:
        """One bandwidth per replicate."""
        if points.ndim != 2:
            raise ArgumentError("Silverman's rule is for points on the line; use NormalReference() in more dimensions")
        low, high = np.quantile(points, [0.25, 0.75], axis=1)
        std, robust = _stds(points), (high - low) / 1.349
        spread = np.where(robust > 0, np.minimum(std, robust), std)
        return np.asarray(spread * self._factor(kernel, points.shape[1]))

    def typical(self, std: float, n: int, kernel: Kernel) -> float:
        """The rule for normal data, whose two measures of spread agree."""
        return std * self._factor(kernel, n)

    def _factor(self, kernel: Kernel, n: int) -> float:
        return 0.9 / math.pow(4 / 3, 0.2) * _normal_factor(kernel, n, 1)


def _normal_factor(kernel: Kernel, n: int, d: int) -> float:
    rough = kernel.roughness**d * (4 * math.pi) ** (d / 2)
    factor: float = (4 * rough / (kernel.variance**2 * (d + 2) * n)) ** (1 / (d + 4))
    return factor


def _stds(points: Array) -> Array:
    """Root of the variance averaged over coordinates, one per replicate."""
    if points.shape[1] < 2:
        raise DataError("a rule of thumb needs at least 2 points per training set; use Fixed(h)")
    std = np.sqrt(points.var(axis=1, ddof=1).reshape(points.shape[0], -1).mean(axis=1))
    if not np.all(std > 0):
        raise DataError("all points of a training set coincide, so a rule of thumb gives no bandwidth; use Fixed(h)")
    return np.asarray(std)
