"""The one-dimensional normal loop, every generation a normal law fitted to its training set.

Two paths, equal in law. `normal_loop` draws only the sufficient statistics: the mean of k points of N(mu, s^2) is
N(mu, s^2/k), and their scatter (sum of squared deviations) is s^2 chi2_{k-1}, independent of it. `plain_normal_loop`
draws the points. Groups of points are pooled exactly: scatters add, plus ``k l / (k + l)`` times the squared distance
of the means. Scatters are kept as logarithms, since the fully synthetic loop underflows after some hundred generations
(the plain path is exact only while sigma_t is far above the rounding error of mu_t).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError
from verify.loop import Learner, run
from verify.mixing import Mixture, count
from verify.models.normal.estimator import Covariance, divisor, require_loop, require_sigma

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NormalFit:
    """A fitted normal law per replicate.

    Parameters
    ----------
    mean : ndarray, shape (R,)
        Means, in units of the data.
    log_variance : ndarray, shape (R,)
        Natural logarithms of the variances; -inf for a point mass.

    Examples
    --------
    >>> fit(np.array([[1.0, 3.0]])).mean
    array([2.])
    """

    mean: Array
    log_variance: Array


@dataclass(frozen=True)
class Trajectory:
    """Means and variances of a one-dimensional normal loop; index t on the last axis is generation t.

    Parameters
    ----------
    means : ndarray, shape (R, T + 1)
        mu_0, ..., mu_T; mu_0 is the real law's.
    log_variances : ndarray, shape (R, T + 1)
        log sigma_t^2, accurate where sigma_t^2 itself has underflowed.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> path = normal_loop(np.random.default_rng(0), replace(100), generations=3, replicates=2)
    >>> path.stds.shape
    (2, 4)
    """

    means: Array
    log_variances: Array

    @property
    def variances(self) -> Array:
        """sigma_t^2, shape (R, T + 1)."""
        return np.exp(self.log_variances)

    @property
    def stds(self) -> Array:
        """sigma_t, shape (R, T + 1)."""
        return np.exp(0.5 * self.log_variances)


@dataclass(frozen=True)
class _Group:
    """Sufficient statistics of `size` points per replicate."""

    size: int
    mean: Array
    log_scatter: Array


def fit(points: Array, covariance: Covariance = "unbiased") -> NormalFit:
    """Fit a normal law to the points of each replicate.

    Parameters
    ----------
    points : ndarray, shape (R, n)
        The training sets, n >= 2.
    covariance : {"unbiased", "mle"}
        Divide the scatter by ``n - 1`` or by ``n``.

    Returns
    -------
    NormalFit
        Sample means and variances.

    Raises
    ------
    ArgumentError
        If `points` is not two-dimensional, n < 2, or the estimator is unknown.

    Examples
    --------
    >>> float(np.exp(fit(np.array([[1.0, 3.0]]), "mle").log_variance[0]))
    1.0
    """
    if points.ndim != 2:
        raise ArgumentError(f"points of shape {points.shape} given; the shape must be (replicates, n)")
    below = divisor(points.shape[1], covariance)
    mean = points.mean(axis=1)
    centred = points - mean[:, None]
    scatter = np.einsum("rn,rn->r", centred, centred)
    return NormalFit(mean, _log(scatter) - math.log(below))


def sample(rng: np.random.Generator, model: NormalFit, size: int) -> Array:
    """Draw `size` points of each replicate's normal law.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    model : NormalFit
        R normal laws.
    size : int
        Points per replicate.

    Returns
    -------
    ndarray, shape (R, size)
        The points.

    Examples
    --------
    >>> sample(np.random.default_rng(0), NormalFit(np.zeros(2), np.zeros(2)), 5).shape
    (2, 5)
    """
    points = rng.standard_normal((model.mean.shape[0], size))
    points *= np.exp(0.5 * model.log_variance)[:, None]
    points += model.mean[:, None]
    return points


def normal_loop(
    rng: np.random.Generator,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    sigma: float = 1.0,
    mean: float = 0.0,
    covariance: Covariance = "unbiased",
) -> Trajectory:
    """Run the normal loop by its sufficient statistics (bertrand2024 Proposition 1 in one dimension).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same seed gives the same bits.
    mixture : Mixture
        Sizes of the training sets and the data regime; at least 2 points in each.
    generations : int
        T, at least 1.
    replicates : int
        R independent loops, at least 1.
    sigma, mean : float
        Standard deviation and mean of the real law.
    covariance : {"unbiased", "mle"}
        Divide the scatter by the number of points less one, or by that number.

    Returns
    -------
    Trajectory
        Means and log-variances of generations 0 to T. Equal in law to `plain_normal_loop`.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    Without real data the laws collapse, at the rate psi((n-1)/2) + log(2/(n-1)) per generation:

    >>> from verify.mixing import replace
    >>> path = normal_loop(np.random.default_rng(0), replace(10), generations=5000, replicates=4)
    >>> bool(np.all(path.log_variances[:, -1] < -500))
    True
    """
    require_sigma(sigma, mean)
    real = _real_law(mixture, replicates, covariance)
    learner = Learner(
        draw_real=lambda size: _draw(rng, real, size),
        draw=lambda model, size: _draw(rng, model, size),
        pool=_pool,
        fit=lambda group: NormalFit(group.mean, group.log_scatter - math.log(divisor(group.size, covariance))),
    )
    return _trajectory(real, run(learner, mixture, generations), sigma, mean)


def plain_normal_loop(
    rng: np.random.Generator,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    sigma: float = 1.0,
    mean: float = 0.0,
    covariance: Covariance = "unbiased",
) -> Trajectory:
    """Run the normal loop by drawing every point; slow, and the reference `normal_loop` is tested against.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    mixture : Mixture
        Sizes of the training sets and the data regime; at least 2 points in each.
    generations, replicates : int
        T and R, at least 1. Memory grows with R times the training size.
    sigma, mean : float
        Standard deviation and mean of the real law.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    Trajectory
        Means and log-variances of generations 0 to T.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> plain_normal_loop(np.random.default_rng(0), replace(10), generations=2, replicates=3).means.shape
    (3, 3)
    """
    require_sigma(sigma, mean)
    real = _real_law(mixture, replicates, covariance)
    learner = Learner(
        draw_real=lambda size: sample(rng, real, size),
        draw=lambda model, size: sample(rng, model, size),
        pool=lambda first, second: np.concatenate([first, second], axis=1),
        fit=lambda points: fit(points, covariance),
    )
    return _trajectory(real, run(learner, mixture, generations), sigma, mean)


def _real_law(mixture: Mixture, replicates: int, covariance: Covariance) -> NormalFit:
    """The standard normal law: the loop commutes with affine maps, so units are put in at the end."""
    require_loop(mixture, covariance)
    replicates = count("replicates", replicates, 1)
    return NormalFit(np.zeros(replicates), np.zeros(replicates))


def _trajectory(real: NormalFit, models: list[NormalFit], sigma: float, mean: float) -> Trajectory:
    laws = [real, *models]
    return Trajectory(
        means=mean + sigma * np.stack([law.mean for law in laws], axis=1),
        log_variances=2 * math.log(sigma) + np.stack([law.log_variance for law in laws], axis=1),
    )


def _draw(rng: np.random.Generator, model: NormalFit, size: int) -> _Group:
    """Draw the sufficient statistics of `size` points: an independent normal and chi-square."""
    replicates = model.mean.shape[0]
    noise = rng.standard_normal(replicates) * np.exp(0.5 * model.log_variance)
    chi_square = np.zeros(replicates)
    if size > 1:
        chi_square += rng.chisquare(size - 1, replicates)
    log_scatter: Array = model.log_variance + _log(chi_square)
    return _Group(size, model.mean + noise / math.sqrt(size), log_scatter)


def _pool(first: _Group, second: _Group) -> _Group:
    size = first.size + second.size
    gap = second.mean - first.mean
    between = _log(gap * gap) + math.log(first.size * second.size / size)
    within = np.logaddexp(first.log_scatter, second.log_scatter)
    return _Group(size, first.mean + gap * (second.size / size), np.logaddexp(within, between))


def _log(values: Array) -> Array:
    """Logarithm with log 0 = -inf: one point has no scatter."""
    with np.errstate(divide="ignore"):
        return np.log(values)
