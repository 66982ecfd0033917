"""What categorical loops are given: laws on finitely many cells, and their checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


def as_laws(p: ArrayLike, name: str = "p0") -> Array:
    """Laws of shape (..., k), divided by their sums, which must be 1 within 1e-9; else ArgumentError."""
    law = np.asarray(p, dtype=np.float64)
    if law.ndim == 0 or law.shape[-1] == 0:
        raise ArgumentError(f"{name} has shape {law.shape}; give at least one cell on the last axis")
    if not np.all(np.isfinite(law) & (law >= 0)):
        raise ArgumentError(f"{name} has negative or non-finite masses; give probabilities")
    total = law.sum(axis=-1, keepdims=True)
    if np.any(np.abs(total - 1) > 1e-9):
        worst = float(total.flat[int(np.argmax(np.abs(total - 1)))])
        raise ArgumentError(f"{name} sums to {worst!r}; masses must sum to 1 within 1e-9, divide them by their sum")
    return np.asarray(law / total)
