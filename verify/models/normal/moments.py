"""Exact moments of the fully synthetic normal loop: ground truths, and the variances that intervals may assume.

sigma_t^2 is a product of independent scaled chi-squares, which gives closed forms. They are computed in 50-digit
arithmetic, because c4(n) - 1 and the variances cancel in floats for large n.
"""

from __future__ import annotations

from dataclasses import dataclass

import mpmath

from verify.mixing import count
from verify.models.normal.estimator import Covariance, divisor, require_sigma

_DIGITS = 50


@dataclass(frozen=True)
class Moments:
    """Mean and variance of a quantity of the loop.

    Parameters
    ----------
    mean : float
        Expectation, in units of the quantity.
    variance : float
        Variance, in squared units of the quantity.

    Examples
    --------
    >>> Moments(mean=1.0, variance=0.5).variance
    0.5
    """

    mean: float
    variance: float


def exact_std(n: int, t: int, sigma: float = 1.0, covariance: Covariance = "unbiased") -> Moments:
    """Mean and variance of sigma_t in the fully synthetic loop (bertrand2024 Proposition 1, equality in 1-D).

    With m the divisor, ``E sigma_t = (c4(n) sqrt((n-1)/m))^t sigma`` and ``E sigma_t^2 = ((n-1)/m)^t sigma^2``, where
    ``c4(n) = sqrt(2/(n-1)) Gamma(n/2) / Gamma((n-1)/2)``.

    Parameters
    ----------
    n : int
        Training-set size, at least 2.
    t : int
        Generation, at least 0.
    sigma : float
        Standard deviation of the real law.
    covariance : {"unbiased", "mle"}
        The estimator: m = n - 1 or m = n.

    Returns
    -------
    Moments
        Of sigma_t, correct to rounding.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> exact_std(2, 1).mean  # sqrt(2/pi)
    0.7978845608028654
    """
    with mpmath.workdps(_DIGITS):
        n, t, shrink, s = _arguments(n, t, sigma, covariance)
        log_c4 = mpmath.log(mpmath.mpf(2) / (n - 1)) / 2 + mpmath.loggamma(n / 2) - mpmath.loggamma((n - 1) / 2)
        mean = s * mpmath.exp(t * (log_c4 + mpmath.log(shrink) / 2))
        return Moments(float(mean), float(mean**2 * mpmath.expm1(-2 * t * log_c4)))


def exact_std_variance(n: int, t: int, sigma: float = 1.0, covariance: Covariance = "unbiased") -> float:
    """``Var(sigma_t)`` in the fully synthetic loop: ``sigma^2 ((n-1)/m)^t (1 - c4(n)^(2t))``, m the divisor.

    Parameters
    ----------
    n : int
        Training-set size, at least 2.
    t : int
        Generation, at least 0.
    sigma : float
        Standard deviation of the real law.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    float
        The variance, in squared units of the data, correct to rounding.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> exact_std_variance(2, 1)  # 1 - 2/pi
    0.3633802276324187
    """
    return exact_std(n, t, sigma, covariance).variance


def exact_variance(n: int, t: int, sigma: float = 1.0, covariance: Covariance = "unbiased") -> Moments:
    """Mean and variance of sigma_t^2 in the fully synthetic loop.

    With m the divisor, ``E sigma_t^2 = ((n-1)/m)^t sigma^2`` and ``E sigma_t^4 = ((n^2-1)/m^2)^t sigma^4``.

    Parameters
    ----------
    n : int
        Training-set size, at least 2.
    t : int
        Generation, at least 0.
    sigma : float
        Standard deviation of the real law.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    Moments
        Of sigma_t^2; the variance grows without limit like ``((n+1)/(n-1))^t`` (unbiased).

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> exact_variance(3, 1)
    Moments(mean=1.0, variance=1.0)
    """
    with mpmath.workdps(_DIGITS):
        n, t, shrink, s = _arguments(n, t, sigma, covariance)
        mean = s**2 * shrink**t
        return Moments(float(mean), float(mean**2 * (((n + 1) / (n - 1)) ** t - 1)))


def exact_log_variance(n: int, t: int, sigma: float = 1.0, covariance: Covariance = "unbiased") -> Moments:
    """Mean and variance of ``log sigma_t^2`` in the fully synthetic loop.

    The mean is ``2 log sigma + t (psi((n-1)/2) + log(2/m))``, m the divisor; the variance ``t psi_1((n-1)/2)``.

    Parameters
    ----------
    n : int
        Training-set size, at least 2.
    t : int
        Generation, at least 0.
    sigma : float
        Standard deviation of the real law.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    Moments
        Of the natural logarithm of sigma_t^2.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> round(exact_log_variance(3, 1).mean, 12)
    -0.577215664902
    """
    with mpmath.workdps(_DIGITS):
        n, t, shrink, s = _arguments(n, t, sigma, covariance)
        rate = mpmath.digamma((n - 1) / 2) + mpmath.log(2 * shrink / (n - 1))
        return Moments(float(2 * mpmath.log(s) + t * rate), float(t * mpmath.psi(1, (n - 1) / 2)))


def exact_log_det(n: int, d: int, t: int, covariance: Covariance = "unbiased") -> Moments:
    """Mean and variance of ``log det Sigma_t - log det Sigma_0`` in the fully synthetic loop, n >= d + 1.

    By Bartlett's decomposition a sum of independent log chi-squares with n-1, ..., n-d degrees of freedom: the mean is
    ``t sum_{j=1..d} (psi((n-j)/2) + log(2/m))``, m the divisor, and the variance ``t sum_j psi_1((n-j)/2)``.

    Parameters
    ----------
    n : int
        Training-set size, at least ``d + 1``; below, the determinant is 0.
    d : int
        Dimension, at least 1.
    t : int
        Generation, at least 0.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    Moments
        Of the logarithm of the ratio of determinants.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> exact_log_det(10, 1, 5) == exact_log_variance(10, 5)
    True
    """
    d = count("d", d, 1)
    n = count("n", n, d + 1)
    with mpmath.workdps(_DIGITS):
        size, t, shrink, _ = _arguments(n, t, 1.0, covariance)
        halves = [(size - j) / 2 for j in range(1, d + 1)]
        mean = t * mpmath.fsum(mpmath.digamma(h) + mpmath.log(2 * shrink / (size - 1)) for h in halves)
        return Moments(float(mean), float(t * mpmath.fsum(mpmath.psi(1, h) for h in halves)))


def _arguments(n: int, t: int, sigma: float, covariance: Covariance) -> tuple[mpmath.mpf, int, mpmath.mpf, mpmath.mpf]:
    """Return n, t, (n-1)/m and sigma, checked and in high precision."""
    n, t = count("n", n, 2), count("t", t, 0)
    require_sigma(sigma, 0.0)
    size = mpmath.mpf(n)
    return size, t, (size - 1) / divisor(n, covariance), mpmath.mpf(sigma)
