"""What every real law can do; its methods are described here once, for all laws."""

from __future__ import annotations

import math
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError

Array = NDArray[np.float64]
Size = int | tuple[int, ...]


class Law(Protocol):
    """A one-dimensional law with known distribution function and first two moments."""

    @property
    def mean(self) -> float:
        """Expected value, in the units of the data."""
        ...

    @property
    def variance(self) -> float:
        """Variance, in the squared units of the data."""
        ...

    def cdf(self, x: ArrayLike) -> Array:
        """``P(X <= x)``.

        Parameters
        ----------
        x : array_like
            Points, in the units of the data.

        Returns
        -------
        ndarray
            Of the shape of `x`.
        """
        ...

    def quantile(self, p: ArrayLike) -> Array:
        """Smallest x with ``P(X <= x) >= p``.

        Parameters
        ----------
        p : array_like
            Probabilities in [0, 1].

        Returns
        -------
        ndarray
            Of the shape of `p`, in the units of the data.

        Raises
        ------
        ArgumentError
            If a probability is outside [0, 1].
        """
        ...

    def sample(self, rng: np.random.Generator, size: Size) -> Array:
        """Independent draws.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        size : int or tuple of int
            Shape of the result.

        Returns
        -------
        ndarray
            Of shape `size`, in the units of the data.
        """
        ...

    def in_units_of(self, scale: float) -> Self:
        """Law of ``X / scale``.

        Parameters
        ----------
        scale : float
            Positive, in the units of the data.

        Returns
        -------
        Law
            Of the same kind, without units.

        Raises
        ------
        ArgumentError
            If `scale` is not positive and finite.
        """
        ...


def as_probabilities(p: ArrayLike) -> Array:
    """Probabilities in [0, 1] as an array; else ArgumentError."""
    probability = np.asarray(p, dtype=np.float64)
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ArgumentError(f"probabilities must lie in [0, 1]; given {p!r}")
    return probability


def as_scale(scale: float) -> float:
    """Positive, finite scale; else ArgumentError."""
    if not (math.isfinite(scale) and scale > 0):
        raise ArgumentError(f"scale = {scale!r} must be positive and finite")
    return float(scale)
