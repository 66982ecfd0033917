"""The two covariance estimators, and the checks of arguments every normal loop shares."""

from __future__ import annotations

import math
from typing import Literal, get_args

from bounds.errors import ArgumentError
from verify.mixing import Mixture

Covariance = Literal["unbiased", "mle"]


def divisor(size: int, covariance: Covariance) -> int:
    """What the scatter of `size` points is divided by: ``size - 1`` (unbiased) or ``size`` (maximum likelihood).

    Parameters
    ----------
    size : int
        Number of points, n in bertrand2024 Proposition 1; at least 2.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    int
        The divisor.

    Raises
    ------
    ArgumentError
        If the estimator is unknown or there are fewer than 2 points.

    Examples
    --------
    >>> divisor(10, "unbiased"), divisor(10, "mle")
    (9, 10)
    """
    if covariance not in get_args(Covariance):
        raise ArgumentError(f"covariance = {covariance!r} is not an estimator; allowed: 'unbiased', 'mle'")
    if size < 2:
        raise ArgumentError(f"n = {size} points do not determine a variance; at least 2 are needed")
    return size if covariance == "mle" else size - 1


def require_loop(mixture: Mixture, covariance: Covariance) -> None:
    """Refuse a loop in which some generation sees fewer than 2 points.

    Parameters
    ----------
    mixture : Mixture
        Sizes of the training sets.
    covariance : {"unbiased", "mle"}
        The estimator.

    Raises
    ------
    ArgumentError
        If a training set has fewer than 2 points or the estimator is unknown.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> require_loop(replace(1), "mle")
    Traceback (most recent call last):
    bounds.errors.ArgumentError: n = 1 points do not determine a variance; at least 2 are needed
    """
    for t in (1, 2):  # from generation 2 on the sizes never fall
        divisor(mixture.training_size(t), covariance)


def require_sigma(sigma: float, mean: float) -> None:
    """Refuse a standard deviation that is not positive and finite, or a mean that is not finite.

    Parameters
    ----------
    sigma : float
        Standard deviation of the real law.
    mean : float
        Mean of the real law.

    Raises
    ------
    ArgumentError
        If either is outside its domain.

    Examples
    --------
    >>> require_sigma(0.0, 1.0)
    Traceback (most recent call last):
    bounds.errors.ArgumentError: sigma = 0.0 is outside (0, inf)
    """
    if not 0 < sigma < math.inf:
        raise ArgumentError(f"sigma = {sigma} is outside (0, inf)")
    if not math.isfinite(mean):
        raise ArgumentError(f"mean = {mean} is not a finite number")
