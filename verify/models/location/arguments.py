"""What the location families are given: the types of their arguments and their checks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.data import EmpiricalLaw, NormalMixture

Array = NDArray[np.float64]
DataLaw = NormalMixture | EmpiricalLaw


def as_ratio(lam: float) -> float:
    """Synthetic-to-real ratio, finite and at least 0; else ArgumentError."""
    if not (math.isfinite(lam) and lam >= 0):
        raise ArgumentError(f"lam = {lam!r} must be a finite synthetic-to-real ratio, at least 0")
    return float(lam)


def as_deviation(sigma: float) -> float:
    """Standard deviation, positive and finite; else ArgumentError."""
    if not (math.isfinite(sigma) and sigma > 0):
        raise ArgumentError(f"sigma = {sigma!r} must be positive and finite")
    return float(sigma)


def as_count(value: int, name: str, least: int) -> int:
    """Integer of at least `least`; else ArgumentError."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise ArgumentError(f"{name} = {value!r} must be an integer of at least {least}")
    return int(value)
