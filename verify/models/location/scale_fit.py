"""Maximum-likelihood location and scale of the logistic family."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from verify.data import EmpiricalLaw
from verify.models.location.arguments import Array
from verify.models.location.family import half_sech_squared

_QUADRATIC_REGION = 1e-10


@dataclass(frozen=True)
class LogisticFit:
    """Best-fitting location and scale, in the units of the data.

    Parameters
    ----------
    location, scale : float
        Maximum-likelihood estimates.

    Examples
    --------
    >>> LogisticFit(0.0, 1.0).scale
    1.0
    """

    location: float
    scale: float


def fit_logistic_scale(values: ArrayLike) -> LogisticFit:
    """Maximum-likelihood location and scale of the logistic family.

    In the coordinates ``(1/s, theta/s)`` the log-likelihood is strictly concave and tends to minus infinity at the
    boundary unless the data are constant, so Newton's method with backtracking finds its one maximum from any start.

    Parameters
    ----------
    values : array_like, shape (n,)
        Data, n >= 2, not all equal.

    Returns
    -------
    LogisticFit
        In the units of the data.

    Raises
    ------
    DataError
        If there are fewer than 2 values, a value is not finite, or all values are equal.

    Examples
    --------
    >>> fit = fit_logistic_scale([-1.0, 0.0, 1.0])
    >>> abs(round(fit.location, 9)), round(fit.scale, 6)
    (0.0, 0.504959)
    """
    law = EmpiricalLaw(values)
    # The tails are linear in |x|, so the mean absolute deviation sets the size of the optimal scale.
    centre = float(np.median(law.values))
    spread = float(np.mean(np.abs(law.values - centre)))
    x = (law.values - centre) / spread
    point, previous = np.array([1.0, 0.0]), math.inf
    while True:
        direction, decrease = _newton_direction(x, point)
        if decrease >= _QUADRATIC_REGION:
            factor = 1.0
            while not _accepts(x, point, direction, factor, decrease):
                factor *= 0.5
            point = point + factor * direction
        else:
            point = point + direction
            # In this region each step squares the decrease, unless only rounding is left.
            if decrease == 0 or decrease > 0.25 * previous:
                return LogisticFit(centre + spread * float(point[1] / point[0]), spread / float(point[0]))
        previous = decrease


def _newton_direction(x: Array, point: Array) -> tuple[Array, float]:
    """Newton direction of the mean negative log-likelihood at ``(1/s, theta/s)``, and the decrease rate along it."""
    tau, beta = point
    z = tau * x - beta
    score, information = np.tanh(0.5 * z), half_sech_squared(z)
    gradient = np.array([np.mean(x * score) - 1 / tau, -np.mean(score)])
    cross = -np.mean(x * information)
    hessian = np.array([[np.mean(x * x * information) + tau**-2, cross], [cross, np.mean(information)]])
    direction = np.asarray(-np.linalg.solve(hessian, gradient))
    return direction, max(0.0, -float(gradient @ direction))


def _accepts(x: Array, point: Array, direction: Array, factor: float, decrease: float) -> bool:
    trial = point + factor * direction
    if trial[0] <= 0:
        return False
    return _negative_log_likelihood(x, trial) <= _negative_log_likelihood(x, point) - 0.25 * factor * decrease + 1e-15


def _negative_log_likelihood(x: Array, point: Array) -> float:
    z = point[0] * x - point[1]
    return float(np.mean(np.abs(z) + 2 * np.log1p(np.exp(-np.abs(z)))) - math.log(point[0]))
