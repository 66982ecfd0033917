"""Kernels of density estimates on the line: the normal and the parabolic (Epanechnikov) one."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
Size = int | tuple[int, ...]

_SQRT_2PI = math.sqrt(2 * math.pi)


class Kernel(ABC):
    """A symmetric density K on the line; bandwidth h makes it ``K(x/h)/h``. In d dimensions: the product over coordinates.

    Examples
    --------
    >>> Gaussian().density(np.zeros(1)).round(4), Epanechnikov().density(np.zeros(1))
    (array([0.3989]), array([0.75]))
    """

    @property
    @abstractmethod
    def variance(self) -> float:
        """``int u^2 K(u) du``."""

    @property
    @abstractmethod
    def roughness(self) -> float:
        """``int K(u)^2 du``."""

    @property
    @abstractmethod
    def bend(self) -> float:
        """Total variation of ``K'``: ``int |K''|`` plus the jumps of ``K'``."""

    @property
    @abstractmethod
    def reach(self) -> float:
        """Distance beyond which the kernel has less mass than a rounding error."""

    @abstractmethod
    def density(self, u: Array) -> Array:
        """``K(u)``, of the shape of `u`."""

    @abstractmethod
    def tail(self, u: Array) -> Array:
        """``int_u^inf K``, of the shape of `u`."""

    @abstractmethod
    def noise(self, rng: np.random.Generator, size: Size) -> Array:
        """Independent draws of K, of shape `size`."""


@final
class Gaussian(Kernel):
    """Standard normal density; h is the standard deviation of the noise a draw adds.

    Examples
    --------
    >>> Gaussian().variance
    1.0
    """

    @property
    def variance(self) -> float:
        """1."""
        return 1.0

    @property
    def roughness(self) -> float:
        """``1/(2 sqrt(pi))``."""
        return 0.5 / math.sqrt(math.pi)

    @property
    def bend(self) -> float:
        """``4 phi(1)``: K' rises and falls between its extremes at -1 and 1."""
        return 4 * math.exp(-0.5) / _SQRT_2PI

    @property
    def reach(self) -> float:
        """8.5; ``P(|Z| > 8.5)`` is 1.9e-17."""
        return 8.5

    def density(self, u: Array) -> Array:
        """``phi(u)``."""
        return np.asarray(np.exp(-0.5 * u * u) / _SQRT_2PI)

    def tail(self, u: Array) -> Array:
        """``Phi(-u)``."""
        return np.asarray(ndtr(-u))

    def noise(self, rng: np.random.Generator, size: Size) -> Array:
        """Normal draws."""
        return np.asarray(rng.standard_normal(size))


@final
class Epanechnikov(Kernel):
    """``K(u) = 3/4 (1 - u^2)`` on [-1, 1]; h is half the width of the support.

    Examples
    --------
    >>> Epanechnikov().tail(np.array([-1.0, 0.0, 1.0]))
    array([1. , 0.5, 0. ])
    """

    @property
    def variance(self) -> float:
        """1/5."""
        return 0.2

    @property
    def roughness(self) -> float:
        """3/5."""
        return 0.6

    @property
    def bend(self) -> float:
        """6: K' jumps by 3/2 at either end and falls by 3 in between."""
        return 6.0

    @property
    def reach(self) -> float:
        """1, the end of the support."""
        return 1.0

    def density(self, u: Array) -> Array:
        """``3/4 (1 - u^2)_+``."""
        return np.asarray(np.maximum(0.75 * (1 - u * u), 0.0))

    def tail(self, u: Array) -> Array:
        """``(2 - 3u + u^3)/4 = (1-u)^2 (2+u)/4`` within the support."""
        v = np.clip(u, -1.0, 1.0)
        return np.asarray((1 - v) ** 2 * (2 + v) / 4)

    def noise(self, rng: np.random.Generator, size: Size) -> Array:
        """Draws ``2 sin(asin(V)/3)``, V uniform on [-1, 1]: ``F(2 sin a) = (1 + sin 3a)/2``."""
        return np.asarray(2 * np.sin(np.arcsin(rng.uniform(-1.0, 1.0, size)) / 3))


GAUSSIAN: Kernel = Gaussian()
EPANECHNIKOV: Kernel = Epanechnikov()
