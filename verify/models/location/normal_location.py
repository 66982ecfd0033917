"""The normal location family of known variance on finitely many points: constants of bertrand2024 Theorem 2, and its loop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bounds.errors import ArgumentError
from verify.models.location.arguments import Array, as_count, as_deviation, as_ratio


@dataclass(frozen=True)
class FiniteSampleConstants:
    """Constants of bertrand2024 Theorem 2: ``E(d) = eps_opt + (A/sqrt n) sqrt(log(B/d))`` and the contraction rho.

    Parameters
    ----------
    A, B, eps_opt, rho : float
        The paper's symbols; A and eps_opt in the units of the data.

    Examples
    --------
    >>> FiniteSampleConstants(A=1.0, B=1.0, eps_opt=0.0, rho=0.5).rho
    0.5
    """

    A: float
    B: float
    eps_opt: float
    rho: float


def normal_location_constants(sigma: float, lam: float) -> FiniteSampleConstants:
    """Constants of the normal location family with n real and lam n synthetic points.

    The step error is ``((x - theta*) + lam (y - theta))/(1 + lam)`` with x the mean of n real points and y that of
    lam n synthetic ones: normal with variance ``v = sigma^2/(n(1 + lam))``. From ``P(|N(0, v)| > r) <= exp(-r^2/(2v))``
    follow ``A = sigma sqrt(2/(1 + lam))`` and ``B = 1``; ``G(theta) = (theta* + lam theta)/(1 + lam)`` gives rho.

    Parameters
    ----------
    sigma : float
        Known standard deviation of the family, positive, in the units of the data.
    lam : float
        Synthetic-to-real ratio, finite and at least 0.

    Returns
    -------
    FiniteSampleConstants
        With ``eps_opt = 0``: the maximum-likelihood step is exact.

    Raises
    ------
    ArgumentError
        If `sigma` is not positive or `lam` is negative.

    Examples
    --------
    >>> normal_location_constants(sigma=1.0, lam=1.0)
    FiniteSampleConstants(A=1.0, B=1.0, eps_opt=0.0, rho=0.5)
    """
    ratio = as_ratio(lam)
    return FiniteSampleConstants(as_deviation(sigma) * math.sqrt(2 / (1 + ratio)), 1.0, 0.0, ratio / (1 + ratio))


def normal_location_loop(
    rng: np.random.Generator,
    *,
    n: int,
    m: int,
    sigma: float,
    distance0: float,
    steps: int,
    replicates: int,
    regime: Literal["fresh", "reused"] = "fresh",
    draws: Literal["means", "points"] = "means",
) -> Array:
    """Distances to the optimum of the normal location family retrained on n real and m synthetic points.

    With fresh real points the step errors are independent of the past. With the same real points reused they are not,
    yet the theorem's hypothesis holds: the step error does not depend on theta, so a bound at one theta is uniform.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    n : int
        Real points per step, at least 1.
    m : int
        Synthetic points per step, at least 0; the ratio lambda is ``m/n``.
    sigma : float
        Standard deviation of the real law and of the family, positive.
    distance0 : float
        ``|theta_0 - theta*|`` of the initial model, at least 0, in the units of the data.
    steps, replicates : int
        Retraining steps (at least 0) and independent loops (at least 1).
    regime : {"fresh", "reused"}
        New real points in each step, or the same ones in every step.
    draws : {"means", "points"}
        Draw the two sample means, which is all the fit looks at, or every point; equal in law.

    Returns
    -------
    ndarray, shape (replicates, steps + 1)
        ``|theta_s - theta*|`` for s = 0..steps.

    Raises
    ------
    ArgumentError
        If a parameter is outside its domain.

    Examples
    --------
    >>> loop = normal_location_loop(
    ...     np.random.default_rng(0), n=100, m=100, sigma=1.0, distance0=1.0, steps=3, replicates=2
    ... )
    >>> loop.shape, loop[:, 0]
    ((2, 4), array([1., 1.]))
    """
    for value, name, least in ((n, "n", 1), (m, "m", 0), (steps, "steps", 0), (replicates, "replicates", 1)):
        as_count(value, name, least)
    as_deviation(sigma)
    if not (math.isfinite(distance0) and distance0 >= 0):
        raise ArgumentError(f"distance0 = {distance0!r} must be finite and at least 0")
    if regime not in ("fresh", "reused") or draws not in ("means", "points"):
        raise ArgumentError(f"{regime=} must be 'fresh' or 'reused', and {draws=} 'means' or 'points'")

    def mean_error(count: int) -> Array:
        if count == 0:
            return np.zeros(replicates)
        if draws == "means":
            return np.asarray(rng.normal(0.0, sigma / math.sqrt(count), replicates))
        return np.asarray(rng.normal(0.0, sigma, (replicates, count)).mean(axis=1))

    # Everything is measured from theta*.
    path = np.empty((replicates, steps + 1))
    path[:, 0] = distance0
    real = mean_error(n)
    for s in range(steps):
        if regime == "fresh" and s > 0:
            real = mean_error(n)
        path[:, s + 1] = (n * real + m * (path[:, s] + mean_error(m))) / (n + m)
    return np.abs(path)
