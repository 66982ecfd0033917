"""The d-dimensional normal loop, every generation a normal law fitted to its training set.

Two paths, equal in law. `multivariate_loop` draws only a mean and a Wishart scatter per group of points, by the
Bartlett decomposition; `plain_multivariate_loop` draws the points. A covariance is never formed: models carry a factor
F with ``Sigma = exp(2 log_scale) F F'``, so that narrow directions and long runs keep their relative accuracy.
Coordinates are the real law's eigenvectors; the fast path works in units of its standard deviations, since the loop
commutes with affine maps, and puts the units in at the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from verify.loop import Learner, run
from verify.mixing import Mixture, Regime, count
from verify.models.normal.estimator import Covariance, divisor, require_loop
from verify.models.normal.law import NormalLaw
from verify.models.normal.spectral import sqrt_diagonal

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MultivariateTrajectory:
    """Means and covariances of a d-dimensional normal loop; index t on the second axis is generation t.

    Parameters
    ----------
    law : NormalLaw
        The real law, generation 0; U is its basis.
    means : ndarray, shape (R, T + 1, d)
        mu_t in the coordinates of the data.
    factors : ndarray, shape (R, T + 1, d, d)
        F_t, in the basis U: ``U' Sigma_t U = exp(2 log_scale) F_t F_t'``.
    log_scales : ndarray, shape (R, T + 1)
        Logarithm of the common scale of each factor.
    log_dets : ndarray, shape (R, T + 1)
        ``log det Sigma_t``; -inf once Sigma_t is singular.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> law = NormalLaw(np.zeros(2), np.array([1.0, 1e-10]), np.eye(2))
    >>> path = multivariate_loop(np.random.default_rng(0), law, replace(50), generations=3, replicates=5)
    >>> path.sqrt_diagonals().shape
    (5, 4, 2)
    """

    law: NormalLaw
    means: Array
    factors: Array
    log_scales: Array
    log_dets: Array

    def covariances(self) -> Array:
        """Sigma_t in the coordinates of the data.

        Returns
        -------
        ndarray, shape (R, T + 1, d, d)
            Symmetric positive semidefinite matrices.

        Examples
        --------
        >>> from verify.mixing import replace
        >>> law = NormalLaw(np.zeros(2), np.array([4.0, 1.0]), np.eye(2))
        >>> multivariate_loop(np.random.default_rng(0), law, replace(9), 1, 1).covariances()[0, 0]
        array([[4., 0.],
               [0., 1.]])
        """
        rotated = self.law.basis @ (np.exp(self.log_scales)[..., None, None] * self.factors)
        product: Array = rotated @ np.swapaxes(rotated, -1, -2)
        return product

    def sqrt_diagonals(self) -> Array:
        """Diagonal of ``U' sqrt(Sigma_t) U``, the entries of bertrand2024 Proposition 1 in the eigenbasis of Sigma_0.

        Returns
        -------
        ndarray, shape (R, T + 1, d)
            ``<u_i, sqrt(Sigma_t) u_i>``, in the order of the law's eigenvalues; generation 0 is their square roots.
            Relative error about 1e-15 times the ratio of the largest to the smallest standard deviation in units of
            the real law's (that is, whatever the spread of the law's own eigenvalues).

        Examples
        --------
        >>> from verify.mixing import replace
        >>> law = NormalLaw(np.zeros(2), np.array([1.0, 1e-10]), np.eye(2))
        >>> print(multivariate_loop(np.random.default_rng(0), law, replace(9), 1, 1).sqrt_diagonals()[0, 0])
        [1.e+00 1.e-05]
        """
        return np.exp(self.log_scales)[..., None] * sqrt_diagonal(self.factors)


@dataclass(frozen=True)
class _Fit:
    """A normal law per replicate: covariance ``exp(2 log_scale) factor factor'``, factor of shape (R, d, rank)."""

    mean: Array
    factor: Array
    log_scale: Array
    log_det: Array


@dataclass(frozen=True)
class _Group:
    """Sufficient statistics of `size` points: mean and scatter ``exp(2 log_scale) factor factor'``."""

    size: int
    mean: Array
    factor: Array
    log_scale: Array
    log_det: Array


def multivariate_loop(
    rng: np.random.Generator,
    law: NormalLaw,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    covariance: Covariance = "unbiased",
) -> MultivariateTrajectory:
    """Run the normal loop by its sufficient statistics (bertrand2024 Proposition 1).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same seed gives the same bits.
    law : NormalLaw
        The real law.
    mixture : Mixture
        Sizes of the training sets and the data regime; at least 2 points in each. With at most d points the fitted
        covariance is singular, and so is every later one of the fully synthetic loop.
    generations, replicates : int
        T and R, at least 1.
    covariance : {"unbiased", "mle"}
        Divide the scatter by the number of points less one, or by that number.

    Returns
    -------
    MultivariateTrajectory
        Generations 0 to T. Equal in law to `plain_multivariate_loop`.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> law = NormalLaw(np.zeros(3), np.ones(3), np.eye(3))
    >>> path = multivariate_loop(np.random.default_rng(0), law, replace(3), generations=2, replicates=4)
    >>> bool(np.all(np.isneginf(path.log_dets[:, 1:])))
    True
    """
    require_loop(mixture, covariance)
    whitened = _isotropic(count("replicates", replicates, 1), np.ones(law.dimension))
    learner = Learner(
        draw_real=lambda size: _draw(rng, whitened, size),
        draw=lambda model, size: _draw(rng, model, size),
        pool=_pool,
        fit=lambda group: _estimate(group, covariance),
    )
    return _trajectory(law, law.stds, [whitened, *run(learner, mixture, generations)], mixture)


def plain_multivariate_loop(
    rng: np.random.Generator,
    law: NormalLaw,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    covariance: Covariance = "unbiased",
) -> MultivariateTrajectory:
    """Run the normal loop by drawing every point; slow, and the reference `multivariate_loop` is tested against.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    law : NormalLaw
        The real law.
    mixture : Mixture
        Sizes of the training sets and the data regime; at least 2 points in each.
    generations, replicates : int
        T and R, at least 1.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    MultivariateTrajectory
        Generations 0 to T; exact while the standard deviations are far above the rounding error of the means.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> law = NormalLaw(np.zeros(2), np.ones(2), np.eye(2))
    >>> plain_multivariate_loop(np.random.default_rng(0), law, replace(9), 2, 3).means.shape
    (3, 3, 2)
    """
    require_loop(mixture, covariance)
    real = _isotropic(count("replicates", replicates, 1), law.stds)
    learner = Learner(
        draw_real=lambda size: _sample(rng, real, size),
        draw=lambda model, size: _sample(rng, model, size),
        pool=lambda first, second: np.concatenate([first, second], axis=1),
        fit=lambda points: _estimate(_summary(points), covariance),
    )
    return _trajectory(law, np.ones(law.dimension), [real, *run(learner, mixture, generations)], mixture)


def _isotropic(replicates: int, stds: Array) -> _Fit:
    d = stds.size
    return _Fit(
        mean=np.zeros((replicates, d)),
        factor=np.broadcast_to(np.diag(stds), (replicates, d, d)),
        log_scale=np.zeros(replicates),
        log_det=np.full(replicates, 2 * float(np.sum(np.log(stds)))),
    )


def _estimate(group: _Group, covariance: Covariance) -> _Fit:
    shrink = math.log(divisor(group.size, covariance))
    d = group.mean.shape[1]
    return _Fit(group.mean, group.factor, group.log_scale - 0.5 * shrink, group.log_det - d * shrink)


def _sample(rng: np.random.Generator, model: _Fit, size: int) -> Array:
    """Draw points, shape (R, size, d)."""
    replicates, _, rank = model.factor.shape
    noise = rng.standard_normal((replicates, size, rank)) * np.exp(model.log_scale)[:, None, None]
    points: Array = noise @ np.swapaxes(model.factor, 1, 2)
    points += model.mean[:, None, :]
    return points


def _summary(points: Array) -> _Group:
    """Sample mean and scatter of points, shape (R, size, d)."""
    mean = points.mean(axis=1)
    factor = _triangle(np.swapaxes(points - mean[:, None, :], 1, 2))
    return _Group(points.shape[1], mean, factor, np.zeros(points.shape[0]), _log_det(factor))


def _draw(rng: np.random.Generator, model: _Fit, size: int) -> _Group:
    """Draw the sufficient statistics of `size` points: an independent normal mean and Wishart scatter."""
    replicates, _, rank = model.factor.shape
    direction = np.einsum("rij,rj->ri", model.factor, rng.standard_normal((replicates, rank)))
    mean = model.mean + np.exp(model.log_scale)[:, None] * direction / math.sqrt(size)
    root = _wishart_root(rng, replicates, rank, size - 1)
    log_det = model.log_det + _log_det(root)
    factor, log_scale = _rescale(model.factor @ root, model.log_scale)
    return _Group(size, mean, factor, log_scale, log_det)


def _wishart_root(rng: np.random.Generator, replicates: int, rank: int, freedom: int) -> Array:
    """Draw B with ``B B'`` Wishart of dimension `rank`: Bartlett's triangle, or plain normals where it is singular."""
    if freedom < rank:
        return rng.standard_normal((replicates, rank, freedom))
    root = np.zeros((replicates, rank, rank))
    rows, columns = np.tril_indices(rank, -1)
    root[:, rows, columns] = rng.standard_normal((replicates, rows.size))
    diagonal = np.arange(rank)
    root[:, diagonal, diagonal] = np.sqrt(rng.chisquare(freedom - diagonal, (replicates, rank)))
    return root


def _pool(first: _Group, second: _Group) -> _Group:
    """Pool two groups exactly: scatters add, and the distance of the means adds one more direction."""
    size = first.size + second.size
    gap = second.mean - first.mean
    log_scale = np.maximum(first.log_scale, second.log_scale)
    columns = [
        first.factor * np.exp(first.log_scale - log_scale)[:, None, None],
        second.factor * np.exp(second.log_scale - log_scale)[:, None, None],
        (gap * (math.sqrt(first.size * second.size / size) * np.exp(-log_scale))[:, None])[:, :, None],
    ]
    factor, log_scale = _rescale(_triangle(np.concatenate(columns, axis=2)), log_scale)
    log_det = 2 * gap.shape[1] * log_scale + _log_det(factor)
    return _Group(size, first.mean + gap * (second.size / size), factor, log_scale, log_det)


def _triangle(factor: Array) -> Array:
    """Lower-triangular factor of the same product, at most d columns; its error is relative to each row."""
    # In mode "r" an array comes back, though the type stubs promise a pair.
    upper: Array = np.asarray(np.linalg.qr(np.swapaxes(factor, 1, 2), mode="r"), dtype=np.float64)
    return np.swapaxes(upper, 1, 2)


def _rescale(factor: Array, log_scale: Array) -> tuple[Array, Array]:
    """Move a power of two from the factor to its scale, so that long products neither underflow nor round."""
    size = np.max(np.abs(factor), axis=(1, 2), initial=0.0)
    exponent = np.where(size > 0, np.frexp(size)[1], 0)
    return np.ldexp(factor, -exponent[:, None, None]), log_scale + math.log(2) * exponent


def _log_det(triangle: Array) -> Array:
    """``log det(F F')`` of triangular factors, -inf for too few columns."""
    if triangle.shape[2] < triangle.shape[1]:
        return np.full(triangle.shape[0], -np.inf)
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs(np.diagonal(triangle, axis1=1, axis2=2)))
    result: Array = 2 * np.sum(logs, axis=1)
    return result


def _ranks(mixture: Mixture, d: int, generations: int) -> list[int]:
    """Almost sure ranks of Sigma_0, ..., Sigma_T: k points in general position span k - 1 directions."""
    ranks = [d, min(d, mixture.first - 1)]
    while len(ranks) <= generations:
        synthetic = min(ranks[-1], mixture.synthetic - 1)  # -1: no point at all
        real = min(d, mixture.real - 1)
        if mixture.regime is Regime.FRESH:
            ranks.append(min(d, real + synthetic + 1))
        elif mixture.regime is Regime.ACCUMULATE:
            ranks.append(ranks[-1])  # every later point lies in the span of the first ones
        else:
            ranks.append(min(ranks[-1], real + synthetic + 1))  # so do the reused ones; replace: real = -1
    return ranks


def _trajectory(law: NormalLaw, units: Array, models: list[_Fit], mixture: Mixture) -> MultivariateTrajectory:
    """Stack the models, given in the law's eigenbasis in these units, around the law's mean."""
    d = law.dimension
    factors = np.zeros((models[0].mean.shape[0], len(models), d, d))
    for t, model in enumerate(models):
        factors[:, t, :, : model.factor.shape[2]] = units[:, None] * model.factor
    means = np.stack([model.mean for model in models], axis=1)
    log_dets = np.stack([model.log_det for model in models], axis=1) + 2 * float(np.sum(np.log(units)))
    # A singular factor computed by rotations has rounding errors where its determinant has a zero.
    log_dets[:, np.array(_ranks(mixture, d, len(models) - 1)) < d] = -np.inf
    return MultivariateTrajectory(
        law=law,
        means=law.mean + (means * units) @ law.basis.T,
        factors=factors,
        log_scales=np.stack([model.log_scale for model in models], axis=1),
        log_dets=log_dets,
    )
