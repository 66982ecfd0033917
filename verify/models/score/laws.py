"""Bounded real laws with known density and distribution function, as fu2024's rate asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError

Array = NDArray[np.float64]

_WEIGHT_SUM_TOLERANCE = 1e-9
_HALVINGS = 60  # of an interval that ends up shorter than a rounding


@dataclass(frozen=True)
class CosineMixture:
    """Mixture of raised cosines: ``(1 + cos(pi u))/(2 h)`` at ``u = (x - c)/h`` in [-1, 1].

    Bounded, with a continuous derivative and a finite Fisher information.

    Parameters
    ----------
    weights : tuple of float
        Positive, summing to 1 within 1e-9.
    centres : tuple of float
        c, in units of the data.
    halves : tuple of float
        Half-widths h, positive, in units of the data.

    Raises
    ------
    ArgumentError
        If the lengths differ, or a number is outside its domain.

    Examples
    --------
    >>> law = CosineMixture((0.5, 0.5), (-1.0, 1.0), (1.0, 1.0))
    >>> law.cdf([-2.0, 0.0, 1.0]).tolist(), law.mean
    ([0.0, 0.5, 0.75], 0.0)
    """

    weights: tuple[float, ...]
    centres: tuple[float, ...]
    halves: tuple[float, ...]

    def __post_init__(self) -> None:
        columns = tuple(tuple(float(v) for v in column) for column in (self.weights, self.centres, self.halves))
        weights, _, halves = columns
        if not weights or len({len(column) for column in columns}) != 1:
            raise ArgumentError(f"{tuple(map(len, columns))} weights, centres and half-widths; give as many of each")
        if not all(math.isfinite(v) for column in columns for v in column):
            raise ArgumentError("weights, centres and half-widths must be finite")
        if min(weights) <= 0 or min(halves) <= 0 or abs(math.fsum(weights) - 1) > _WEIGHT_SUM_TOLERANCE:
            raise ArgumentError(f"weights {weights}, half-widths {halves}: all must be positive, the weights of sum 1")
        for name, column in zip(("weights", "centres", "halves"), columns, strict=True):
            object.__setattr__(self, name, column)

    @property
    def mean(self) -> float:
        """Expected value, in units of the data."""
        return math.fsum(w * c for w, c in zip(self.weights, self.centres, strict=True))

    @property
    def variance(self) -> float:
        """Variance; a raised cosine's is ``h^2 (1/3 - 2/pi^2)``."""
        parts = zip(self.weights, self.centres, self.halves, strict=True)
        return math.fsum(w * ((c - self.mean) ** 2 + h * h * (1 / 3 - 2 / math.pi**2)) for w, c, h in parts)

    @property
    def support(self) -> tuple[float, float]:
        """Smallest interval that holds all of the law."""
        parts = list(zip(self.centres, self.halves, strict=True))
        return min(c - h for c, h in parts), max(c + h for c, h in parts)

    def pdf(self, x: ArrayLike) -> Array:
        """Density at `x`, of its shape.

        Examples
        --------
        >>> CosineMixture((1.0,), (0.0,), (2.0,)).pdf([0.0, 2.0]).tolist()
        [0.5, 0.0]
        """
        found = np.zeros(np.shape(x))
        for weight, half, u in self._parts(x):
            found += weight / (2 * half) * (1 + np.cos(math.pi * u))
        return found

    def cdf(self, x: ArrayLike) -> Array:
        """``P(X <= x)``, of the shape of `x`.

        Examples
        --------
        >>> CosineMixture((1.0,), (0.0,), (2.0,)).cdf(0.0).item()
        0.5
        """
        found = np.zeros(np.shape(x))
        for weight, _, u in self._parts(x):
            found += weight / 2 * (1 + u + np.sin(math.pi * u) / math.pi)
        return np.clip(found, 0.0, 1.0)

    def sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> Array:
        """Independent draws, of shape `size`.

        Examples
        --------
        >>> CosineMixture((1.0,), (0.0,), (2.0,)).sample(np.random.default_rng(0), (2, 3)).shape
        (2, 3)
        """
        picked = rng.choice(len(self.weights), size=size, p=self.weights)
        return np.asarray(np.array(self.centres)[picked] + np.array(self.halves)[picked] * _unit(rng.random(size)))

    def _parts(self, x: ArrayLike) -> list[tuple[float, float, Array]]:
        points = np.asarray(x, dtype=np.float64)
        return [
            (w, h, np.clip((points - c) / h, -1.0, 1.0))
            for w, c, h in zip(self.weights, self.centres, self.halves, strict=True)
        ]


def _unit(p: Array) -> Array:
    """Quantiles of the raised cosine on [-1, 1], by bisection."""
    low, high = np.full(np.shape(p), -1.0), np.full(np.shape(p), 1.0)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        below = 1 + middle + np.sin(math.pi * middle) / math.pi < 2 * p
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray(0.5 * (low + high))
