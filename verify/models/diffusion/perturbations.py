"""Known errors of a score, with their divergence: waves, ramps and bumps in every coordinate, fading in time or not."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.models.diffusion.forward import Array, Noising
from verify.models.diffusion.scores import Score


@dataclass(frozen=True)
class Wave:
    """Error ``amplitude sin(frequency x_j + phase)`` in every coordinate j.

    Parameters
    ----------
    amplitude, frequency, phase : float
    dimension : int

    Examples
    --------
    >>> Wave(0.4, 2.0)(np.array([[math.pi / 4]]), 0.0)
    array([[0.4]])
    """

    amplitude: float
    frequency: float
    phase: float = 0.0
    dimension: int = 1

    def __call__(self, x: Array, time: float) -> Array:
        """Values, shape (m, d)."""
        return np.asarray(self.amplitude * np.sin(self.frequency * x + self.phase))

    def divergence(self, x: Array, time: float) -> Array:
        """Divergence, shape (m,)."""
        return np.asarray(np.sum(self.amplitude * self.frequency * np.cos(self.frequency * x + self.phase), axis=1))


@dataclass(frozen=True)
class Ramp:
    """Error ``slope x_j + offset`` in every coordinate j.

    Parameters
    ----------
    slope, offset : float
    dimension : int

    Examples
    --------
    >>> Ramp(0.5, 1.0)(np.array([[2.0]]), 0.0)
    array([[2.]])
    """

    slope: float
    offset: float = 0.0
    dimension: int = 1

    def __call__(self, x: Array, time: float) -> Array:
        """Values, shape (m, d)."""
        return np.asarray(self.slope * x + self.offset)

    def divergence(self, x: Array, time: float) -> Array:
        """Divergence, shape (m,)."""
        return np.full(len(x), self.slope * self.dimension)


@dataclass(frozen=True)
class Bump:
    """Error ``amplitude exp(-(x_j - centre)^2 / (2 width^2))`` in every coordinate j.

    Parameters
    ----------
    amplitude, centre : float
    width : float
        Positive.
    dimension : int

    Raises
    ------
    ArgumentError
        If the width is not positive.

    Examples
    --------
    >>> Bump(0.3, 1.0, 0.5)(np.array([[1.0]]), 0.0)
    array([[0.3]])
    """

    amplitude: float
    centre: float
    width: float
    dimension: int = 1

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ArgumentError(f"width = {self.width}; it must be positive")

    def __call__(self, x: Array, time: float) -> Array:
        """Values, shape (m, d)."""
        return np.asarray(self.amplitude * np.exp(-0.5 * ((x - self.centre) / self.width) ** 2))

    def divergence(self, x: Array, time: float) -> Array:
        """Divergence, shape (m,)."""
        return np.asarray(np.sum((self.centre - x) / self.width**2 * self(x, time), axis=1))


@dataclass(frozen=True)
class Fading:
    """An error times ``exp(-decay int_0^t beta)``: the larger the decay, the more it is one of the last steps of sampling.

    Parameters
    ----------
    error : Score
    noising : Noising
    decay : float
        Negative for an error that fades while sampling.

    Examples
    --------
    >>> round(float(Fading(Ramp(0.0, 1.0), Noising(1), decay=0.5)(np.array([[2.0]]), 1.0)[0, 0]), 6)
    0.606531
    """

    error: Score
    noising: Noising
    decay: float

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return self.error.dimension

    def __call__(self, x: Array, time: float) -> Array:
        """Values, shape (m, d)."""
        return np.asarray(self._factor(time) * self.error(x, time))

    def divergence(self, x: Array, time: float) -> Array:
        """Divergence, shape (m,)."""
        return np.asarray(self._factor(time) * self.error.divergence(x, time))

    def _factor(self, time: float) -> float:
        return math.exp(-self.decay * self.noising.elapsed(time))
