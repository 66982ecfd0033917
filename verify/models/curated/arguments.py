"""What the curated loop is given: the types of its arguments and their checks."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Exact = int | float | Fraction

MAX_RANGE: Final = 600.0  # beyond it e^r leaves the double range
_MAX_DRAWS: Final = 2**53


def as_rewards(rewards: npt.ArrayLike) -> FloatArray:
    """Finite rewards of shape (m,), m >= 1, whose span leaves e^r in the double range; else ArgumentError."""
    r = np.asarray(rewards, dtype=np.float64)
    if r.ndim != 1 or r.size == 0:
        raise ArgumentError(f"rewards has shape {r.shape}; give one number per atom, shape (m,) with m >= 1")
    if not np.all(np.isfinite(r)):
        raise ArgumentError("rewards contains nan or infinity; every reward must be finite")
    spread = float(np.max(r) - np.min(r))
    if spread > MAX_RANGE:
        raise ArgumentError(f"rewards span {spread:g}; spans above {MAX_RANGE:g} overflow e^r, rescale the rewards")
    return r


def as_law(p: npt.ArrayLike, atoms: int, name: str) -> FloatArray:
    """Laws of shape (..., m), divided by their sums, which must be 1 within 1e-9; else ArgumentError."""
    law = np.asarray(p, dtype=np.float64)
    if law.ndim == 0 or law.shape[-1] != atoms:
        raise ArgumentError(f"{name} has shape {law.shape}; its last axis must have one mass per reward, here {atoms}")
    if not np.all(np.isfinite(law)) or np.any(law < 0.0):
        raise ArgumentError(f"{name} has negative or non-finite masses; give probabilities")
    total = np.sum(law, axis=-1, keepdims=True)
    if np.any(np.abs(total - 1.0) > 1e-9):
        worst = float(total.flat[int(np.argmax(np.abs(total - 1.0)))])
        raise ArgumentError(f"{name} sums to {worst!r}; masses must sum to 1 within 1e-9, divide them by their sum")
    return np.asarray(law / total)


def as_draws(K: int | float) -> int | float:
    """Draws per comparison: a whole number from 1 to 2^53, or ``math.inf``; else ArgumentError."""
    if isinstance(K, bool) or not isinstance(K, int | float | np.integer | np.floating):
        raise ArgumentError(f"K = {K!r} is not a number of draws; give an integer >= 1 or math.inf")
    if math.isinf(K) and K > 0:
        return math.inf
    if not 1 <= K <= _MAX_DRAWS or int(K) < K:
        raise ArgumentError(f"K = {K!r} is not allowed; give an integer from 1 to 2^53, or math.inf")
    return int(K)


def as_ratio(lam: Exact) -> Exact:
    """Synthetic-to-real ratio in [0, inf]; else ArgumentError."""
    if isinstance(lam, bool) or not isinstance(lam, int | float | Fraction | np.integer) or not lam >= 0:
        raise ArgumentError(f"lam = {lam!r} is not allowed; the synthetic-to-real ratio is in [0, inf]")
    return lam


def as_count(value: int, name: str, least: int) -> int:
    """A whole number, at least `least`; else ArgumentError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ArgumentError(f"{name} = {value!r} is not allowed; give an integer >= {least}")
    return int(value)
