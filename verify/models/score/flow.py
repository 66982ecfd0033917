"""Exact gradient flow of a quadratic loss: one eigendecomposition gives the outer weights at every training time.

Training time tau is that of ``da/dtau = -m grad L(a)``, L the loss: the factor m is the mean-field scaling under which
the flow of wide networks has a limit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.score.features import RandomFeatures
from verify.models.score.matching import Matching, Moments, Rows, moments, rows

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """Outer weights and loss along training, ``a(tau) = a_0 + basis (1 - e^(-rates tau))/rates pull``.

    Parameters
    ----------
    rates : ndarray, shape (r,)
        Eigenvalues of the kernel, at least 0: how fast each direction is learned.
    basis : ndarray, shape (m, r)
        The directions.
    pull : ndarray, shape (r, d)
        Speed along them at the start of training.
    gains : ndarray, shape (r,)
        Speed at which each of them lowers the loss at the start.
    outer0 : ndarray, shape (m, d)
        a_0.
    loss0 : float
        Loss at a_0.

    Examples
    --------
    A single feature with gram 2 and cross 2 moves from 0 to 1, at rate 2:

    >>> path = gradient_flow(Moments(np.array([[2.0]]), np.array([[2.0]]), 2.0))
    >>> path.outer([0.0, np.log(2) / 2, 50.0]).ravel().round(12)
    array([0. , 0.5, 1. ])
    """

    rates: Array
    basis: Array
    pull: Array
    gains: Array
    outer0: Array
    loss0: float

    def outer(self, tau: ArrayLike) -> Array:
        """Outer weights at training times.

        Parameters
        ----------
        tau : array_like, shape (...)
            Training times, at least 0.

        Returns
        -------
        ndarray, shape (..., m, d)

        Raises
        ------
        ArgumentError
            If a time is negative or not finite.

        Examples
        --------
        >>> gradient_flow(Moments(np.eye(2), np.ones((2, 1)), 3.0)).outer([0.0, 1.0]).shape
        (2, 2, 1)
        """
        return self._moved(_grown(self.rates, _times(tau)))

    def loss(self, tau: ArrayLike) -> Array:
        """Training loss at training times, shape (...).

        Examples
        --------
        >>> gradient_flow(Moments(np.eye(2), np.ones((2, 1)), 3.0)).loss([0.0, 50.0])
        array([1.5, 1. ])
        """
        return np.asarray(self.loss0 - (_grown(2 * self.rates, _times(tau)) * self.gains).sum(axis=-1))

    def descent(self, step: float, steps: ArrayLike) -> Array:
        """Outer weights after steps of gradient descent ``a <- a - step m grad L(a)``, without taking them.

        Parameters
        ----------
        step : float
            Size of a step, below 2 over the largest rate.
        steps : array_like of int, shape (...)
            Numbers of steps, at least 0.

        Returns
        -------
        ndarray, shape (..., m, d)

        Raises
        ------
        ArgumentError
            If descent diverges at that step, or a number is negative.

        Examples
        --------
        >>> gradient_flow(Moments(np.array([[2.0]]), np.array([[2.0]]), 2.0)).descent(0.25, [0, 1, 2]).ravel()
        array([0.  , 0.5 , 0.75])
        """
        taken = np.asarray(steps)
        if taken.dtype.kind not in "iu" or (taken < 0).any():
            raise ArgumentError(f"steps = {steps!r}; they must be whole numbers, at least 0")
        largest = float(self.rates.max(initial=0.0))
        if not (step > 0.0 and step * largest < 2.0):
            raise ArgumentError(f"step = {step}; it must lie between 0 and 2/{largest:.6g}, or descent diverges")
        return self._moved(_stepped(self.rates, step, taken))

    def _moved(self, distance: Array) -> Array:
        return np.asarray(self.outer0 + np.einsum("mr,...r,rd->...md", self.basis, distance, self.pull, optimize=True))


def gradient_flow(loss: Moments | Rows, outer0: Array | None = None) -> GradientFlow:
    """Diagonalise the gradient flow of a loss.

    Parameters
    ----------
    loss : Moments or Rows
        With `Rows` the kernel matrix of the noisy points (p, p) is diagonalised in place of the features' (m, m).
    outer0 : ndarray, shape (m, d), optional
        Outer weights at the start of training; 0 unless given.

    Returns
    -------
    GradientFlow

    Raises
    ------
    ArgumentError
        If `outer0` has another shape.

    Examples
    --------
    >>> both = Rows(np.array([[1.0, 2.0, 2.0]]), np.array([[1.0]]))
    >>> few, many = gradient_flow(both), gradient_flow(both.moments())
    >>> few.rates, many.rates.round(12) + 0.0
    (array([3.]), array([0., 0., 3.]))
    >>> bool(np.allclose(few.outer(0.1), many.outer(0.1)))
    True
    """
    if isinstance(loss, Rows):
        width, dimension = loss.features.shape[1], loss.targets.shape[1]
    else:
        width, dimension = loss.cross.shape
    start = np.zeros((width, dimension)) if outer0 is None else np.array(outer0, dtype=np.float64)
    if start.shape != (width, dimension):
        raise ArgumentError(f"outer0 of shape {start.shape}; the shape must be {(width, dimension)}")
    if isinstance(loss, Rows):
        residual = loss.targets - loss.features @ start / width
        rates, turned = _eigen(loss.features @ loss.features.T / width)
        pull = turned.T @ residual
        return GradientFlow(
            rates,
            loss.features.T @ turned,
            pull,
            rates * (pull**2).sum(axis=1),
            start,
            float(0.5 * (residual**2).sum()),
        )
    rates, basis = _eigen(loss.gram)
    pull = basis.T @ loss.descent_direction(start)
    return GradientFlow(rates, basis, pull, (pull**2).sum(axis=1) / width, start, loss.loss(start))


def train_flow(
    rng: np.random.Generator,
    points: Array,
    features: RandomFeatures,
    matching: Matching,
    outer0: Array | None = None,
) -> GradientFlow:
    """Draw the noise and diagonalise the gradient flow, on whichever side is smaller.

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
    outer0 : ndarray, shape (m, d), optional
        Outer weights at the start of training; 0 unless given.

    Returns
    -------
    GradientFlow

    Examples
    --------
    >>> from verify.models.score import Noising, Window, draw_features
    >>> window = Window(0.02, Noising(3))
    >>> features = draw_features(np.random.default_rng(0), 64, 1, window)
    >>> points = np.random.default_rng(1).uniform(-1, 1, (50, 1))
    >>> path = train_flow(np.random.default_rng(2), points, features, Matching(window))
    >>> bool((np.diff(path.loss([0.0, 1.0, 10.0, 100.0])) < 0).all())
    True
    """
    few = points.shape[0] * matching.draws * matching.times < features.width
    return gradient_flow((rows if few else moments)(rng, points, features, matching), outer0)


def descend(loss: Moments, step: float, steps: int, outer0: Array | None = None) -> Array:
    """Take gradient descent steps one after the other: the plain path that `GradientFlow.descent` shortens.

    Parameters
    ----------
    loss : Moments
        The quadratic loss.
    step : float
        Size of a step, in units of training time tau.
    steps : int
        How many, at least 0.
    outer0 : ndarray, shape (m, d), optional
        Where to start; 0 unless given.

    Returns
    -------
    ndarray, shape (m, d)

    Examples
    --------
    >>> descend(Moments(np.array([[2.0]]), np.array([[2.0]]), 2.0), 0.25, 2)
    array([[0.75]])
    """
    outer = np.zeros(loss.cross.shape) if outer0 is None else np.array(outer0, dtype=np.float64)
    for _ in range(count("steps", steps, 0)):
        outer += step * loss.descent_direction(outer)
    return outer


def _eigen(kernel: Array) -> tuple[Array, Array]:
    rates, vectors = np.linalg.eigh(kernel)
    # A kernel matrix has no negative eigenvalue; rounding may show one.
    return np.maximum(rates, 0.0), vectors


def _times(tau: ArrayLike) -> Array:
    times = np.asarray(tau, dtype=np.float64)
    if not (np.isfinite(times) & (times >= 0)).all():
        raise ArgumentError(f"tau = {tau!r}; training times must be finite and at least 0")
    return times


def _grown(rates: Array, times: Array) -> Array:
    """``(1 - e^(-rate tau))/rate``, which is tau at rate 0; shape (..., r)."""
    passed = times[..., None]
    moved = -np.expm1(-rates * passed)
    return np.asarray(np.divide(moved, rates, out=np.broadcast_to(passed, moved.shape).copy(), where=rates > 0))


def _stepped(rates: Array, step: float, steps: NDArray[np.int64]) -> Array:
    """``(1 - (1 - step rate)^k)/rate``, which is ``k step`` at rate 0; shape (..., r)."""
    taken, shrink = steps[..., None], step * rates
    slow = shrink < 0.5
    # Small shrinkage goes through logarithms, where the power would round; large shrinkage cannot (its base may be negative).
    gone = np.where(
        slow,
        -np.expm1(taken * np.log1p(-np.where(slow, shrink, 0.0))),
        1.0 - np.where(slow, 0.0, 1.0 - shrink) ** taken,
    )
    linear = np.broadcast_to(step * taken, gone.shape).astype(np.float64)
    return np.asarray(np.divide(gone, rates, out=linear, where=rates > 0))
