"""The times a score network is trained and sampled at: from a small one to the horizon of the forward process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.diffusion.forward import Noising

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """Times from t_0 to T of a forward process, laid out evenly in the logarithm of the noise rate's integral.

    Parameters
    ----------
    start : float
        t_0 in (0, T), where sampling stops: a law without a smooth density has no score at 0.
    noising : Noising
        The forward process, with T; the law at T is taken for a standard normal one.

    Raises
    ------
    ArgumentError
        If `start` is outside (0, T), or there is no noise before it.

    Examples
    --------
    >>> window = Window(0.02, Noising(3))
    >>> (window.retained(0.5) ** 2 + window.spread(0.5) ** 2).round(12).item()
    1.0
    """

    start: float
    noising: Noising

    def __post_init__(self) -> None:
        if not 0.0 < self.start < self.noising.end:
            raise ArgumentError(f"start = {self.start}; it must lie between 0 and the horizon {self.noising.end}")
        if not self.noising.elapsed(self.start) > 0.0:
            raise ArgumentError(f"start = {self.start}: there is no noise yet; choose a later start")

    @property
    def end(self) -> float:
        """T as a float."""
        return self.noising.end

    def elapsed(self, time: ArrayLike) -> Array:
        """Integral of the noise rate over [0, t], of the shape of the times.

        Examples
        --------
        >>> Window(0.02, Noising(3)).elapsed([0.5, 1.0])
        array([0.5, 1. ])
        """
        t, (first, growth) = np.asarray(time, dtype=np.float64), self._rate
        return np.asarray(t * (first + growth * t / 2))

    def retained(self, time: ArrayLike) -> Array:
        """What factor multiplies X_0 in X_t, of the shape of the times.

        Examples
        --------
        >>> Window(0.02, Noising(3)).retained(0.0).item()
        1.0
        """
        return np.asarray(np.exp(-self.elapsed(time) / 2))

    def spread(self, time: ArrayLike) -> Array:
        """Standard deviation of the noise in X_t, of the shape of the times.

        Examples
        --------
        >>> Window(0.02, Noising(3)).spread(0.02).round(4).item()
        0.1407
        """
        return np.asarray(np.sqrt(-np.expm1(-self.elapsed(time))))

    def clock(self, time: ArrayLike) -> Array:
        """Places of times in the window, from 0 at t_0 to 1 at T.

        Examples
        --------
        >>> Window(0.01, Noising(1)).clock([0.01, 0.1]).round(12)
        array([0. , 0.5])
        """
        first, last = self.elapsed(self.start), self.elapsed(self.end)
        return np.asarray(np.log(self.elapsed(time) / first) / np.log(last / first))

    def path(self, steps: int) -> Array:
        """Times from T down to t_0.

        Parameters
        ----------
        steps : int
            Number of steps, at least 1.

        Returns
        -------
        ndarray, shape (steps + 1,)

        Examples
        --------
        >>> Window(0.01, Noising(1)).path(2).round(6).tolist()
        [1.0, 0.1, 0.01]
        """
        first, last = self.elapsed(self.start), self.elapsed(self.end)
        places = np.arange(count("steps", steps, 1) + 1) / steps
        times = self.time_of(last * (first / last) ** places)
        times[0], times[-1] = self.end, self.start
        return times

    def quadrature(self, nodes: int) -> tuple[Array, Array]:
        """Midpoint rule for averages over the window with respect to ``beta dt``.

        Parameters
        ----------
        nodes : int
            Number of times, at least 1.

        Returns
        -------
        times, weights : ndarray, shape (nodes,)
            The weights, shares of the noise in each cell, sum to 1.

        Examples
        --------
        >>> times, weights = Window(0.01, Noising(1)).quadrature(2)
        >>> weights.round(4).tolist()
        [0.9091, 0.0909]
        """
        fine = self.path(2 * count("nodes", nodes, 1))
        edges = self.elapsed(fine[::2])
        return fine[1::2], np.diff(edges) / (edges[-1] - edges[0])

    def time_of(self, elapsed: ArrayLike) -> Array:
        """Times at which the integral of the noise rate takes given values, of their shape.

        Examples
        --------
        >>> Window(0.01, Noising(1, first=2, last=2)).time_of(1.0).item()
        0.5
        """
        passed, (first, growth) = np.asarray(elapsed, dtype=np.float64), self._rate
        return np.asarray(2 * passed / (first + np.sqrt(first**2 + 2 * growth * passed)))

    @cached_property
    def _rate(self) -> tuple[float, float]:
        """The noise rate at 0, and by how much it grows per unit of time."""
        first, last = self.noising.first, self.noising.last
        return float(first), float((last - first) / self.noising.horizon)
