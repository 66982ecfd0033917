"""Denoising score matching with random features: the loss as a definite quadratic in the outer weights.

The noise is drawn once and kept, so that the loss has one minimum and one gradient flow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.score.features import RandomFeatures
from verify.models.score.window import Window

Array = NDArray[np.float64]
Weighting = Literal["likelihood", "variance"]

_BLOCK = 1 << 17  # feature values held at a time: about what a processor's cache takes


@dataclass(frozen=True)
class Matching:
    """What a score network is trained on: times, their weights, and the noise per point and time.

    The loss is ``1/2 sum_k omega_k g(t_k) (1/(n r)) sum_{i,l} |s(x_ikl, t_k) + z_ikl/spread(t_k)|^2`` at
    ``x_ikl = retained(t_k) X_i + spread(t_k) z_ikl``, with ``omega`` the weights of `Window.quadrature`.

    Parameters
    ----------
    window : Window
        The forward process.
    times : int
        Number of times t_k, at least 1.
    draws : int
        Noise draws r per point and time, at least 1. They are stratified: at each time the n r of them fill the n r
        intervals of equal normal probability once, in every coordinate.
    weighting : {"variance", "likelihood"}
        ``g = spread^2``, or ``g = 1``, the weights of the likelihood bound (the noise rate).

    Raises
    ------
    ArgumentError
        If a count is below 1 or the weighting is unknown.

    Examples
    --------
    >>> from verify.models.score import Noising, Window
    >>> Matching(Window(0.02, Noising(3)), times=12).weights()[1].shape
    (12,)
    """

    window: Window
    times: int = 24
    draws: int = 4
    weighting: Weighting = "variance"

    def __post_init__(self) -> None:
        count("times", self.times, 1)
        count("draws", self.draws, 1)
        if self.weighting not in ("variance", "likelihood"):
            raise ArgumentError(f"weighting = {self.weighting!r}; it must be 'variance' or 'likelihood'")

    def weights(self) -> tuple[Array, Array]:
        """The times t_k and ``omega_k g(t_k)``, shape (times,) each.

        Examples
        --------
        >>> from verify.models.score import Noising, Window
        >>> Matching(Window(0.02, Noising(3)), times=2, weighting="likelihood").weights()[1].sum().item()
        1.0
        """
        times, omega = self.window.quadrature(self.times)
        if self.weighting == "likelihood":
            return times, omega
        return times, omega * self.window.spread(times) ** 2

    def noisy(self, rng: np.random.Generator, points: Array) -> Noisy:
        """Noise the points at every time.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of the noise.
        points : ndarray, shape (n, d)
            The training set, in units of the data.

        Returns
        -------
        Noisy

        Raises
        ------
        ArgumentError
            If the points have another shape.

        Examples
        --------
        >>> from verify.models.score import Noising, Window
        >>> matching = Matching(Window(0.02, Noising(3)), times=3, draws=4)
        >>> matching.noisy(np.random.default_rng(0), np.zeros((5, 1))).points.shape
        (3, 20, 1)
        """
        if points.ndim != 2 or points.shape[0] < 1:
            raise ArgumentError(f"points of shape {points.shape}; the shape must be (n, d) with n >= 1")
        times, weights = self.weights()
        repeated = np.repeat(points, self.draws, axis=0)
        shape = (times.size, *repeated.shape)
        strata = np.broadcast_to(np.arange(shape[1], dtype=np.float64)[:, None], shape)
        noise = ndtri((rng.permuted(strata, axis=1) + rng.random(shape)) / shape[1])
        retained = self.window.retained(times)[:, None, None]
        spread = self.window.spread(times)[:, None, None]
        return Noisy(times, weights / shape[1], retained * repeated + spread * noise, -noise / spread)


@dataclass(frozen=True, eq=False)
class Noisy:
    """Noisy points, and what a score network should say there.

    Parameters
    ----------
    times : ndarray, shape (k,)
        t_k.
    weights : ndarray, shape (k,)
        Of each noisy point in the loss, by time.
    points, targets : ndarray, shape (k, p, d)
        The noisy points, and minus noise over its standard deviation.

    Examples
    --------
    >>> Noisy(np.ones(1), np.ones(1), np.zeros((1, 5, 2)), np.zeros((1, 5, 2))).blocks(1)
    [slice(0, 1, None)]
    """

    times: Array
    weights: Array
    points: Array
    targets: Array

    def blocks(self, width: int) -> list[slice]:
        """Runs of times whose features, that many per point, are held together.

        Examples
        --------
        >>> Noisy(np.ones(3), np.ones(3), np.zeros((3, 5, 2)), np.zeros((3, 5, 2))).blocks(10**9)
        [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
        """
        held = max(1, _BLOCK // (self.points.shape[1] * width))
        return [slice(first, min(first + held, self.times.size)) for first in range(0, self.times.size, held)]


@dataclass(frozen=True, eq=False)
class Moments:
    """The loss as a quadratic: ``1/2 energy - <cross, a>/m + <a, gram a>/(2 m)``.

    Parameters
    ----------
    gram : ndarray, shape (m, m)
        ``(1/m) sum v phi phi^T`` over the noisy points, v their weights.
    cross : ndarray, shape (m, d)
        ``sum v phi y^T``, y the targets.
    energy : float
        ``sum v |y|^2``.

    Examples
    --------
    >>> moments = Moments(np.eye(2), np.ones((2, 1)), 3.0)
    >>> moments.loss(np.ones((2, 1)))
    1.0
    """

    gram: Array
    cross: Array
    energy: float

    def loss(self, outer: Array) -> float:
        """The loss at outer weights of shape (m, d).

        Examples
        --------
        >>> Moments(np.eye(2), np.ones((2, 1)), 3.0).loss(np.zeros((2, 1)))
        1.5
        """
        bent = 0.5 * (outer * (self.gram @ outer)).sum() - (self.cross * outer).sum()
        return float(0.5 * self.energy + bent / self.gram.shape[0])

    def descent_direction(self, outer: Array) -> Array:
        """``-m`` times the gradient of the loss, shape (m, d).

        Examples
        --------
        >>> Moments(np.eye(2), np.ones((2, 1)), 3.0).descent_direction(np.zeros((2, 1))).ravel()
        array([1., 1.])
        """
        return np.asarray(self.cross - self.gram @ outer)


@dataclass(frozen=True, eq=False)
class Rows:
    """The loss as a sum over noisy points, for fewer of them than features.

    Parameters
    ----------
    features : ndarray, shape (p, m)
        ``sqrt(v) phi``, one row per noisy point.
    targets : ndarray, shape (p, d)
        ``sqrt(v) y``.

    Examples
    --------
    >>> Rows(np.eye(2), np.ones((2, 1))).moments().gram
    array([[0.5, 0. ],
           [0. , 0.5]])
    """

    features: Array
    targets: Array

    def moments(self) -> Moments:
        """The same loss as a quadratic.

        Examples
        --------
        >>> Rows(np.eye(2), np.ones((2, 1))).moments().energy
        2.0
        """
        gram = self.features.T @ self.features / self.features.shape[1]
        return Moments(gram, self.features.T @ self.targets, float((self.targets**2).sum()))


def rows(rng: np.random.Generator, points: Array, features: RandomFeatures, matching: Matching) -> Rows:
    """Write the loss as a sum over noisy points, all of them held at once.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the noise; the same generator state gives the loss that `moments` gives.
    points : ndarray, shape (n, d)
        The training set, in units of the data.
    features : RandomFeatures
        The inner layer.
    matching : Matching
        Times, weights and noise.

    Returns
    -------
    Rows
        With ``p = n * draws * times`` rows.

    Examples
    --------
    >>> from verify.models.score import Noising, Window, draw_features
    >>> window = Window(0.02, Noising(3))
    >>> features = draw_features(np.random.default_rng(0), 100, 1, window)
    >>> rows(np.random.default_rng(1), np.zeros((2, 1)), features, Matching(window, 3, 4)).features.shape
    (24, 100)
    """
    noisy = matching.noisy(rng, points)
    weights = np.sqrt(noisy.weights)[:, None, None]
    values = (weights * features.values(noisy.points, noisy.times)).reshape(-1, features.width)
    return Rows(values, (weights * noisy.targets).reshape(-1, features.dimension))


def moments(rng: np.random.Generator, points: Array, features: RandomFeatures, matching: Matching) -> Moments:
    """Write the loss as a quadratic; the features are held for some of the times at once only.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the noise.
    points : ndarray, shape (n, d)
        The training set, in units of the data.
    features : RandomFeatures
        The inner layer.
    matching : Matching
        Times, weights and noise.

    Returns
    -------
    Moments

    Examples
    --------
    >>> from verify.models.score import Noising, Window, draw_features
    >>> window = Window(0.02, Noising(3))
    >>> features = draw_features(np.random.default_rng(0), 8, 1, window)
    >>> moments(np.random.default_rng(1), np.zeros((2, 1)), features, Matching(window, 3, 4)).gram.shape
    (8, 8)
    """
    m, d = features.width, features.dimension
    gram, cross, energy = np.zeros((m, m)), np.zeros((m, d)), 0.0
    noisy = matching.noisy(rng, points)
    for block in noisy.blocks(m):
        weights = np.sqrt(noisy.weights[block])[:, None, None]
        values = features.values(noisy.points[block], noisy.times[block])
        values *= weights
        values = values.reshape(-1, m)
        targets = (weights * noisy.targets[block]).reshape(-1, d)
        gram += values.T @ values
        cross += values.T @ targets
        energy += float((targets**2).sum())
    return Moments(gram / m, cross, energy)
