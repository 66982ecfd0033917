"""Rounding unit, roots of decreasing functions, and derivatives by differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from verify.models.location.arguments import Array

UNIT = 2.0**-53


def decreasing_root(
    value: Callable[[Array], Array], fall: Callable[[Array], Array], low: Array, high: Array, noise: float
) -> Array:
    """Roots in ``[low, high]`` of decreasing functions with derivative ``-fall``: Newton steps kept in the bracket.

    Stops where steps are within four times `noise`, the error of `value`, or no longer move the point.
    """
    x = 0.5 * (low + high)
    previous = high - low
    while True:
        h, rate = value(x), np.maximum(fall(x), 1e-280)  # far from all data the slope underflows
        low, high = np.where(h >= 0, x, low), np.where(h <= 0, x, high)
        step = h / rate
        settled = np.abs(step) <= 4 * noise / rate + 4 * UNIT * np.abs(x)
        newton = (x + step >= low) & (x + step <= high) & (np.abs(step) <= 0.5 * previous)
        following = np.where(newton | settled, np.clip(x + step, low, high), 0.5 * (low + high))
        if np.all(settled | (following == x)):
            return np.asarray(following)
        previous = np.abs(following - x)
        x = following


def numerical_derivative(function: Callable[[Array], Array], x: float, step: float = 0.02) -> float:
    """Derivative by central differences of order 8, with no use of the function's formula.

    Parameters
    ----------
    function : callable
        Vectorised, smooth within four steps of `x`.
    x : float
        Point.
    step : float
        Spacing of the eight evaluations.

    Returns
    -------
    float
        Derivative at `x`, with an error of order ``step**8``.

    Examples
    --------
    >>> round(numerical_derivative(np.exp, 0.0), 12)
    1.0
    """
    offsets = step * np.arange(1.0, 5.0)
    weights = np.array([4 / 5, -1 / 5, 4 / 105, -1 / 280])
    return float(weights @ (function(np.asarray(x + offsets)) - function(np.asarray(x - offsets))) / step)
