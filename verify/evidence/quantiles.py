"""Evidence about a quantile, for theorems that hold with a stated probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from bounds.errors import ArgumentError
from verify.evidence.base import Evidence


@final
@dataclass(frozen=True, eq=False)
class QuantileSample(Evidence):
    """Independent values whose quantile is compared with a bound; limits are order statistics, for any law.

    "With probability at least 1 - delta the quantity is at most b" says that its (1 - delta)-quantile is at most b. The
    number of values at or below the quantile is binomial, or larger in the harmless direction where the law has atoms.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Computed values; the exact ones are independent with one law.
    probability : float
        Which quantile, in (0, 1).
    errors : ndarray of shape (n,), optional
        Bounds on the errors of the values, at least 0; without them the values are exact.

    Raises
    ------
    ArgumentError
        If the values are empty or not finite, the errors do not fit them, or the probability is outside (0, 1).

    Examples
    --------
    >>> sample = QuantileSample(np.arange(1000.0), 0.5)
    >>> sample.lower(0.05), sample.estimate, sample.upper(0.05)
    (473.0, 499.0, 526.0)
    """

    values: NDArray[np.float64]
    probability: float
    errors: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if not 0.0 < self.probability < 1.0:
            raise ArgumentError(f"probability {self.probability} is outside (0, 1): say which quantile is meant")
        values = np.asarray(self.values, dtype=float).ravel()
        if not values.size or not np.isfinite(values).all():
            raise ArgumentError("give at least one value, and finite values only")
        errors = np.zeros(values.size) if self.errors is None else np.asarray(self.errors, dtype=float).ravel()
        if errors.shape != values.shape or not (np.isfinite(errors) & (errors >= 0)).all():
            raise ArgumentError(
                f"{values.size} values and {errors.size} errors: give a finite error >= 0 for each value"
            )
        order = np.argsort(values, kind="stable")
        for name, array in (("values", values[order]), ("errors", errors[order])):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    @property
    def estimate(self) -> float:
        """The empirical quantile."""
        return float(self.values[math.ceil(self.probability * self.values.size) - 1])

    def _lower(self, level: float) -> float:
        """Largest k with P(Bin(n, p) < k) <= level: the k-th value exceeds the quantile no more often."""
        k = self._steps(level, below=True)
        return float(self._extreme(-1.0)[k - 1]) if k >= 1 else -math.inf

    def _upper(self, level: float) -> float:
        """Smallest k with P(Bin(n, p) >= k) <= level: the k-th value falls below the quantile no more often."""
        k = self._steps(level, below=False)
        return float(self._extreme(1.0)[k - 1]) if k <= self.values.size else math.inf

    def _extreme(self, side: float) -> NDArray[np.float64]:
        """The least or the largest values the exact ones can have, in order."""
        assert self.errors is not None
        return np.asarray(np.sort(self.values + side * self.errors))

    def _steps(self, level: float, *, below: bool) -> int:
        n, p = self.values.size, self.probability
        counts = np.arange(n + 2)
        if below:
            return int(counts[binom.cdf(counts - 1, n, p) <= level].max())
        return int(counts[binom.sf(counts - 1, n, p) <= level].min())
