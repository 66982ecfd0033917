"""Random features of position and time: the inner layer of fu2024's score network, drawn once and never trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.score.activations import RELU, Activation
from verify.models.score.window import Window

Array = NDArray[np.float64]
Output = Literal["score", "noise"]


@dataclass(frozen=True, eq=False)
class RandomFeatures:
    """``phi_j(x, t) = act(<w_j, x> + <u_j, e(t)>)``, j = 1..m, with ``e_k(t) = cos(pi k r)`` for k = 0, 1, ...

    r runs from 0 at t_0 to 1 at T on the logarithmic scale (`Window.clock`).

    Parameters
    ----------
    inner : ndarray, shape (m, d)
        w.
    timed : ndarray, shape (m, e)
        u; as many terms of the embedding as it has columns.
    window : Window
        The clock.
    activation : Activation
        act.
    output : {"score", "noise"}
        With "noise" the features are divided by the standard deviation of the noise at t: the network then predicts the
        noise, as is common in practice. fu2024's network predicts the score itself.

    Raises
    ------
    ArgumentError
        If the shapes disagree or the output is neither.

    Examples
    --------
    >>> from verify.models.score import Noising, Window
    >>> features = draw_features(np.random.default_rng(0), 8, 1, Window(0.02, Noising(3)), terms=3)
    >>> features.values(np.zeros((1, 5, 1)), np.array([0.1])).shape
    (1, 5, 8)
    """

    inner: Array
    timed: Array
    window: Window
    activation: Activation = RELU
    output: Output = "score"

    def __post_init__(self) -> None:
        shapes = np.shape(self.inner), np.shape(self.timed)
        if len(shapes[0]) != 2 or len(shapes[1]) != 2 or shapes[0][0] != shapes[1][0] or 0 in shapes[0] + shapes[1]:
            raise ArgumentError(f"inner of shape {shapes[0]}, timed of shape {shapes[1]}; give (m, d) and (m, e)")
        if self.output not in ("score", "noise"):
            raise ArgumentError(f"output = {self.output!r}; it must be 'score' or 'noise'")

    @property
    def width(self) -> int:
        """Number m of features."""
        return int(self.inner.shape[0])

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return int(self.inner.shape[1])

    def offsets(self, time: ArrayLike) -> Array:
        """``<u_j, e(t)>``, shape (..., m) for times of shape (...).

        Examples
        --------
        >>> from verify.models.score import Noising, Window
        >>> draw_features(np.random.default_rng(0), 8, 1, Window(0.02, Noising(3)), terms=3).offsets([0.1, 0.2]).shape
        (2, 8)
        """
        terms = np.cos(math.pi * self.window.clock(time)[..., None] * np.arange(self.timed.shape[1]))
        return np.asarray((terms[..., None, :] * self.timed).sum(axis=-1))

    def factor(self, time: ArrayLike) -> Array:
        """What every feature is multiplied by: 1, or one over the noise's standard deviation; of the shape of the times.

        Examples
        --------
        >>> from verify.models.score import Noising, Window
        >>> draw_features(np.random.default_rng(0), 8, 1, Window(0.02, Noising(3)), terms=3).factor(0.1).item()
        1.0
        """
        spread = self.window.spread(time)
        return np.ones(spread.shape) if self.output == "score" else np.asarray(1.0 / spread)

    def preactivations(self, x: Array, times: Array) -> Array:
        """``<w_j, x> + <u_j, e(t)>`` for points of shape (k, p, d) at k times, shape (k, p, m).

        Examples
        --------
        >>> from verify.models.score import Noising, Window
        >>> features = draw_features(np.random.default_rng(0), 8, 2, Window(0.02, Noising(3)), terms=3)
        >>> features.preactivations(np.zeros((2, 4, 2)), np.array([0.1, 0.2])).shape
        (2, 4, 8)
        """
        if x.ndim != 3 or x.shape[0] != times.size or x.shape[2] != self.dimension:
            raise ArgumentError(f"points of shape {x.shape}; the shape must be ({times.size}, p, {self.dimension})")
        # One coordinate after the other: the bits then do not depend on how a matrix product is split over threads.
        found = np.ascontiguousarray(x[:, :, :1]) * self.inner[:, 0]
        found += self.offsets(times)[:, None, :]
        for coordinate in range(1, self.dimension):
            found += np.ascontiguousarray(x[:, :, coordinate : coordinate + 1]) * self.inner[:, coordinate]
        return np.asarray(found)

    def values(self, x: Array, times: Array) -> Array:
        """The features of points of shape (k, p, d) at k times, shape (k, p, m).

        Examples
        --------
        >>> from verify.models.score import Noising, Window
        >>> features = draw_features(np.random.default_rng(0), 8, 2, Window(0.02, Noising(3)), terms=3)
        >>> bool((features.values(np.zeros((1, 4, 2)), np.array([0.1])) >= 0).all())
        True
        """
        found = self.activation.value(self.preactivations(x, times))
        if self.output == "noise":
            found *= self.factor(times)[:, None, None]
        return found


def draw_features(
    rng: np.random.Generator,
    width: int,
    dimension: int,
    window: Window,
    *,
    terms: int = 5,
    inner_std: float = 2.0,
    timed_std: float = 2.0,
    activation: Activation = RELU,
    output: Output = "score",
) -> RandomFeatures:
    """Draw the inner layer from centred normal laws.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    width, dimension : int
        m and d, at least 1.
    window : Window
        The forward process.
    terms : int
        Length e of the time embedding, at least 1.
    inner_std, timed_std : float
        Standard deviations of the entries of w (in inverse units of the data) and of u.
    activation : Activation
        act.
    output : {"score", "noise"}
        What the network predicts.

    Returns
    -------
    RandomFeatures

    Raises
    ------
    ArgumentError
        If a count is below 1 or a standard deviation is not positive.

    Examples
    --------
    >>> from verify.models.score import Noising, Window
    >>> draw_features(np.random.default_rng(0), 8, 2, Window(0.02, Noising(3))).timed.shape
    (8, 5)
    """
    m, d, e = count("width", width, 1), count("dimension", dimension, 1), count("terms", terms, 1)
    for name, std in (("inner_std", inner_std), ("timed_std", timed_std)):
        if not 0.0 < std < math.inf:
            raise ArgumentError(f"{name} = {std}; it must be positive and finite")
    inner = inner_std * rng.standard_normal((m, d))
    return RandomFeatures(inner, timed_std * rng.standard_normal((m, e)), window, activation, output)
