"""The logistic location family with fixed scale s: its Fisher information, Lipschitz constant, divergence and score.

``log p_theta(x) = -z - 2 log(1 + e^{-z}) - log s`` with ``z = (x - theta)/s``. In units of s the score is
``tanh(z/2)``, minus the Hessian is ``sech(z/2)^2 / 2``, its mean under the model is ``B0 = 1/3`` and its largest slope
is ``L = 1/(3 sqrt 3)``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import zeta

from verify.models.location.arguments import Array

FISHER = 1 / 3
LIPSCHITZ = 1 / (3 * math.sqrt(3))

# w coth w - 1 = sum_n (-1)^(n+1) 2 zeta(2n) (w/pi)^(2n); 20 terms reach double precision for |w| <= 1.
_ORDERS = np.arange(1, 21)
_COTH_SERIES = 2 * (-1.0) ** (_ORDERS + 1) * zeta(2 * _ORDERS) / math.pi ** (2.0 * _ORDERS)


def logistic_kl(delta: ArrayLike) -> Array:
    """``KL(p_theta to p_theta') = delta coth(delta/2) - 2`` with ``delta = theta - theta'`` in units of the scale.

    The derivative in theta' of ``-E_{p_theta} log p_theta'`` is minus `logistic_mean_score`; integrate.

    Parameters
    ----------
    delta : array_like
        Difference of the two locations, in units of the scale.

    Returns
    -------
    ndarray
        Of the shape of `delta`, accurate relative to its own size however small delta is.

    Examples
    --------
    >>> logistic_kl([1e-6, 1.0])
    array([1.66666667e-13, 1.63953414e-01])
    """
    w = 0.5 * np.abs(np.asarray(delta, dtype=np.float64))
    small = w < 1
    q = np.exp(-2 * w)
    large = w * (1 + q) / np.where(small, 1.0, 1 - q) - 1
    return np.asarray(2 * np.where(small, w * w * _coth_remainder(np.where(small, w, 0.0)), large))


def logistic_mean_score(delta: ArrayLike) -> Array:
    """``E_{p_theta} tanh((x - theta')/2) = (sinh delta - delta)/(cosh delta - 1)`` with ``delta = theta - theta'``.

    ``(1 + tanh(./2))/2`` is the logistic distribution function, so the mean is
    ``2 int_0^1 k u/(1 + (k-1)u) du - 1`` with ``k = e^delta``.

    Parameters
    ----------
    delta : array_like
        Difference of the two locations, in units of the scale.

    Returns
    -------
    ndarray
        Of the shape of `delta`; odd, with slope 1/3 (the Fisher information) at 0.

    Examples
    --------
    >>> logistic_mean_score([0.0, 0.003, 2.0]).round(6)
    array([0.      , 0.001   , 0.588974])
    """
    signed = 0.5 * np.asarray(delta, dtype=np.float64)
    w = np.abs(signed)
    small = w < 1
    inner = np.where(small, w, 0.0)
    remainder = _coth_remainder(inner)
    series = inner * (1 - remainder * (1 + inner * inner * remainder))
    q = np.exp(-2 * w)
    p = np.where(small, 1.0, 1 - q)
    return np.asarray(np.sign(signed) * np.where(small, series, (1 + q) / p - 4 * w * q / (p * p)))


def mean_score_slope(delta: Array) -> Array:
    """Derivative of `logistic_mean_score`: ``(w coth w - 1)/sinh(w)^2`` with ``w = delta/2``."""
    w = 0.5 * np.abs(delta)
    q = np.exp(-2 * w)
    p = np.where(w < 1, 1.0, 1 - q)
    inner = np.where(w < 1, w, 0.0)
    ratio = np.divide(inner, np.sinh(inner), out=np.ones_like(inner), where=inner > 0)
    large = (w * (1 + q) / p - 1) * 4 * q / (p * p)
    return np.asarray(np.where(w < 1, _coth_remainder(inner) * ratio * ratio, large))


def half_sech_squared(z: Array) -> Array:
    """``sech(z/2)^2 / 2``: minus the Hessian of ``log p`` in the location."""
    # 2 e^{-|z|}/(1 + e^{-|z|})^2 neither overflows nor cancels, unlike 1 - tanh^2.
    q = np.exp(-np.abs(z))
    return np.asarray(2 * q / (1 + q) ** 2)


def softplus(y: Array) -> Array:
    """``log(1 + e^y)``: the integral of the logistic distribution function up to y."""
    return np.asarray(np.logaddexp(0.0, y))


def _coth_remainder(w: Array) -> Array:
    """``(w coth w - 1)/w^2`` for ``|w| <= 1``."""
    return np.asarray(np.polynomial.polynomial.polyval(w * w, _COTH_SERIES))
