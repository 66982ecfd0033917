"""The normal mean loop: a location family with known sigma, every generation N(mean of its training set, sigma^2).

The mean of generation t is normal, so its variance says everything: `mean_loop_variance` has it exactly in every data
regime, and `expected_tv` turns it into the expected total variation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from bounds.errors import ArgumentError
from verify.loop import Learner, run
from verify.mixing import Mixture, Regime, count
from verify.models.normal.estimator import require_sigma

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Mean:
    """Mean of `size` points per replicate."""

    size: int
    mean: Array


def mean_loop(
    rng: np.random.Generator,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    sigma: float = 1.0,
    mean: float = 0.0,
) -> Array:
    """Run the normal mean loop by drawing only the means of groups of points (bertrand2024, fu2025 solvable models).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same seed gives the same bits.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations, replicates : int
        T and R, at least 1.
    sigma, mean : float
        Known standard deviation, and the mean of the real law.

    Returns
    -------
    ndarray, shape (R, T + 1)
        mu_0, ..., mu_T, in units of the data; mu_0 = `mean`. Equal in law to `plain_mean_loop`.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> mean_loop(np.random.default_rng(0), replace(100), generations=5, replicates=3).shape
    (3, 6)
    """
    require_sigma(sigma, mean)
    real = np.zeros(count("replicates", replicates, 1))

    def draw(centre: Array, size: int) -> _Mean:
        return _Mean(size, centre + rng.standard_normal(centre.size) / math.sqrt(size))

    learner = Learner(lambda size: draw(real, size), draw, _pool, lambda group: group.mean)
    return mean + sigma * np.stack([real, *run(learner, mixture, generations)], axis=1)


def plain_mean_loop(
    rng: np.random.Generator,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    sigma: float = 1.0,
    mean: float = 0.0,
) -> Array:
    """Run the normal mean loop by drawing every point; the reference `mean_loop` is tested against.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations, replicates : int
        T and R, at least 1.
    sigma, mean : float
        Known standard deviation, and the mean of the real law.

    Returns
    -------
    ndarray, shape (R, T + 1)
        mu_0, ..., mu_T.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> plain_mean_loop(np.random.default_rng(0), replace(10), generations=2, replicates=3).shape
    (3, 3)
    """
    require_sigma(sigma, mean)
    real = np.zeros(count("replicates", replicates, 1))

    def draw(centre: Array, size: int) -> Array:
        points: Array = centre[:, None] + rng.standard_normal((centre.size, size))
        return points

    def fit(points: Array) -> Array:
        centres: Array = points.mean(axis=1)
        return centres

    learner = Learner(lambda size: draw(real, size), draw, lambda a, b: np.concatenate([a, b], axis=1), fit)
    return mean + sigma * np.stack([real, *run(learner, mixture, generations)], axis=1)


def _pool(first: _Mean, second: _Mean) -> _Mean:
    size = first.size + second.size
    return _Mean(size, first.mean + (second.mean - first.mean) * (second.size / size))


def mean_loop_variance(mixture: Mixture, generations: int, *, sigma: float = 1.0) -> Array:
    """Exact ``E(mu_t - mu_0)^2`` of the normal mean loop, in every data regime.

    Write k for the real and m for the synthetic points of a training set of N. Without reused points the fitted mean is
    ``(m/N) mu_t`` plus a centred noise: variance ``(m/N)^2 v + sigma^2/N`` (for accumulated points ``v + sigma^2 m/N^2``,
    the old mean keeping weight 1). Reused points enter through the weight they have gathered, followed separately.

    Parameters
    ----------
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations : int
        T, at least 1.
    sigma : float
        Known standard deviation.

    Returns
    -------
    ndarray, shape (T + 1,)
        v_0 = 0, v_1, ..., v_T, in squared units of the data.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    Without real data v_t = t sigma^2 / n:

    >>> from verify.mixing import replace
    >>> mean_loop_variance(replace(10), 3)
    array([0. , 0.1, 0.2, 0.3])
    """
    require_sigma(sigma, 0.0)
    generations = count("generations", generations, 1)
    if mixture.regime is Regime.REUSED:
        steps = _reused_variances(mixture, generations)
    else:
        steps = [0.0, 1 / mixture.first]
        for t in range(2, generations + 1):
            size, m = mixture.training_size(t), mixture.synthetic
            if mixture.regime is Regime.ACCUMULATE:
                steps.append(steps[-1] + m / size**2)
            else:
                steps.append((m / size) ** 2 * steps[-1] + 1 / size)
    return sigma**2 * np.array(steps)


def _reused_variances(mixture: Mixture, generations: int) -> list[float]:
    """Weights of the reused mean and of generation 1's other points, and the variance of all synthetic noise."""
    k, m, rest = mixture.real, mixture.synthetic, mixture.first - mixture.real
    reused, others, noise = k / mixture.first, rest / mixture.first, 0.0
    steps = [0.0]
    for _ in range(generations):
        steps.append((reused**2 / k if k else 0.0) + (others**2 / rest if rest else 0.0) + noise)
        q = m / (k + m)
        reused, others = (1 - q) + q * reused, q * others
        noise = q**2 * noise + (q**2 / m if m else 0.0)
    return steps


def mean_shift_tv(means: Array, *, sigma: float = 1.0, mean: float = 0.0) -> Array:
    """Total variation between ``N(mu, sigma^2)`` and the real law, ``erf(|mu - mu_0| / (2 sqrt(2) sigma))``.

    Parameters
    ----------
    means : ndarray
        mu, any shape.
    sigma, mean : float
        Known standard deviation, and the mean mu_0 of the real law.

    Returns
    -------
    ndarray
        TV in [0, 1], the shape of `means`.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> mean_shift_tv(np.array([0.0, 2.0])).round(6)
    array([0.      , 0.682689])
    """
    require_sigma(sigma, mean)
    distance: Array = erf(np.abs(np.asarray(means) - mean) / (2 * math.sqrt(2) * sigma))
    return distance


def expected_tv(variances: npt.ArrayLike, *, sigma: float = 1.0) -> Array:
    """``E TV(p_t, p_0) = (2/pi) arctan(sqrt(v_t) / (2 sigma))`` when mu_t is normal around mu_0 with variance v_t.

    Proof: ``TV = P(|N'| <= c |Z|)`` given Z, with ``c = sqrt(v) / (2 sigma)`` and N', Z independent standard normal.

    Parameters
    ----------
    variances : array_like
        v_t, nonnegative, in squared units of the data.
    sigma : float
        Known standard deviation.

    Returns
    -------
    ndarray
        Expected TV in [0, 1).

    Raises
    ------
    ArgumentError
        If a variance is negative or not finite, or `sigma` is outside its domain.

    Examples
    --------
    >>> float(expected_tv(4.0))
    0.5
    """
    require_sigma(sigma, 0.0)
    values = np.asarray(variances, dtype=np.float64)
    if not np.all((values >= 0) & np.isfinite(values)):
        raise ArgumentError("a variance is negative or not finite")
    return np.asarray(2 / math.pi * np.arctan(np.sqrt(values) / (2 * sigma)))
