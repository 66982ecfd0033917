"""Recursive stability of the normal mean generator, measured: likelihood ratios, covariances of all points, coupled runs.

The model of a generation is ``N(mean of its training set, sigma^2)``; one of the reused real points moves by D (fu2025
`gaussian_recursive_stability`). Nothing here uses that theorem's formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from bounds.errors import ArgumentError
from verify.models.normal import mean_shift_tv
from verify.models.stability.counts import Array


@dataclass(frozen=True)
class MovedPoint:
    """A normal loop, and how far one of its reused real points moves.

    Parameters
    ----------
    reused, synthetic : int
        Points alpha n and N of a training set; at least 1 reused.
    sigma : float
        Standard deviation of every model.
    displacement : float
        D, in units of the data.

    Raises
    ------
    ArgumentError
        If there is no reused point to move, or a number is out of range.

    Examples
    --------
    >>> MovedPoint(1, 3, 1.0, 2.0).size
    4
    """

    reused: int
    synthetic: int
    sigma: float
    displacement: float

    def __post_init__(self) -> None:
        if self.reused < 1 or self.synthetic < 0:
            raise ArgumentError(f"{self.reused} reused and {self.synthetic} synthetic points; give at least 1 reused")
        if not (self.sigma > 0 and self.displacement >= 0):
            raise ArgumentError(f"sigma = {self.sigma}, displacement = {self.displacement}; give sigma > 0 and D >= 0")

    @property
    def size(self) -> int:
        """Points n of a training set."""
        return self.reused + self.synthetic


def joint_law(moved: MovedPoint, t: int) -> tuple[Array, Array]:
    """Shift of the mean, and covariance, of all synthetic points of generation t given the real data.

    Parameters
    ----------
    moved : MovedPoint
    t : int
        Generation, at least 1.

    Returns
    -------
    shift : ndarray, shape (N,)
    covariance : ndarray, shape (N, N)

    Examples
    --------
    >>> joint_law(MovedPoint(1, 1, 1.0, 2.0), 2)
    (array([1.5]), array([[1.25]]))
    """
    ones, n = np.ones(moved.synthetic), moved.size
    shift = moved.displacement / n * ones
    covariance = moved.sigma**2 * np.eye(moved.synthetic)
    for _ in range(t - 1):
        # The points of the next generation share the mean of these ones, divided by n, and have noise of their own.
        shift = (moved.displacement + shift.sum()) / n * ones
        covariance = covariance.sum() / n**2 * np.outer(ones, ones) + moved.sigma**2 * np.eye(moved.synthetic)
    return shift, covariance


def joint_tv(moved: MovedPoint, t: int) -> float:
    """Total variation of all synthetic points of generation t, from their covariance matrix.

    Parameters
    ----------
    moved : MovedPoint
    t : int
        Generation, at least 1.

    Returns
    -------
    float

    Examples
    --------
    >>> round(joint_tv(MovedPoint(1, 1, 1.0, 2.0), 1), 6)  # 2 Phi(1/2) - 1
    0.382925
    """
    if not moved.synthetic:
        return 0.0
    shift, covariance = joint_law(moved, t)
    distance = math.sqrt(float((shift * np.linalg.solve(covariance, shift)).sum()))
    return float(erf(distance / math.sqrt(8)))


def likelihood_ratio_losses(rng: np.random.Generator, moved: MovedPoint, t: int, replicates: int) -> Array:
    """Draw loops point by point, and what of their likelihood is lost when the real point moves.

    The mean of ``(1 - dP'/dP)_+`` under P is the total variation of P and P', the laws of all synthetic points.

    Parameters
    ----------
    rng : numpy.random.Generator
    moved : MovedPoint
        With at least one synthetic point.
    t : int
        Generation, at least 1.
    replicates : int

    Returns
    -------
    ndarray, shape (R,)
        In [0, 1]; the real data differs between replicates, which the law of the values does not notice.

    Examples
    --------
    >>> found = likelihood_ratio_losses(np.random.default_rng(0), MovedPoint(2, 3, 1.0, 4.0), 2, 5)
    >>> bool((found >= 0).all() and (found <= 1).all())
    True
    """
    real = rng.uniform(-1.0, 1.0, (replicates, moved.reused)).sum(axis=1)
    mean = (real + rng.uniform(-1.0, 1.0, (replicates, moved.synthetic)).sum(axis=1)) / moved.size
    expected = mean.copy()
    for _ in range(t - 1):
        points = mean[:, None] + moved.sigma * rng.standard_normal((replicates, moved.synthetic))
        mean = (real + points.sum(axis=1)) / moved.size
        expected = (real + moved.synthetic * expected) / moved.size
    points = mean[:, None] + moved.sigma * rng.standard_normal((replicates, moved.synthetic))
    shift, covariance = joint_law(moved, t)
    direction = np.linalg.solve(covariance, shift)
    centred = points - expected[:, None]
    log_ratio = (centred * direction).sum(axis=1) - 0.5 * float((shift * direction).sum())
    return np.asarray(np.maximum(0.0, -np.expm1(np.minimum(log_ratio, 0.0))))


def coupled_tv(rng: np.random.Generator, moved: MovedPoint, t: int, replicates: int) -> Array:
    """Run pairs of loops with the same noise, one of them with the moved point, and compare their models.

    Parameters
    ----------
    rng : numpy.random.Generator
    moved : MovedPoint
    t : int
        Generation, at least 1.
    replicates : int

    Returns
    -------
    ndarray, shape (R,)
        Total variation of the two models of generation t; its mean bounds that of the best coupling from above.

    Examples
    --------
    >>> coupled_tv(np.random.default_rng(0), MovedPoint(1, 1, 1.0, 2.0), 1, 1).round(6)  # means 1 apart
    array([0.382925])
    """
    real = rng.uniform(-1.0, 1.0, (2, replicates, moved.size))
    real[1] = real[0]
    real[1, :, 0] += moved.displacement
    means = real.mean(axis=2)
    for _ in range(t - 1):
        noise = moved.sigma * rng.standard_normal((replicates, moved.synthetic))
        drawn = means[:, :, None] + noise
        means = (real[:, :, : moved.reused].sum(axis=2) + drawn.sum(axis=2)) / moved.size
    return mean_shift_tv(means[1] - means[0], sigma=moved.sigma)
