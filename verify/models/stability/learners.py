"""Learners whose uniform stability is known: clipped means, ridge regression, memorisers, fixed predictors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.stability.counts import Array, count_vectors, neighbours


@dataclass(frozen=True, eq=False)
class LossTable:
    """A learner on finitely many points: its loss at each of them, for every training set.

    Parameters
    ----------
    size : int
        Points n of a training set.
    losses : ndarray, shape (S, k)
        Loss at each of k points after training on each row of ``count_vectors(n, k)``.

    Raises
    ------
    ArgumentError
        If the shape does not fit, or a loss is not finite.

    Examples
    --------
    >>> table = memoriser(2, 2)
    >>> table.losses
    array([[0. , 1. ],
           [0.5, 0.5],
           [1. , 0. ]])
    >>> table.beta, table.loss_range
    (0.5, 1.0)
    """

    size: int
    losses: Array

    def __post_init__(self) -> None:
        if self.losses.ndim != 2 or len(self.losses) != len(count_vectors(self.size, self.losses.shape[1])):
            raise ArgumentError(f"losses of shape {self.losses.shape}: give a row for every training set")
        if not np.isfinite(self.losses).all():
            raise ArgumentError("a loss is not finite; give finite losses")

    @property
    def beta(self) -> float:
        """Uniform stability: the largest change of a loss when one training point is replaced."""
        left, right = neighbours(self.size, self.losses.shape[1]).T
        return float(np.abs(self.losses[left] - self.losses[right]).max(initial=0.0))

    @property
    def loss_range(self) -> float:
        """Length M of the interval that the losses span."""
        return float(self.losses.max() - self.losses.min())

    def gaps(self, p0: Array) -> Array:
        """Real risk minus empirical risk after training on each training set, shape (S,)."""
        frequencies = count_vectors(self.size, self.losses.shape[1]) / self.size
        return np.asarray(((p0 - frequencies) * self.losses).sum(axis=1))


def memoriser(size: int, cells: int) -> LossTable:
    """Loss at a point: the share of training points that differ from it; stability 1/n.

    Parameters
    ----------
    size, cells : int
        Points of a training set, and different points there are.

    Returns
    -------
    LossTable

    Examples
    --------
    >>> memoriser(4, 3).beta
    0.25
    """
    return LossTable(size, 1 - count_vectors(size, cells) / size)


def fixed_predictor(size: int, losses: ArrayLike) -> LossTable:
    """A predictor that does not look at its training set; stability 0.

    Parameters
    ----------
    size : int
        Points of a training set.
    losses : array_like, shape (k,)
        Its loss at each point.

    Returns
    -------
    LossTable

    Examples
    --------
    >>> fixed_predictor(3, [1.0, 0.0]).beta
    0.0
    """
    row = np.asarray(losses, dtype=np.float64)
    return LossTable(size, np.tile(row, (len(count_vectors(size, row.size)), 1)))


def clipped_mean(size: int, points: ArrayLike, radius: float) -> LossTable:
    """Squared loss of the mean of clipped points.

    Parameters
    ----------
    size : int
        Points n of a training set.
    points : array_like, shape (k,)
        The real numbers there are.
    radius : float
        Points are clipped to [-radius, radius], in training and in the loss.

    Returns
    -------
    LossTable
        Its stability never exceeds `clipped_mean_stability`, and equals it if both ends are points.

    Examples
    --------
    >>> clipped_mean(4, [-1.0, 1.0], 1.0).beta, clipped_mean_stability(4, 1.0)
    (1.75, 1.75)
    """
    held = np.clip(np.asarray(points, dtype=np.float64), -radius, radius)
    means = count_vectors(size, held.size) @ held / size
    return LossTable(size, (means[:, None] - held) ** 2)


def clipped_mean_stability(size: int, radius: float) -> float:
    """Exact uniform stability ``(2 r)^2 (2/n - 1/n^2)`` of the mean of n points clipped to [-r, r], for squared loss.

    Replacing a point moves the mean by at most ``2 r/n``; the loss moves most at one end, from a mean at the other.

    Parameters
    ----------
    size : int
        n, at least 1.
    radius : float
        r, in units of the data.

    Returns
    -------
    float
        In squared units of the data; the loss lies in ``[0, (2 r)^2]``.

    Examples
    --------
    >>> clipped_mean_stability(1, 0.5)
    1.0
    """
    size = count("size", size, 1)
    return 4 * radius**2 * (2 * size - 1) / size**2


def ridge(size: int, features: ArrayLike, targets: ArrayLike, penalty: float) -> LossTable:
    """Squared loss of ridge regression on finitely many labelled points.

    Parameters
    ----------
    size : int
        Points n of a training set.
    features : array_like, shape (k, d)
        Features u of each point.
    targets : array_like, shape (k,)
        Targets y of each point.
    penalty : float
        The weights minimise ``mean (y - <w, u>)^2 + penalty |w|^2``; positive.

    Returns
    -------
    LossTable

    Examples
    --------
    >>> table = ridge(3, [[-1.0], [1.0]], [-1.0, 1.0], 0.5)
    >>> table.beta <= ridge_stability(3, 0.5, 1.0, 1.0)
    True
    """
    u, y = np.asarray(features, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    weights = ridge_weights(count_vectors(size, y.size) / size, u, y, penalty)
    return LossTable(size, (y - np.einsum("sd,kd->sk", weights, u)) ** 2)


def ridge_weights(shares: Array, features: Array, targets: Array, penalty: float) -> Array:
    """Weights of ridge regression for several training sets.

    Parameters
    ----------
    shares : ndarray, shape (S, k)
        Share of each point in each training set.
    features : ndarray, shape (k, d) or (S, k, d)
    targets : ndarray, shape (k,) or (S, k)
    penalty : float

    Returns
    -------
    ndarray, shape (S, d)

    Examples
    --------
    >>> ridge_weights(np.array([[0.5, 0.5]]), np.array([[1.0], [-1.0]]), np.array([1.0, -1.0]), 1.0)
    array([[0.5]])
    """
    u, y = np.broadcast_to(features, (*shares.shape, features.shape[-1])), np.broadcast_to(targets, shares.shape)
    gram = np.einsum("sk,ski,skj->sij", shares, u, u) + penalty * np.eye(u.shape[-1])
    moments = np.einsum("sk,sk,ski->si", shares, y, u)
    return np.asarray(np.linalg.solve(gram, moments[..., None])[..., 0])


def ridge_residual(penalty: float, feature_norm: float, target: float) -> float:
    """Largest residual ``Y (1 + U/(2 sqrt(penalty)))`` of ridge regression with ``|u| <= U`` and ``|y| <= Y``.

    With the features and targets of n points as rows of a matrix X and a vector y, both divided by sqrt(n), the weights are
    ``(X'X + penalty)^-1 X'y``; the largest singular value of that matrix is at most ``max s/(s^2 + penalty)``.

    Parameters
    ----------
    penalty, feature_norm, target : float
        The penalty, U and Y; the penalty positive.

    Returns
    -------
    float
        The loss lies in the interval from 0 to the square of this.

    Examples
    --------
    >>> ridge_residual(0.25, 1.0, 1.0)
    2.0
    """
    if not penalty > 0:
        raise ArgumentError(f"penalty = {penalty}; ridge regression needs a positive one")
    return target * (1 + feature_norm / (2 * math.sqrt(penalty)))


def ridge_stability(size: int, penalty: float, feature_norm: float, target: float) -> float:
    """Bound ``4 (B U)^2/(n penalty)``, B the largest residual, on the uniform stability of ridge regression.

    The objective is strongly convex with constant ``2 penalty``; at the old weights the gradient of the new objective is
    that of two losses over n, of norm at most ``4 B U/n``, so the weights move by at most ``2 B U/(n penalty)``, a residual
    by U times that and its square by 2 B times that again. A loss in ``[0, B^2]`` never moves by more than ``B^2``.

    Parameters
    ----------
    size : int
        Points n of a training set, at least 1.
    penalty, feature_norm, target : float
        The penalty, and bounds U and Y on the norm of the features and on the targets.

    Returns
    -------
    float
        In squared units of the targets (see bousquet2002 for removal of a point, in place of replacement).

    Examples
    --------
    >>> ridge_stability(100, 1.0, 1.0, 1.0)
    0.09
    """
    square = ridge_residual(penalty, feature_norm, target) ** 2
    return min(square, 4 * square * feature_norm**2 / (count("size", size, 1) * penalty))
